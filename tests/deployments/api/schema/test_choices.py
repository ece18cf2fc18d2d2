"""The words clients may choose from are those of IOPaint."""

import ast
from importlib.util import find_spec
from pathlib import Path

from deployments.api.schema.choices import SD_SAMPLERS


def test_the_samplers_are_those_of_iopaint() -> None:
    # Given the enumeration in IOPaint's source: importing it would load torch
    package = find_spec("iopaint")
    assert package is not None
    assert package.origin is not None
    tree = ast.parse((Path(package.origin).parent / "schema.py").read_text())
    (enumeration,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "SDSampler"]
    members = {
        node.targets[0].id: node.value.value
        for node in enumeration.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    # Then
    assert members == SD_SAMPLERS
