from deployments.gateway.health import judge
from deployments.messages.jobs import ModelState, ModelStatus


def verdict(
    lama: ModelState, cv2: ModelState, *, fallback: str = "cv2", sleeping: str = "", reachable: bool = True
) -> tuple[bool, bool, tuple[str, ...]]:
    models = (ModelStatus("lama", lama, "cpu", reason="no weights"), ModelStatus("cv2", cv2, "cpu"))
    return judge(
        models,
        default="lama",
        fallback=fallback,
        sleeping=frozenset(filter(None, [sleeping])),
        tracker_fault=None if reachable else "the task tracker does not answer",
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


def test_a_tracker_that_does_not_answer_degrades() -> None:
    assert verdict(ModelState.READY, ModelState.READY, reachable=False)[:2] == (True, True)
