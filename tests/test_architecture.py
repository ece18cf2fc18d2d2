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
WITHOUT_RAY = {
    "batcher", "board", "config", "fanout", "health", "jobs", "marking", "ports", "stopwatch", "task",
}  # fmt: skip


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


@pytest.mark.parametrize("path", modules("deployments/api"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_http_layer_knows_ports_and_data_only(path: Path) -> None:
    names = imports(path)
    ours = {name.split(".")[1] for name in names if name.startswith("deployments.")}

    assert "ray" not in roots(names)
    assert ours <= {"api", "jobs", "task"}


@pytest.mark.parametrize("path", modules("deployments"), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_knows_the_app(path: Path) -> None:
    if path.name not in ("app.py", "__main__.py"):
        assert "deployments.app" not in imports(path)


@pytest.mark.parametrize("name", sorted(WITHOUT_RAY))
def test_the_logic_of_deployments_runs_without_ray(name: str) -> None:
    assert "ray" not in roots(imports(ROOT / "deployments" / f"{name}.py"))


@pytest.mark.parametrize(
    "path", modules("deployments/tracking") + modules("deployments/storage"), ids=lambda path: path.stem
)
def test_tracking_and_storage_run_without_ray_and_http(path: Path) -> None:
    assert not roots(imports(path)) & {"ray", "fastapi", "starlette"}


@pytest.mark.parametrize("path", modules("deployments"), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_configuration_reads_the_environment(path: Path) -> None:
    if path.name != "config.py":
        source = path.read_text()
        assert "os.environ" not in source
        assert "getenv" not in source


@pytest.mark.parametrize("module", ["deployments.gateway", "deployments.eraser", "deployments.tracker"])
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
        if (lines := len(path.read_text().splitlines())) > 300
    }
    assert long == {}
