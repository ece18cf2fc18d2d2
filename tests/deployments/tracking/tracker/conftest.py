import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deployments.storage.blobs import BlobStore, open_blobs
from deployments.storage.opening import open_store
from deployments.storage.records import TaskStore
from deployments.tracking.tracker import TaskTracker
from tests.deployments.storage.stores import redis_server
from tests.deployments.tracking.tracker.fakes import Clock, Sent, Work
from tests.deployments.tracking.tracker.following import tracked


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/tasks.db"


@pytest.fixture(params=["sqlite", "redis"])
async def any_url(request: pytest.FixtureRequest, url: str) -> str:
    if request.param == "sqlite":
        return url
    from redis.asyncio import Redis

    redis_url: str = request.getfixturevalue("redis_url")
    redis = Redis.from_url(redis_url)
    await redis.flushall()
    await redis.aclose()
    return redis_url


@pytest.fixture
async def store(url: str) -> AsyncIterator[TaskStore]:
    store = await open_store(url)
    yield store
    await store.close()


@pytest.fixture
def blobs() -> BlobStore:
    return open_blobs(f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def work(blobs: BlobStore) -> Work:
    return Work(blobs)


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def tracking(store: TaskStore, work: Work, sent: Sent, clock: Clock) -> AsyncIterator[TaskTracker]:
    async with tracked(store, work, sent, clock) as tracking:
        yield tracking
