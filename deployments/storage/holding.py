"""One service at a time works on a store: whoever comes second is told, before it takes anything away."""

import time

from deployments.errors import StoreUnavailable
from deployments.storage.records import TaskStore

BEAT_S = 2.0
ALIVE_S = 6.0
"""A service says every `BEAT_S` that it lives; if it has not for `ALIVE_S`, another one takes its store over."""


async def refuse_if_held(store: TaskStore, owner: str) -> None:
    """`owner` is a service's id, or that of one of its replicas: "service/replica".

    Raises: StoreUnavailable if another one lives on the store.
    """
    holder = await store.holder()
    if holder is None or holder.alive_until <= time.time() or f"{holder.owner}/".startswith(f"{owner}/"):
        return
    service = holder.owner.partition("/")[0]
    if service == owner.partition("/")[0]:
        raise StoreUnavailable("a newer replica of this service works on the task store")
    raise StoreUnavailable(
        f"another service ({service}) works on this task store; stop it, or give this one an IOPAINT_DATA_DIR or a "
        "TASK_STORE_URL of its own"
    )
