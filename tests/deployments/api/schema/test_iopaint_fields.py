"""No field of IOPaint's request is dropped in silence: it is served, or refused by name when it asks for something."""

import ast
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deployments.api.schema.bodies import InpaintBody
from deployments.api.schema.iopaint_fields import Companions, Unserved

OTHER_DEFAULTS = {
    "hd_strategy_crop_trigger_size",
    "hd_strategy_crop_margin",
    "sd_mask_blur",
    "sd_steps",
    "sd_seed",
}
"""Numbers whose default is another one here, as API.md and the service this one replaces have it."""

ANOTHER: dict[type, Any] = {bool: True, int: 7, float: 0.7, str: "another"}


def fields_of_iopaint() -> dict[str, object]:
    """Name and default of each field, read in IOPaint's source: importing it would load torch."""
    package = find_spec("iopaint")
    assert package is not None
    assert package.origin is not None
    tree = ast.parse((Path(package.origin).parent / "schema.py").read_text())
    (model,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "InpaintRequest"]
    found: dict[str, object] = {}
    for node in model.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Call):
            default = node.value.args[0]
            found[node.target.id] = default.value if isinstance(default, ast.Constant) else ast.unparse(default)
    return found


def body(**fields: object) -> InpaintBody:
    return InpaintBody.model_validate({"image": b"i", "mask": b"m"} | fields)


def test_every_field_of_iopaint_is_known_here() -> None:
    theirs = fields_of_iopaint()

    assert len(theirs) == 46
    assert set(theirs) <= set(InpaintBody.model_fields)


def test_defaults_are_iopaints_but_for_five_numbers_and_some_words() -> None:
    # Given: defaults that are no words of an enumeration
    theirs = {name: default for name, default in fields_of_iopaint().items() if not _is_member(default)}
    # Then
    ours = InpaintBody.model_fields
    assert {name for name in theirs if ours[name].default != theirs[name]} - {"image", "mask"} == OTHER_DEFAULTS
    assert set(Unserved.model_fields) - set(theirs) == {"brushnet_method"}


def _is_member(default: object) -> bool:
    return isinstance(default, str) and default.partition(".")[0] in {
        "LDMSampler", "HDStrategy", "SDSampler", "CV2Flag", "PowerPaintTask", "SD_BRUSHNET_CHOICES[0]",
    }  # fmt: skip


SWITCHES = sorted(Unserved.model_fields.keys() - Companions.model_fields.keys())


@pytest.mark.parametrize("name", SWITCHES)
def test_a_field_that_is_not_served_is_refused_by_name_unless_it_asks_for_nothing(name: str) -> None:
    default = Unserved.model_fields[name].default
    # When: sent with its default, as JSON or as a form has it
    body(**{name: default})
    if default is not None:
        body(**{name: str(default).lower() if isinstance(default, bool) else str(default)})
    # Then
    with pytest.raises(ValidationError) as caught:
        body(**{name: ANOTHER[type(default) if default is not None else str]})
    (error,) = caught.value.errors()
    assert (error["loc"][0], error["type"]) == (name, "not_served")


@pytest.mark.parametrize("name", Companions.model_fields)
def test_what_belongs_to_a_switch_that_is_off_may_be_anything(name: str) -> None:
    body(**{name: ANOTHER[type(Companions.model_fields[name].default)]})


def test_what_is_served_reaches_the_model() -> None:
    wanted = {
        "sd_scale": 0.5,
        "sd_mask_blur": 11,
        "sd_match_histograms": True,
        "sd_keep_unmasked_area": False,
        "sd_lcm_lora": True,
        "use_croper": True,
        "croper_x": 3,
        "croper_y": 4,
        "croper_width": 50,
        "croper_height": 60,
        "powerpaint_task": "shape-guided",
        "fitting_degree": 0.5,
    }

    parameters = body(**wanted).parameters

    assert {name: getattr(parameters, name) for name in wanted} == wanted
