"""From a URL to a task store."""

from collections.abc import Callable

from deployments.storage.records import TaskStore
from deployments.storage.redis import RedisStore
from deployments.storage.sqlite import SqliteStore


async def open_store(url: str, failed: Callable[[], None] = lambda: None) -> TaskStore:
    """`sqlite:///relative.db`, `sqlite:////absolute.db` or `redis://host:port/db` (`rediss://` for TLS). `failed` is
    called for every call that fails.

    Raises: ValueError for another scheme, StoreUnavailable when it cannot be opened.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return await SqliteStore.open(rest[1:], failed)
    if scheme in ("redis", "rediss"):
        return await RedisStore.open(url, failed)
    raise ValueError(f"a task store is sqlite:///path or redis://host:port/db, not {url!r}")
