"""Fixtures for all that runs in the deployments' processes."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    """Circles stay: numpy's arrays do not count for the collector, so it may come after hundreds of megabytes."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
