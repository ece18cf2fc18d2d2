"""What the service counts, by Prometheus' conventions; Ray exports each as `ray_text_removal_<name>`.

Outside Ray's processes (in tests) the same calls count nothing. In a replica each series has its deployment, replica
and application as labels; in Serve's proxy it has not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import ray
from ray import serve
from ray.serve import metrics

SECONDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 300]
ITEMS = [1, 2, 4, 8, 16, 32, 64]


class Recorder(Protocol):
    """Anything that takes a number: adds it (counter), keeps it (gauge) or files it (histogram)."""

    def __call__(self, value: float, tags: Mapping[str, str] | None = None) -> None: ...


def counter(name: str, description: str, *tags: Any) -> Recorder:
    if not _is_counted():
        return _nothing
    made = metrics.Counter(f"text_removal_{name}", description=description, tag_keys=tuple(tags))
    return lambda value, tags=None: made.inc(value, dict(tags or {})) if value > 0 else None


def gauge(name: str, description: str, *tags: Any) -> Recorder:
    if not _is_counted():
        return _nothing
    made = metrics.Gauge(f"text_removal_{name}", description=description, tag_keys=tuple(tags))
    return lambda value, tags=None: made.set(value, dict(tags or {}))


def histogram(name: str, description: str, boundaries: Sequence[float], *tags: Any) -> Recorder:
    if not _is_counted():
        return _nothing
    made = metrics.Histogram(
        f"text_removal_{name}", description=description, boundaries=list(boundaries), tag_keys=tuple(tags)
    )
    return lambda value, tags=None: made.observe(value, dict(tags or {}))


def failures(store: str) -> Callable[[], None]:
    """Call it for every call to a store that failed; `store` is records or blobs."""
    count = counter("storage_failures_total", "Calls to the task store or the blob store that failed", "store")
    return lambda: count(1, {"store": store})


def _is_counted() -> bool:
    if ray.is_initialized() and ray.get_runtime_context().get_actor_id() is not None:
        return True
    try:
        serve.get_replica_context()
    except serve.exceptions.RayServeException:
        return False
    return True


def _nothing(value: float, tags: Mapping[str, str] | None = None) -> None:
    pass
