"""What the service counts, by Prometheus' conventions; Ray exports each as `ray_text_removal_<name>`.

Outside a Serve replica (in tests) the same calls count nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ray import serve
from ray.serve import metrics

SECONDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 300]
ITEMS = [1, 2, 4, 8, 16, 32, 64]


class Recorder(Protocol):
    """Anything that takes a number: adds it (counter), keeps it (gauge) or files it (histogram)."""

    def __call__(self, value: float, tags: Mapping[str, str] | None = None) -> None: ...


def counter(name: str, description: str, *tags: Any) -> Recorder:
    if not _in_replica():
        return _nothing
    made = metrics.Counter(f"text_removal_{name}", description=description, tag_keys=tuple(tags))
    return lambda value, tags=None: made.inc(value, dict(tags or {})) if value > 0 else None


def gauge(name: str, description: str, *tags: Any) -> Recorder:
    if not _in_replica():
        return _nothing
    made = metrics.Gauge(f"text_removal_{name}", description=description, tag_keys=tuple(tags))
    return lambda value, tags=None: made.set(value, dict(tags or {}))


def histogram(name: str, description: str, boundaries: Sequence[float], *tags: Any) -> Recorder:
    if not _in_replica():
        return _nothing
    made = metrics.Histogram(
        f"text_removal_{name}", description=description, boundaries=list(boundaries), tag_keys=tuple(tags)
    )
    return lambda value, tags=None: made.observe(value, dict(tags or {}))


def _in_replica() -> bool:
    try:
        serve.get_replica_context()
    except serve.exceptions.RayServeException:
        return False
    return True


def _nothing(value: float, tags: Mapping[str, str] | None = None) -> None:
    pass
