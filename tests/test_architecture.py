"""The import rules of the tree, read from the source: imports go one way."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FRAMEWORKS = {"ray", "fastapi", "starlette", "pydantic", "uvicorn"}
HEAVY = {"torch", "torchvision", "iopaint", "diffusers", "transformers", "onnxruntime", "rapidocr", "spandrel"}

COMMON = {"deployments.errors", "deployments.metrics", "deployments.threads"}
MAY_IMPORT: dict[str, set[str]] = {
    "models": set(),
    "deployments.errors": {"models"},
    "deployments.metrics": set(),
    "deployments.threads": {"deployments.errors", "models"},
    "deployments.messages": {"deployments.errors", "models"},
    "deployments.config": {"models"},
    "deployments.api": {"deployments.config", "deployments.errors", "deployments.messages", "models"},
    "deployments.storage": {"deployments.errors", "deployments.messages", "models"},
    "deployments.callbacks": {"deployments.errors", "deployments.messages", "deployments.storage", "models"},
    "deployments.remote": {"deployments.errors", "deployments.messages", "models"},
    "deployments.inference": {*COMMON, "deployments.config", "deployments.messages", "models"},
    "deployments.pipeline": {*COMMON, "deployments.config", "deployments.messages", "deployments.storage", "models"},
    "deployments.tracking": {
        *COMMON, "deployments.callbacks", "deployments.config", "deployments.messages", "deployments.remote",
        "deployments.storage", "models",
    },
    "deployments.gateway": {
        *COMMON, "deployments.api", "deployments.callbacks", "deployments.config", "deployments.messages",
        "deployments.remote", "deployments.storage", "models",
    },
    "deployments.batch": {
        *COMMON, "deployments.api", "deployments.config", "deployments.inference", "deployments.messages",
        "deployments.pipeline", "models",
    },
}  # fmt: skip
"""Which part may import which other part. `deployments.app` and `deployments.__main__` know all; nobody knows them."""

WITHOUT_RAY = ("api", "callbacks", "config", "messages", "pipeline", "storage")
WITHOUT_HTTP = ("callbacks", "config", "messages", "pipeline", "storage", "tracking")


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path, *, top_level_only: bool = False) -> set[str]:
    """Dotted names a file imports; with `top_level_only` those that run when it is imported."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def roots(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", modules("models"), ids=lambda path: str(path.relative_to(ROOT)))
def test_models_know_neither_frameworks_nor_deployments(path: Path) -> None:
    assert not roots(imports(path)) & (FRAMEWORKS | {"deployments"})


def part_of(name: str) -> str | None:
    """The part of ours that a dotted name belongs to; None for what is not ours."""
    first, _, rest = name.partition(".")
    if first == "models":
        return "models"
    return f"deployments.{rest.partition('.')[0]}" if first == "deployments" and rest else None


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


OURS = [
    path
    for path in modules("models") + modules("deployments")
    if path.name not in ("app.py", "__main__.py") or path.parent.name != "deployments"
]


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    here = part_of(dotted(path))
    if here is None:
        return  # deployments/__init__.py, which is empty

    others = {part for name in imports(path) if (part := part_of(name)) is not None} - {here}

    assert others <= MAY_IMPORT[here]


def test_no_part_imports_one_that_imports_it() -> None:
    reached: dict[str, set[str]] = {}

    def below(part: str) -> set[str]:
        if part not in reached:
            reached[part] = set()
            reached[part] = MAY_IMPORT[part].union(*(below(other) for other in MAY_IMPORT[part]))
        return reached[part]

    assert [part for part in MAY_IMPORT if part in below(part)] == []


def test_no_file_imports_one_that_imports_it() -> None:
    files = {dotted(path): path for folder in ("models", "deployments") for path in modules(folder)}
    edges = {name: (imports(path) & set(files)) - {name} for name, path in files.items()}
    left = dict(edges)
    while leaves := [name for name, targets in left.items() if not targets & set(left)]:
        for name in leaves:
            del left[name]

    assert sorted(left) == []


@pytest.mark.parametrize("folder", WITHOUT_RAY)
def test_the_logic_of_deployments_runs_without_ray(folder: str) -> None:
    assert [path for path in modules(f"deployments/{folder}") if "ray" in roots(imports(path))] == []


@pytest.mark.parametrize("folder", WITHOUT_HTTP)
def test_only_the_http_layer_knows_http(folder: str) -> None:
    web = {"fastapi", "starlette"}
    assert [path for path in modules(f"deployments/{folder}") if roots(imports(path)) & web] == []


@pytest.mark.parametrize("path", modules("deployments"), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_configuration_reads_the_environment(path: Path) -> None:
    if path != ROOT / "deployments/config/settings.py":
        source = path.read_text()
        assert "os.environ" not in source
        assert "getenv" not in source


@pytest.mark.parametrize(
    "module", ["deployments.gateway.gateway", "deployments.pipeline.eraser", "deployments.tracking.replica"]
)
def test_the_light_processes_import_no_network_library(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.split() == []


def test_files_stay_small() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("models", "deployments")
        for path in modules(folder)
        if (lines := len(path.read_text().splitlines())) > 250
    }
    assert long == {}


def test_folders_stay_small() -> None:
    folders = {path.parent for folder in ("models", "deployments") for path in modules(folder)}
    crowded = {
        str(folder.relative_to(ROOT)): len(files)
        for folder in folders
        if len(files := [path for path in folder.glob("*.py") if path.name != "__init__.py"]) > 12
    }
    assert crowded == {}


def test_the_deployments_are_few_rooms() -> None:
    rooms = [
        path for path in (ROOT / "deployments").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    ]

    assert 10 < len(rooms) - 1 <= 16, sorted(path.name for path in rooms)  # less __init__.py
