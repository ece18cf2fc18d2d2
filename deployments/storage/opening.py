"""From a URL to a task store."""

from deployments.storage.records import TaskStore
from deployments.storage.redis import RedisStore
from deployments.storage.sqlite import SqliteStore


async def open_store(url: str) -> TaskStore:
    """`sqlite:///relative.db`, `sqlite:////absolute.db` or `redis://host:port/db` (`rediss://` for TLS).

    Raises: ValueError for another scheme, StoreUnavailable when it cannot be opened.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return await SqliteStore.open(rest[1:])
    if scheme in ("redis", "rediss"):
        return await RedisStore.open(url)
    raise ValueError(f"a task store is sqlite:///path or redis://host:port/db, not {url!r}")
