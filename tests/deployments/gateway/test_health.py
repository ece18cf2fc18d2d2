import pytest

from deployments.gateway.health import judge
from deployments.messages.jobs import ModelState, ModelStatus
from deployments.messages.status import TrackerStatus

FINE = TrackerStatus()


def verdict(
    lama: ModelState, cv2: ModelState, *, fallback: str = "cv2", sleeping: str = "", tracker: TrackerStatus = FINE
) -> tuple[bool, bool, tuple[str, ...]]:
    models = (ModelStatus("lama", lama, "cpu", reason="no weights"), ModelStatus("cv2", cv2, "cpu"))
    return judge(
        models,
        default="lama",
        fallback=fallback,
        sleeping=frozenset(filter(None, [sleeping])),
        tracker=tracker,
    )


def test_a_ready_default_model_is_healthy_without_reasons() -> None:
    assert verdict(ModelState.READY, ModelState.ERROR) == (True, False, ())


def test_a_fallback_that_answers_is_healthy_but_degraded_and_says_why() -> None:
    healthy, degraded, reasons = verdict(ModelState.ERROR, ModelState.READY)

    assert healthy
    assert degraded
    assert reasons == ("model lama is error: no weights", "requests for lama are answered by cv2")


def test_without_an_answering_model_the_service_is_unhealthy() -> None:
    assert verdict(ModelState.ERROR, ModelState.LOADING)[0] is False
    assert verdict(ModelState.ERROR, ModelState.READY, fallback="")[0] is False


def test_a_model_scaled_to_zero_answers_when_asked() -> None:
    assert verdict(ModelState.NOT_LOADED, ModelState.ERROR, sleeping="lama")[0] is True
    assert verdict(ModelState.NOT_LOADED, ModelState.ERROR)[0] is False


@pytest.mark.parametrize(
    ("tracker", "reason"),
    [
        (TrackerStatus("the task tracker does not answer"), "the task tracker does not answer; synchronous"),
        (TrackerStatus(blob_fault="the disk is nearly full"), "the disk is nearly full; synchronous"),
        (TrackerStatus(unreadable=3), "3 task records cannot be read"),
    ],
)
def test_what_is_wrong_with_tasks_degrades_and_is_said(tracker: TrackerStatus, reason: str) -> None:
    healthy, degraded, reasons = verdict(ModelState.READY, ModelState.READY, tracker=tracker)

    assert healthy
    assert degraded
    assert reasons[0].startswith(reason)
