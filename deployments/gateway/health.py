"""Whether requests are answered, and what to say if not as configured. Pure."""

from collections.abc import Sequence

from deployments.messages.jobs import ModelState, ModelStatus
from deployments.messages.status import TrackerStatus


def judge(
    models: Sequence[ModelStatus], *, default: str, fallback: str, sleeping: frozenset[str], tracker: TrackerStatus
) -> tuple[bool, bool, tuple[str, ...]]:
    """(healthy, degraded, reasons). `sleeping` names models that may be scaled to zero: they load when asked.
    Healthy means that a request for the default model is answered, if need be by the fallback.
    """
    by_name = {status.name: status for status in models}
    reasons: list[str] = []

    def answers(name: str) -> bool:
        status = by_name.get(name)
        if status is None:
            return False
        return status.state is ModelState.READY or (status.state is ModelState.NOT_LOADED and name in sleeping)

    for fault in (tracker.fault, tracker.blob_fault):
        if fault:
            reasons.append(f"{fault}; synchronous requests still work")
    if tracker.unreadable:
        reasons.append(f"{tracker.unreadable} task records cannot be read by this release; they are kept")
    if not answers(default):
        status = by_name.get(default)
        state = status.state.value if status else "unknown"
        why = f": {status.reason}" if status and status.reason else ""
        reasons.append(f"model {default} is {state}{why}")
        if fallback and answers(fallback):
            reasons.append(f"requests for {default} are answered by {fallback}")
    healthy = answers(default) or bool(fallback and answers(fallback))
    return healthy, healthy and bool(reasons), tuple(reasons)
