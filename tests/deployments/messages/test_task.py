import dataclasses
import itertools

import pytest

from deployments.messages.jobs import ErasedInfo, EraseJob
from deployments.messages.progress import SHARE, advance, remaining_s
from deployments.messages.task import (
    LEGAL_MOVES,
    IllegalMove,
    TaskRecord,
    TaskStage,
    TaskStatus,
    cancel,
    complete,
    error_code,
    fail,
    job_digest,
    move,
    requeue,
    start,
)
from models.errors import InvalidRegion, TextRemovalError
from models.types import InpaintParameters, Progress, Region

PENDING = TaskRecord(task_id="a", digest="d", created_at=100.0, total_regions=4)
INFO = ErasedInfo(media_type="image/png", model="cv2", width=8, height=6, regions_count=4, total_area_px=12)


def running(*steps: Progress, since: float = 200.0, now: float = 200.0) -> TaskRecord:
    record = start(PENDING, now=150.0)
    for step in steps:
        record = advance(record, step, inpainting_since=since, now=now)
    return record


@pytest.mark.parametrize("final", [TaskStatus.COMPLETED, TaskStatus.ERROR, TaskStatus.CANCELLED])
def test_a_final_state_stays_final(final: TaskStatus) -> None:
    record = dataclasses.replace(PENDING, status=final)

    for status in TaskStatus:
        with pytest.raises(IllegalMove):
            move(record, status)


def test_exactly_the_written_moves_are_legal() -> None:
    for origin in TaskStatus:
        for target in TaskStatus:
            record = dataclasses.replace(PENDING, status=origin)
            if target in LEGAL_MOVES[origin]:
                assert move(record, target).status is target
            else:
                with pytest.raises(IllegalMove):
                    move(record, target)


def test_every_move_is_the_next_moment() -> None:
    record = start(PENDING, now=150.0)
    assert record.seq == PENDING.seq + 1

    assert advance(record, Progress("masking", 1, 1), 0.0, 0.0).seq == record.seq + 1
    assert requeue(record, "again").seq == record.seq + 1
    assert complete(record, INFO, 160.0).seq == record.seq + 1


def test_a_start_counts_an_attempt_and_the_first_one_stamps_the_time() -> None:
    first = start(PENDING, now=150.0)
    second = start(requeue(first, "the replica died"), now=170.0)

    assert (first.attempt, first.started_at) == (1, 150.0)
    assert (second.attempt, second.started_at) == (2, 150.0)


def test_an_attempt_broken_off_by_ourselves_does_not_count() -> None:
    record = requeue(start(PENDING, now=150.0), "the service is going away", counted=False)

    assert record.attempt == 0
    assert record.status is TaskStatus.PENDING


def test_a_completed_task_carries_its_result() -> None:
    record = complete(running(Progress("inpainting", 1, 4)), INFO, now=210.0)

    assert record.status is TaskStatus.COMPLETED
    assert (record.overall_progress, record.stage_progress) == (100.0, 100.0)
    assert (record.current_region, record.total_regions) == (4, 4)
    assert (record.result, record.completed_at, record.estimated_remaining_s) == (INFO, 210.0, None)


def test_a_failed_task_names_the_error_as_the_wire_does() -> None:
    record = fail(running(), InvalidRegion("region 3 lies outside the image", index=3), now=210.0)

    assert record.status is TaskStatus.ERROR
    assert (record.error, record.error_message) == ("invalid_region", "region 3 lies outside the image")


def test_a_cancelled_task_keeps_the_progress_it_had() -> None:
    record = cancel(running(Progress("inpainting", 2, 4)), now=210.0)

    assert record.status is TaskStatus.CANCELLED
    assert record.overall_progress == 52.5


def test_error_codes_are_the_class_names_in_snake_case() -> None:
    assert error_code(InvalidRegion) == "invalid_region"
    assert error_code(TextRemovalError) == "text_removal_error"


