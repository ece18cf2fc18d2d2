"""The benchmarks run on tiny inputs and count right. No time is judged."""

from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest

from benchmarks import batcher, codecs, planner, tracker
from benchmarks.load import Answer, Request, Run, closed_loop
from benchmarks.pictures import Workload, mask_of, photo_like, text_lines
from benchmarks.report import Report, median
from benchmarks.service import request_for, short_cases
from benchmarks.weights import lama
from models import registry
from models.base import Inpainter
from models.imaging.windows import plan

LAMA = registry.facts("lama")


@pytest.fixture
def small_lama(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inpainter:
    for name, value in lama(tmp_path, true_size=False).environment.items():
        monkeypatch.setenv(name, value)
    return registry.load("lama", "cpu")


@pytest.mark.parametrize(("width", "height", "count"), [(775, 516, 20), (40, 30, 2), (4000, 3000, 5)])
def test_text_lines_lie_in_the_image_one_under_the_other(width: int, height: int, count: int) -> None:
    boxes = text_lines(width, height, count)

    assert len(boxes) == count
    assert all(0 <= box.left < box.right <= width and 0 <= box.top < box.bottom <= height for box in boxes)
    assert all(above.bottom <= below.top for above, below in pairwise(boxes))
    assert boxes == text_lines(width, height, count)


def test_the_planner_benchmark_counts_every_strategy_and_runs_those_within_its_budget(small_lama: Inpainter) -> None:
    # Given
    width, height = 900, 300
    # When
    results = planner.measure(small_lama, LAMA, [(width, height)], [3], rounds=2, budget_px=100_000)
    # Then
    found = {result.strategy: result for result in results}
    whole = 904 * 304
    assert (found["Original"].windows, found["Original"].planned_px, found["Original"].seconds) == (1, whole, [])
    assert found["Crop 32"].windows == 3
    assert found["Auto"].planned_px <= found["Crop 32"].planned_px < found["Crop 128"].planned_px
    assert len(found["Auto"].seconds) == len(found["Auto"].cpu_seconds) == 2
    assert "×" in planner.report(results).markdown()


@pytest.mark.parametrize("strategy", planner.STRATEGIES)
def test_the_planner_benchmark_does_the_whole_work(small_lama: Inpainter, strategy: str) -> None:
    # Given
    image, mask = photo_like(830, 90), mask_of(text_lines(830, 90, 2), 830, 90)
    # When
    filled = planner.fill(small_lama, LAMA, image, mask, plan(mask, LAMA, planner.STRATEGIES[strategy]))
    # Then
    assert np.array_equal(filled[mask == 0], image[mask == 0])
    assert not np.array_equal(filled[mask == 255], image[mask == 255])


async def test_the_batcher_benchmark_sees_every_window_in_one_batch() -> None:
    # Given
    load = batcher.Load(windows=5, gap_s=0.001, model_s=0.002)
    batches: list[int] = []
    # When
    async with batcher.our_batcher(load, batches) as submit:
        arrivals = await batcher.arrive(submit, load, batches)
    # Then
    assert sum(arrivals.batches) == len(arrivals.seconds) == 5
    assert batcher.OURS in batcher.report({batcher.OURS: arrivals}, load).markdown()


async def test_closed_loop_clients_count_answers_and_errors() -> None:
    # Given
    def answer(request: httpx.Request) -> httpx.Response:
        if b"refuse" in request.content:
            return httpx.Response(429)
        return httpx.Response(200, headers={"Server-Timing": "queue;dur=1.0, decode;dur=20.5"})

    transport = httpx.MockTransport(answer)
    file = {"image": ("a.jpg", b"pixels", "image/jpeg")}
    # When
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        good = await closed_loop(http, Request("/", file, {}), clients=3, seconds=0)
        bad = await closed_loop(http, Request("/", file, {"regions": "refuse"}), clients=2, seconds=0)
    # Then
    assert (len(good.answers), good.errors) == (3, 0)
    assert good.answers[0].timings_s == {"queue": 0.001, "decode": 0.0205}
    assert (len(bad.good), bad.errors) == (0, 2)


def test_time_outside_inpaint_is_what_neither_queue_nor_inpaint_took() -> None:
    answers = [Answer(2.0, 200, {"queue": 0.5, "inpaint": 1.0}), Answer(1.0, 200, {"inpaint": 0.5}), Answer(9.0, 0, {})]

    run = Run(1, 4.0, answers)

    assert run.outside_inpaint() == pytest.approx(1 / 3)
    assert run.per_second == pytest.approx(0.5)
    assert run.percentile(50) == pytest.approx(1.5)


def test_the_service_benchmark_asks_for_every_line_of_its_workload() -> None:
    request = request_for(Workload("tiny", 64, 48, 3), "cv2")

    assert request.fields["model"] == "cv2"
    assert request.fields["regions"].count("x1") == 3
    assert {case.clients for case in short_cases()} == {1, 4, 16}


def test_every_png_encoder_is_measured_at_every_size() -> None:
    results = codecs.measure([(40, 30)], rounds=1)

    assert [result.encoder for result in results] == list(codecs.ENCODERS)
    assert all(result.file_bytes > 0 for result in results)


def test_a_report_gives_its_ratios_before_its_table() -> None:
    text = Report("Title", ("a", "b"), [("1", "2")], ["twice as fast"], ["measured once"]).markdown()

    assert text.splitlines() == [
        "## Title", "", "- twice as fast", "", "| a | b |", "| --- | --- |", "| 1 | 2 |", "", "measured once",
    ]  # fmt: skip
    assert median([4, 1, 3, 2]) == 2.5


async def test_the_tracker_ends_every_task_and_counts_its_events(tmp_path: Path) -> None:
    tracked = await tracker.measure(f"sqlite:///{tmp_path}/tasks.sqlite3", tmp_path, tasks=3, steps=5)

    assert tracked.ends == tracked.tasks == 3
    assert tracked.events >= 3 * 5
    assert tracked.received >= 3
