"""The command, with a pool that only says what it was asked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from deployments.batch import __main__ as command
from deployments.batch.config import BatchConfig, Plan
from deployments.batch.pool import NoWorkers
from deployments.batch.report import Report, Row

app = Typer()
app.command()(command.main)


class Pool:
    """Gives each picture the next of its `outcomes`; after `breaks_after` rows it breaks down."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.bad: dict[str, bool] = {}
        self.breaks_after: int | None = None

    def __call__(self, paths: list[str], plan: Plan, config: BatchConfig, address: str | None) -> Iterator[Row]:
        self.asked.append(paths)
        for number, path in enumerate(paths):
            if number == self.breaks_after:
                raise NoWorkers("no model")
            if path in self.bad:
                yield {"path": path, "status": "error", "error": "x", "message": "", "again": self.bad[path]}
            else:
                (Path(plan.target) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(plan.target) / path).write_bytes(b"result")
                yield {"path": path, "status": "completed", "file": path}


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    pool = Pool()
    monkeypatch.setattr(command, "through_pool", pool)
    return pool


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in ("a.png", "b.png", "sub/c.jpg", "words.txt"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"picture")
    return tmp_path / "in"


def run(*arguments: Any) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_every_picture_is_asked_for_once_over_all_runs(pool: Pool, source: Path, tmp_path: Path) -> None:
    # Given: a run that broke down after one picture
    pool.breaks_after = 1
    code, said = run(source, tmp_path / "out")
    assert (code, "1 completed, 0 errors, 2 left" in said, "no model" in said) == (1, True, True)
    # When
    pool.breaks_after = None
    pool.bad = {"b.png": False}
    code, said = run(source, tmp_path / "out")
    # Then
    assert (code, "2 completed, 1 errors, 0 left" in said) == (1, True)
    run(source, tmp_path / "out")
    assert pool.asked == [["a.png", "b.png", "sub/c.jpg"], ["b.png", "sub/c.jpg"], []]
    assert len(Report(tmp_path / "out/report.jsonl").rows()) == 3


def test_a_run_in_which_all_went_well_says_so_and_what_may_go_better_is_tried_again(
    pool: Pool, source: Path, tmp_path: Path
) -> None:
    pool.bad = {"b.png": True}
    assert run(source, tmp_path / "out", "--report", tmp_path / "told.jsonl")[0] == 1
    pool.bad = {}

    assert run(source, tmp_path / "out", "--report", tmp_path / "told.jsonl")[0] == 0

    assert pool.asked[1] == ["b.png"]
    assert not (tmp_path / "out/report.jsonl").exists()


def test_results_inside_of_the_source_are_no_pictures(pool: Pool, source: Path) -> None:
    run(source, source / "clean")
    assert run(source, source / "clean")[0] == 0
    assert pool.asked == [["a.png", "b.png", "sub/c.jpg"], []]


@pytest.mark.parametrize("arguments", [["--set", "model=nobody's"], ["--config", "none.yaml"], ["--mask", "none.png"]])
def test_what_cannot_be_begun_is_one_line_and_2(pool: Pool, source: Path, tmp_path: Path, arguments: list[str]) -> None:
    code, said = run(source, tmp_path / "out", *arguments)
    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith("configuration error: ")
    assert pool.asked == []


def test_places_that_make_no_sense_are_refused(pool: Pool, source: Path, tmp_path: Path) -> None:
    (tmp_path / "regions.json").write_text(json.dumps({"a.png": []}))
    for places in ((source, source), (source / "sub", source), (tmp_path / "nothing", tmp_path / "out")):
        assert run(*places, "--regions", tmp_path / "regions.json")[0] == 2
    assert run("nowhere://x", tmp_path / "out")[0] == 2
    assert pool.asked == []