def test_the_stages_fill_the_percentage_without_a_gap() -> None:
    bounds = [SHARE[stage] for stage in TaskStage]

    assert bounds[0][0] == 0.0
    assert bounds[-1][1] == 100.0
    assert all(left[1] == right[0] for left, right in itertools.pairwise(bounds))


def test_progress_is_what_was_counted() -> None:
    record = running(Progress("inpainting", 3, 4, regions_done=2, regions=4))

    assert record.status is TaskStatus.PROCESSING
    assert record.stage is TaskStage.INPAINTING
    assert record.stage_progress == 75.0
    assert record.overall_progress == 10.0 + 85.0 * 0.75
    assert (record.current_region, record.total_regions) == (2, 4)
    assert record.message == "Inpainting: 3 of 4"


def test_a_task_is_preparing_until_inpainting_begins() -> None:
    assert running(Progress("preparing", 1, 1)).status is TaskStatus.PREPARING
    assert running(Progress("masking", 0, 1)).status is TaskStatus.PREPARING
    assert running(Progress("inpainting", 0, 4)).status is TaskStatus.PROCESSING


def test_an_empty_stage_is_a_finished_stage() -> None:
    assert running(Progress("inpainting", 0, 0)).overall_progress == 95.0


def test_the_number_of_regions_is_learned_when_they_were_found_in_the_image() -> None:
    found = dataclasses.replace(PENDING, total_regions=0)

    record = advance(start(found, now=150.0), Progress("inpainting", 0, 4, regions_done=0, regions=7), 200.0, 200.0)

    assert (record.current_region, record.total_regions) == (0, 7)


def test_progress_never_goes_back_when_work_is_added() -> None:
    record = running(Progress("inpainting", 8, 8, 4, 4), Progress("inpainting", 8, 10, 3, 4))

    assert record.overall_progress == 95.0
    assert record.stage_progress == 100.0
    assert record.current_region == 4


def test_progress_never_goes_back_in_another_attempt() -> None:
    first = running(Progress("inpainting", 3, 4, 3, 4))

    second = advance(start(requeue(first, "again"), now=300.0), Progress("masking", 1, 1), 300.0, 300.0)

    assert second.overall_progress == first.overall_progress
    assert second.current_region == first.current_region
    assert second.stage is TaskStage.MASKING


def test_the_remaining_time_is_the_pace_so_far_times_what_is_left() -> None:
    record = running(Progress("inpainting", 2, 8), since=200.0, now=210.0)

    assert record.estimated_remaining_s == 30.0


def test_nothing_is_estimated_before_the_first_window() -> None:
    assert remaining_s(Progress("inpainting", 0, 8), elapsed_s=10.0) is None
    assert running(Progress("masking", 1, 1)).estimated_remaining_s is None


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(ValueError, match="polishing"):
        running(Progress("polishing", 1, 2))


def job(**changes: object) -> EraseJob:
    return dataclasses.replace(EraseJob(request_id="r", image=b"image"), **changes)  # type: ignore[arg-type]


def test_the_digest_does_not_depend_on_who_asks_and_when() -> None:
    assert job_digest(job()) == job_digest(job(request_id="other", created_at=11.0, deadline=12.0))


@pytest.mark.parametrize(
    "changes",
    [
        {"image": b"other"},
        {"mask": b"mask"},
        {"regions": (Region(((0, 0), (1, 0), (1, 1))),)},
        {"regions": (Region(((0, 0), (1, 0), (1, 1)), rectangle=True),)},
        {"detect": True},
        {"model": "lama"},
        {"parameters": InpaintParameters(sd_seed=3)},
        {"verify": False},
        {"output_quality": 90},
    ],
)
def test_the_digest_depends_on_everything_that_is_asked_for(changes: dict[str, object]) -> None:
    others = {job_digest(job()), job_digest(job(image=b"mask", mask=b"image"))}

    assert job_digest(job(**changes)) not in others


def test_the_digest_stays_the_same_over_releases() -> None:
    assert job_digest(job(detect=True)) == "85ed4ccd274db2b44c2542eb60e8b7363fb609eacce4468f4cfdf64384712ad5"
