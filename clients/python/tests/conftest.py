"""Fixtures for the client's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.python.tests.commandline import Command
from clients.python.tests.serving import PictureBackend, Running, serving
from text_removal import Client, Patience

QUICK = Patience(attempts=6, total_s=30.0, first_pause_s=0.01, longest_pause_s=0.05)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TEXT_REMOVAL_URL", "TEXT_REMOVAL_API_KEY", *_proxies()):
        monkeypatch.delenv(name, raising=False)


def _proxies() -> list[str]:
    return [name for word in ("http", "https", "all", "no") for name in (f"{word}_proxy", f"{word}_proxy".upper())]


@pytest.fixture
def backend() -> PictureBackend:
    return PictureBackend()


@pytest.fixture
def running(backend: PictureBackend) -> Iterator[Running]:
    with serving(backend) as running:
        yield running


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    with Client(running.url, patience=QUICK) as client:
        yield client


@pytest.fixture
def command(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(running.url)
