from deployments.messages.jobs import ModelState, ModelStatus
from deployments.tracking.model_status import EXPIRY_S, ModelStatuses


def statuses() -> ModelStatuses:
    return ModelStatuses({"lama": "cuda", "cv2": "cpu"})


def status(name: str, state: ModelState, reason: str | None = None) -> ModelStatus:
    return ModelStatus(name, state, "cpu", replicas=1, reason=reason)


def test_a_model_no_replica_has_reported_is_not_loaded() -> None:
    assert [(s.name, s.state, s.device) for s in statuses().snapshot(0)] == [
        ("lama", ModelState.NOT_LOADED, "cuda"),
        ("cv2", ModelState.NOT_LOADED, "cpu"),
    ]


def test_a_model_is_as_good_as_its_best_replica_and_counts_all_of_them() -> None:
    models = statuses()
    models.report("r1", status("lama", ModelState.ERROR, "no weights"), now=0)
    models.report("r2", status("lama", ModelState.LOADING), now=0)
    assert models.snapshot(1)[0].state is ModelState.LOADING

    models.report("r2", status("lama", ModelState.READY), now=2)

    assert models.snapshot(3)[0].state is ModelState.READY
    assert models.snapshot(3)[0].replicas == 2


def test_a_replica_not_heard_of_is_forgotten() -> None:
    models = statuses()
    models.report("r1", status("lama", ModelState.READY), now=0)

    assert models.snapshot(EXPIRY_S - 0.1)[0].state is ModelState.READY
    assert models.snapshot(EXPIRY_S)[0].state is ModelState.NOT_LOADED
