"""Whether requests are answered, and what to say if not as configured. Pure."""

from collections.abc import Sequence

from deployments.messages.jobs import ModelState, ModelStatus


def judge(
    models: Sequence[ModelStatus], *, default: str, fallback: str, sleeping: frozenset[str], tracker_fault: str | None
) -> tuple[bool, bool, tuple[str, ...]]:
    """(healthy, degraded, reasons). `sleeping` names models that may be scaled to zero: they load when asked.
    `tracker_fault` says why no task can run, None that they can.

    Healthy means that a request for the default model is answered, if need be by the fallback.
    """
    by_name = {status.name: status for status in models}
    reasons: list[str] = []

    def answers(name: str) -> bool:
        status = by_name.get(name)
        if status is None:
            return False
        return status.state is ModelState.READY or (status.state is ModelState.NOT_LOADED and name in sleeping)

    if tracker_fault:
        reasons.append(f"{tracker_fault}; synchronous requests still work")
    if not answers(default):
        status = by_name.get(default)
        state = status.state.value if status else "unknown"
        why = f": {status.reason}" if status and status.reason else ""
        reasons.append(f"model {default} is {state}{why}")
        if fallback and answers(fallback):
            reasons.append(f"requests for {default} are answered by {fallback}")
    healthy = answers(default) or bool(fallback and answers(fallback))
    return healthy, healthy and bool(reasons), tuple(reasons)
