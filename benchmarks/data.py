"""`python -m deployments.batch` against the model alone, which plans, cuts, fills and pastes in a loop of its own.

The pool's rate is counted from the results on disk, between a first few of each worker and the last: the start of Ray
and of the workers is told beside it. The model alone runs in one process, and is taken times the workers.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.configs import SLEEPER, SLEEPER_VARIABLE
from benchmarks.pictures import RECEIPT, Workload, encoded
from benchmarks.planner import fill
from benchmarks.report import Report
from benchmarks.sleeper import Sleeper
from models import registry
from models.base import InpaintModel, LoadOptions, ModelFacts
from models.opencv import load
from models.planning.plan import plan
from models.types import InpaintParameters

ROOT = Path(__file__).parents[1]
SLEEP_S = 0.3
PICTURES_AT_ONCE = 4
SMALL = Workload("64x64", 64, 64, 1)


@dataclass(frozen=True, slots=True)
class Case:
    """`count` pictures of one workload through `workers` processes."""

    model: str
    workload: Workload
    workers: int
    count: int


@dataclass(frozen=True, slots=True)
class Measured:
    """`start_s` is the time before the first result, `alone` and `pool` are pictures a second."""

    case: Case
    alone: float
    pool: float
    start_s: float


CASES = (Case(SLEEPER, SMALL, 4, 240), Case("cv2", RECEIPT, 1, 120))


def measure(
    folder: Path, cases: Sequence[Case] = CASES, tell: Callable[[str], None] = lambda _: None
) -> Iterator[Measured]:
    """Each case has a folder of its own, in which its log stays. Raises: CalledProcessError."""
    for case in cases:
        tell(f"{case.model}: {case.count} pictures, {case.workers} workers")
        here = folder / case.model
        alone = _alone(case) * case.workers
        started = time.time()
        _run(case, here)
        ends = sorted(path.stat().st_mtime for path in (here / "out").glob("*.jpg"))
        assert len(ends) == case.count
        skipped = case.workers * 2 * PICTURES_AT_ONCE
        pool = (case.count - skipped) / (ends[-1] - ends[skipped - 1])
        yield Measured(case, alone, pool, ends[0] - started)


def _alone(case: Case) -> float:
    """Pictures a second of the model in one thread of this process."""
    facts = registry.facts("cv2")
    model: InpaintModel = Sleeper(SLEEP_S) if case.model == SLEEPER else load(facts, LoadOptions(threads=1))
    once = _timed(model, facts, case, 3)
    return 1 / _timed(model, facts, case, max(3, round(10 / once)))


def _timed(model: InpaintModel, facts: ModelFacts, case: Case, count: int) -> float:
    image, mask = case.workload.image(), case.workload.mask()
    started = time.perf_counter()
    for _ in range(count):
        fill(model, facts, image, mask, plan(mask, facts, InpaintParameters()))
    return (time.perf_counter() - started) / count


def _run(case: Case, folder: Path) -> None:
    (folder / "in").mkdir(parents=True)
    picture = encoded(case.workload.image(), "JPEG")
    for number in range(case.count):
        (folder / "in" / f"{number}.jpg").write_bytes(picture)
    boxes = [{"x1": b.left, "y1": b.top, "x2": b.right, "y2": b.bottom} for b in case.workload.boxes]
    (folder / "regions.json").write_text(json.dumps(boxes))
    served = {"name": case.model} | ({"loader": "benchmarks.sleeper:load"} if case.model == SLEEPER else {})
    resources = {"num_cpus": 1 if case.workers == 1 else 0.25}
    app = {"model": case.model, "models": [served]}
    config = {"workers": case.workers, "pictures": PICTURES_AT_ONCE, "resources": resources, "app": app}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "deployments.batch", str(folder / "in"), str(folder / "out")]
    files = ["--set", "fill=model", "--config", str(folder / "config.yaml"), "--regions", str(folder / "regions.json")]
    environment = {SLEEPER_VARIABLE: str(SLEEP_S), "PYTHONPATH": str(ROOT)}
    with (folder / "log").open("wb") as log:
        subprocess.run(command + files, check=True, cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log)


def report(results: Sequence[Measured]) -> Report:
    rows = [
        (
            r.case.model, r.case.workload.name, str(r.case.count), str(r.case.workers),
            f"{r.alone:.2f}", f"{r.pool:.2f}", f"{r.pool / r.alone:.2f}", f"{r.start_s:.1f}",
        )
        for r in results
    ]  # fmt: skip
    header = ("model", "picture", "pictures", "workers", "model alone, /s", "pool, /s", "ratio", "start, s")
    return Report("Ray Data: the pool against the model alone", header, rows)
