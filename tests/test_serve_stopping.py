"""From the first moment of a service to its last: nothing but answers that say what to do."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.conftest import SERVE_CONFIG
from tests.pictures import base64_of, encoded, grid_of_regions, photo
from tests.service import Service, free_port, running
from tests.slow_lama import make_slow_lama

pytestmark = [pytest.mark.serve, pytest.mark.timeout(400)]

BODY = {"image": base64_of(encoded(photo(500, 500))), "regions": grid_of_regions(2, 2), "fill": "model"}


class Poller:
    """Asks for a task that is not there, again and again, as who waits for a task does; notes what it is told."""

    def __init__(self, port: int) -> None:
        self.told: list[tuple[int, str]] = []
        self._url = f"http://127.0.0.1:{port}/api/v1/task-status/nobody"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._poll)
        self._thread.start()

    def _poll(self) -> None:
        while not self._ended.wait(0.05):
            with suppress(httpx.ConnectError):
                answer = httpx.get(self._url, timeout=60, trust_env=False)
                self.told.append((answer.status_code, answer.json()["error"]))

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Poller]]:
    folder: Path = tmp_path_factory.mktemp("stopping")
    _, md5 = make_slow_lama(folder / "torch" / "hub" / "checkpoints")
    config = folder / "serve_config.yaml"
    config.write_text(SERVE_CONFIG)
    port = free_port()
    poller = Poller(port)
    try:
        with running(folder, config=config, IOPAINT_PORT=str(port), LAMA_MODEL_MD5=md5, DRAIN_S="60") as service:
            poller.end()
            service.wait_until_ready("lama")
            yield service, poller
    finally:
        poller.end()


def test_while_it_starts_it_says_so_and_nobody_takes_a_task_for_lost(started: tuple[Service, Poller]) -> None:
    _, poller = started
    early = [told for told in poller.told if told != (404, "unknown_task")]
    assert early, "nobody asked in time"
    assert {status for status, _ in early} == {503}
    assert "starting" in {error for _, error in early}


def test_when_it_is_told_to_stop_it_answers_what_it_has_begun_and_takes_nothing_new(
    started: tuple[Service, Poller],
) -> None:
    # Given: requests that are worked on
    service, _ = started
    answers: list[httpx.Response] = []

    def ask() -> None:
        with service.client(timeout_s=120) as client:
            answers.append(client.post("/api/v1/inpaint-regions", json=BODY))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    with service.client() as client:
        until = time.monotonic() + 60
        while client.get("/api/v1/health").json()["diagnostics"]["queue"]["admitted"] < 1:
            assert time.monotonic() < until
        # When
        service.process.send_signal(signal.SIGTERM)
        while (refused := client.post("/api/v1/inpaint-regions", json=BODY)).status_code == 200:
            assert time.monotonic() < until
        health = client.get("/api/v1/health")
    for thread in threads:
        thread.join()
    # Then
    assert (refused.status_code, refused.json()["error"]) == (503, "shutting_down")
    assert int(refused.headers["Retry-After"]) >= 1
    assert (health.status_code, health.json()["reasons"][0]) == (503, "the service is going away")
    assert len(answers) == len(threads)
    told = [(answer.status_code, answer.headers.get("X-Model")) for answer in answers]
    assert (200, "lama") in told
    assert set(told) <= {(200, "lama"), (503, None)}, "what had come too late was refused, nothing was cut"
    assert service.process.wait(90) == 0
