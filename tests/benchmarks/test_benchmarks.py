"""The benchmarks run on tiny inputs and count right. No time is judged."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import typer

from benchmarks import batcher, codecs, cost, jsonlines, mix, peer, peer_report, planner, scale, soak, tracker
from benchmarks.commands.options import chosen, gathered, variables
from benchmarks.configs import SLEEPER, sleeping, write_config
from benchmarks.load import Answer, Clock, Run, client_of, closed_loop, due_times, open_loop
from benchmarks.pictures import COMIC, PHONE, THUMBNAIL, WORKLOADS, Workload, mask_of, photo_like, text_lines
from benchmarks.report import Report, median
from benchmarks.requests import Request, request_for
from benchmarks.service import all_cases, load_report, short_cases
from benchmarks.strategies import STRATEGIES
from benchmarks.weights import lama
from deployments.__main__ import read_config
from models import registry
from models.base import CostModel, InpaintModel
from models.planning.plan import plan
from models.types import Images, InpaintParameters, Masks, StepCallback

LAMA = registry.facts("lama")


@pytest.fixture
def small_lama(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InpaintModel:
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


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_the_boxes_of_a_workload_lie_inside_and_never_touch(workload: Workload) -> None:
    boxes = workload.boxes

    assert len(boxes) == workload.count
    for box in boxes:
        assert 0 <= box.left < box.right <= workload.width
        assert 0 <= box.top < box.bottom <= workload.height
    for one, other in combinations(boxes, 2):
        beside = one.right < other.left or other.right < one.left
        assert beside or one.bottom <= other.top or other.bottom <= one.top
    assert workload.boxes == boxes


def test_speech_bubbles_have_the_size_of_speech_bubbles() -> None:
    for box in COMIC.boxes:
        assert 0.079 <= box.width / COMIC.width <= 0.141
        assert 0.38 <= box.height / box.width <= 0.62
    assert COMIC.count == 40
    assert 1.9e6 < COMIC.pixels < 2.1e6


def test_the_planner_benchmark_counts_every_strategy_and_runs_those_within_its_budget(small_lama: InpaintModel) -> None:
    # Given
    wide = Workload("wide", 900, 300, 3)
    # When
    results = list(planner.measure(small_lama, LAMA, [wide], rounds=2, budget_px=100_000))
    # Then
    found = {result.strategy: result for result in results}
    whole = 904 * 304
    assert (found["Original"].windows, found["Original"].planned_px, found["Original"].seconds) == (1, whole, [])
    assert found["Crop 32"].windows == 3
    assert found["Auto"].planned_px <= found["Crop 32"].planned_px < found["Crop 128"].planned_px
    assert len(found["Auto"].seconds) == len(found["Auto"].cpu_seconds) == 2
    assert "×" in planner.report(results).markdown()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_planner_benchmark_does_the_whole_work(small_lama: InpaintModel, strategy: str) -> None:
    # Given
    image, mask = photo_like(830, 90), mask_of(text_lines(830, 90, 2), 830, 90)
    # When
    filled = planner.fill(small_lama, LAMA, image, mask, plan(mask, LAMA, STRATEGIES[strategy]))
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
        return httpx.Response(200, headers={"Server-Timing": "queue;dur=1.0, decode;dur=20.5"}, content=b"image")

    heard: list[Answer] = []
    # When
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://service") as http:
        good = await closed_loop(http, Request("/", b"please", "text/plain"), clients=3, seconds=0, at_least=2)
        refused = Request("/", b"refuse", "text/plain")
        bad = await closed_loop(http, refused, clients=2, seconds=0, heard=heard.append)
    # Then
    assert (len(good.answers), good.errors) == (6, 0)
    assert good.answers[0].timings_s == {"queue": 0.001, "decode": 0.0205}
    assert good.answers[0].size_bytes == 5
    assert (len(bad.good), bad.errors) == (0, 2)
    assert heard == list(bad.answers)


async def test_a_failed_connection_is_an_error_of_status_0() -> None:
    async with client_of("http://127.0.0.1:1") as http:
        run = await closed_loop(http, Request("/", b"", "text/plain"), clients=1, seconds=0)

    assert [answer.status for answer in run.answers] == [0]


async def test_an_open_loop_counts_from_the_moment_a_request_was_due() -> None:
    # Given a server that answers one request at a time, a second each, and a clock that only it and waiting move
    now = 0.0
    server = asyncio.Lock()

    async def sleep(seconds: float) -> None:
        nonlocal now
        wake = now + seconds
        await asyncio.sleep(0)
        now = max(now, wake)

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal now
        async with server:
            now += 1.0
        return httpx.Response(200)

    due = due_times(rate=4, seconds=2, seed=3)
    # When
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://service") as http:
        request = Request("/", b"", "text/plain")
        run = await open_loop(http, request, rate=4, seconds=2, seed=3, clock=Clock(lambda: now, sleep))
    # Then
    ends = [0.0]
    for moment in due:
        ends.append(max(ends[-1], moment) + 1.0)
    assert [answer.due_s for answer in run.answers] == pytest.approx(due)
    assert [answer.seconds for answer in run.answers] == pytest.approx(
        [end - moment for end, moment in zip(ends[1:], due, strict=True)]
    )
    assert run.latest_start_s > 1.0


def test_arrivals_are_as_many_as_the_rate_says_and_always_the_same() -> None:
    due = due_times(rate=50, seconds=20)

    assert len(due) == 1000
    assert due == due_times(rate=50, seconds=20)
    assert due != due_times(rate=50, seconds=20, seed=1)
    assert due == sorted(due)
    assert 15 < due[-1] < 25


def test_time_outside_inpaint_is_what_neither_queue_nor_inpaint_took() -> None:
    answers = [Answer(2.0, 200, {"queue": 0.5, "inpaint": 1.0}), Answer(1.0, 200, {"inpaint": 0.5}), Answer(9.0, 0, {})]

    run = Run(4.0, answers)

    assert run.outside_inpaint() == pytest.approx(1 / 3)
    assert run.per_second == pytest.approx(0.5)
    assert run.percentile(50) == pytest.approx(1.5)


def test_a_steady_rate_counts_answers_by_when_they_came() -> None:
    run = Run(9.0, [Answer(1.0, 200, {}, due_s=float(second)) for second in range(8)])

    assert run.steady_per_second(2.0, 6.0) == pytest.approx(1.0)


@pytest.mark.parametrize("body", ["multipart", "json"])
def test_the_service_benchmark_asks_for_every_box_of_its_workload(body: str) -> None:
    request = request_for(Workload("tiny", 64, 48, 3), "cv2", body)

    assert b"cv2" in request.content
    assert request.content.count(b"x1") == 3
    assert request.content_type.startswith({"multipart": "multipart/form-data; boundary", "json": "application/"}[body])


def test_cases_go_through_everything_asked_for() -> None:
    cases = all_cases(("cv2",), (THUMBNAIL,), clients=(1, 4), rates=(2.5,))

    assert [case.load for case in cases] == ["1 clients", "4 clients", "2.5/s"]
    assert {case.clients for case in short_cases()} == {1, 4, 16}
    assert "2.5/s" in load_report([(case, Run(1.0, [Answer(0.1, 200, {})])) for case in cases]).markdown()


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


@pytest.mark.parametrize("free", [CostModel(17e-6, 0.05), CostModel(2e-8, 0.004)])
def test_the_fit_of_the_cost_model_finds_the_constants_behind_the_times(free: CostModel) -> None:
    # Given
    rng = np.random.default_rng(0)

    def seconds(count: int, height: int, width: int) -> float:
        return (count * height * width * free.pixel_s + free.call_s) * rng.uniform(0.99, 1.01)

    times = [cost.Timed(shape, (seconds(*shape),)) for shape in cost.SHAPES]
    # When
    fitted = cost.fit(times)
    # Then
    assert fitted.pixel_s == pytest.approx(free.pixel_s, rel=0.05)
    assert fitted.call_s == pytest.approx(free.call_s, rel=0.05)
    assert max(abs(cost.residual(fitted, timed)) for timed in times) < 0.03
    assert "single windows" in cost.report(times, "cpu").markdown()


def test_no_constant_of_a_cost_model_is_negative() -> None:
    free = cost.fit([cost.Timed((1, 100, 100), (0.01,)), cost.Timed((1, 200, 200), (0.08,))])
    flat = cost.fit([cost.Timed((1, 100, 100), (0.08,)), cost.Timed((1, 200, 200), (0.01,))])

    assert (free.call_s, flat.pixel_s) == (0.0, 0.0)
    assert free.pixel_s > 0
    assert flat.call_s > 0


def test_the_cost_benchmark_times_every_shape_once_per_round() -> None:
    calls: list[tuple[int, ...]] = []

    class Model:
        def inpaint(
            self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
        ) -> Images:
            calls.append(masks.shape)
            return images

    timed = list(cost.measure(Model(), [(2, 16, 8), (1, 8, 8)], rounds=2))

    assert [one.shape for one in timed] == [(1, 8, 8), (2, 16, 8)]
    assert [len(one.seconds) for one in timed] == [2, 2]
    assert calls == [(1, 8, 8)] * 3 + [(2, 16, 8)] * 3


def test_the_peer_report_takes_medians_of_what_counts_and_puts_ratios_first(tmp_path: Path) -> None:
    # Given a saved contest: warm-ups, two rounds, an error, and a turn that was interrupted
    def line(server: str, seconds: float, number: int = 1, status: int = 200, clients: int = 1) -> dict[str, Any]:
        return {
            "what": "request", "workload": "thumbnail", "server": server, "clients": clients, "round": number,
            "counted": number > 0, "seconds": seconds, "status": status, "size_bytes": 1, "media_type": "image/jpeg",
        }  # fmt: skip

    def turn(server: str, wall_s: float, good: int, clients: int) -> dict[str, Any]:
        return {
            "what": "turn", "workload": "thumbnail", "server": server, "clients": clients, "round": 1, "counted": True,
            "wall_s": wall_s, "good": good, "errors": 0, "peak_bytes": 5_000_000, "held_bytes": 4_000_000,
        }  # fmt: skip

    saved = tmp_path / "peer.jsonl"
    for record in (
        {"what": "machine", "machine": "two cores"}, line("ours", 50.0, 0), line("crop-32", 90.0, 0),
        line("ours", 1.0), line("ours", 2.0, 2), line("ours", 3.0, 3), line("crop-32", 4.0), line("crop-32", 8.0, 2),
        line("crop-32", 99.0, 3, status=0), line("ours", 1.0, clients=4), turn("ours", 2.0, 4, 4),
        line("crop-32", 9.0, clients=4), turn("crop-32", 9.0, 4, 4), line("original", 9.0, clients=4),
    ):  # fmt: skip
        jsonlines.append(saved, record)
    saved.write_text(saved.read_text() + '{"what": "requ')
    # When
    records = jsonlines.read([saved])
    found = peer_report.standings(records)
    (report,) = peer_report.reports(records)
    # Then
    assert found["thumbnail", 1]["ours"].median_s == 2.0
    assert found["thumbnail", 1]["crop-32"].median_s == 6.0
    assert found["thumbnail", 1]["crop-32"].errors == 1
    assert found["thumbnail", 4]["crop-32"].per_second == pytest.approx(4 / 9)
    assert report.ratios[0].endswith("IOPaint, Crop 32 3.0×")
    assert report.ratios[1].endswith("IOPaint, Original —; IOPaint, Crop 32 4.5×")
    assert {len(row) for row in report.rows} == {len(report.header)}
    assert "two cores" in report.markdown()


def test_crops_of_the_peer_really_crop_and_ours_runs_over_less() -> None:
    for name in WORKLOADS:
        if name != PHONE.name:
            ours, original, wide, narrow = (peer_report.forwarded_mp(name, server) for server in peer.SERVERS)
            assert ours < narrow < wide
            assert narrow < original


def test_all_servers_of_the_contest_get_the_same_bytes() -> None:
    requests = peer.requests_to(list(peer.SERVERS), Workload("tiny", 64, 48, 2), "jpeg")

    pictures = {request.content.partition(b'"hd_strategy"')[0] for request in requests.values()}
    assert len(pictures) == 1
    assert b'"output_format": "jpeg"' in requests["ours"].content
    assert b'"hd_strategy_crop_trigger_size": 64' in requests["crop-32"].content


def test_servers_of_the_contest_take_turns_and_every_answer_is_saved() -> None:
    # Given
    class Nobody:
        pid = 2**22 + 1

        def url(self) -> str:
            return "http://127.0.0.1:1"

    contest = peer.Contest([Workload("tiny", 64, 48, 2)], ["ours", "crop-32"], clients=[2], rounds=2)
    saved: list[Mapping[str, Any]] = []
    # When
    turns = list(peer.turns({"ours": Nobody(), "crop-32": Nobody()}, contest, saved.append))
    # Then
    assert [(turn.server, turn.counted) for turn in turns] == [
        ("ours", False), ("crop-32", False), ("crop-32", True), ("ours", True), ("ours", True), ("crop-32", True),
    ]  # fmt: skip
    assert [turn.errors for turn in turns] == [2] * 6
    assert [record["what"] for record in saved] == ["request", "request", "turn"] * 6


@pytest.mark.parametrize("app", [sleeping(), sleeping(replicas=8, erasers=4, more_models=["cv2"], detector=True)])
def test_configs_of_benchmarks_are_what_the_service_reads(app: Any, tmp_path: Path) -> None:
    read = read_config(write_config(tmp_path / "new", app))

    assert read == app
    assert read.models[0].model_facts.loader == "benchmarks.sleeper:load"


def test_the_sleeping_model_gives_back_what_it_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLEEPER_SECONDS", "0.001")
    images, masks = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3), np.zeros((1, 2, 2), np.uint8)

    model = registry.load(sleeping().models[0].model_facts, "cpu")

    assert np.array_equal(model.inpaint(images, masks, InpaintParameters()), images)


def test_scale_is_told_against_what_the_first_did() -> None:
    one = scale.Scaled(scale.REPLICAS, "1", 4, 30, 0, 3.0, 1.2, 1.3, {})
    eight = replace(one, case="8", per_second=21.6)
    quick = scale.Scaled(scale.OVERHEAD, "64x64", 1, 9, 0, 90.0, 0.012, 0.02, {"inpaint": 0.004})

    overhead, replicas = scale.reports([quick, one, eight], sleep_s=0.3)

    assert overhead.rows[0][-1] == "8.0"
    assert replicas.ratios == ["replicas 1 → 8: 0.90 of linear scaling"]
    assert [len(row) for row in replicas.rows] == [len(replicas.header)] * 2


def test_the_mix_holds_every_sort_and_is_the_same_for_the_same_seed() -> None:
    todo = mix.steps(500, seed=1)

    assert {step.sort for step in todo} == set(mix.SHARES)
    assert todo == mix.steps(500, seed=1)
    assert todo != mix.steps(500, seed=2)


async def test_the_mix_tells_errors_from_what_is_as_it_should_be() -> None:
    # Given a service that calls everything a bad request
    step = mix.Step("regions", Workload("tiny", 64, 48, 2), "PNG", "png", SLEEPER, 0.0)
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(400)), base_url="http://service"
    ) as http:
        requests = mix.Mix(http, mix.Pictures())
        # When
        errors = {sort: await requests.perform(replace(step, sort=sort, chance=0.1)) for sort in mix.SHARES}
    # Then
    assert errors.pop("bad request") == ""
    assert {sort: error.rpartition(":")[2] for sort, error in errors.items()} == dict.fromkeys(errors, " 400")


def test_a_soak_looks_six_times_and_reports_growth_since_the_first() -> None:
    # Given
    assert soak.points(2000) == [200, 560, 920, 1280, 1640, 2000]
    first = soak.Point(200, 60.0, {"all": soak.Held(2, 100_000_000, 80_000_000)}, {"task": 9}, {})
    last = soak.Point(2000, 600.0, {"all": soak.Held(2, 105_000_000, 80_000_000)}, {"task": 99}, {"task: 500": 1})
    # When
    resident, unshared = soak.reports([first, last])
    # Then
    assert "RSS +5.0%, USS +0.0%" in resident.ratios[0]
    assert resident.rows == [["all", "2", "100", "105", "+5.0%"]]
    assert unshared.rows[0][-1] == "+0.0%"
    assert "1 × task: 500" in resident.notes[1]


def test_what_was_measured_before_an_interrupt_counts() -> None:
    def results() -> Any:
        yield 1
        raise KeyboardInterrupt

    assert gathered(results()) == [1]


def test_options_that_make_no_sense_are_refused() -> None:
    assert chosen(None) == list(WORKLOADS.values())
    assert variables(["A=b=c"]) == {"A": "b=c"}
    with pytest.raises(typer.BadParameter, match="postcard"):
        chosen(["postcard"])
    with pytest.raises(typer.BadParameter, match="'A' is not NAME=VALUE"):
        variables(["A"])
