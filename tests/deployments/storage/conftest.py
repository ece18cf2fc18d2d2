"""Both kinds of store."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deployments.storage.opening import open_store
from deployments.storage.records import TaskStore
from tests.deployments.storage.stores import flush, redis_server


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["sqlite", "redis"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/folder/tasks.db"
    redis_url: str = request.getfixturevalue("redis_url")
    await flush(redis_url)
    return redis_url


@pytest.fixture
async def store(url: str) -> AsyncIterator[TaskStore]:
    store = await open_store(url)
    yield store
    await store.close()
