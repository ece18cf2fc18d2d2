"""Nothing is lost: each kind of process is killed with -9 while tasks run, and the whole service is restarted."""

import contextlib
import io
import json
import threading
import time
import uuid
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from deployments.remote.supervisor import BROKEN_EXIT
from tests.conftest import SERVE_CONFIG
from tests.pictures import base64_of, decoded, encoded, grid_of_regions, outside, photo
from tests.service import Service, running
from tests.slow_lama import make_slow_lama

pytestmark = [pytest.mark.serve, pytest.mark.timeout(400)]

TASKS = 30
PIXELS = photo(500, 500)
REGIONS = grid_of_regions(2, 2)
FINAL = {"completed", "error", "cancelled"}


class Receiver:
    """A webhook receiver that notes which tasks it was told of."""

    def __init__(self) -> None:
        told: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.told = told
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/done"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def task_ids(self) -> set[str]:
        return {message["task_id"] for message in self.told}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Home:
    """A folder with weights and configuration in which the service can be started again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _, self.md5 = make_slow_lama(folder / "torch" / "hub" / "checkpoints")
        self.config = folder / "serve_config.yaml"
        self.config.write_text(SERVE_CONFIG)

    def running(self) -> contextlib.AbstractContextManager[Service]:
        return running(self.folder, config=self.config, LAMA_MODEL_MD5=self.md5, CALLBACK_ALLOWED_HOSTS="127.0.0.1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("recovery"))


@pytest.fixture(scope="module")
def shaken(home: Home) -> Iterator[Service]:
    with home.running() as service:
        service.wait_until_ready("lama", "cv2")
        yield service


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def patiently(client: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    """As a client with retries would: a connection that breaks or a 503 is tried again for a minute."""
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(httpx.HTTPError):
            answer = client.request(method, path, **request)
            if answer.status_code not in (500, 502, 503):
                return answer
        assert time.monotonic() < deadline, f"{method} {path} does not get through"
        time.sleep(0.2)


def start_tasks(client: httpx.Client, receiver: Receiver) -> list[str]:
    task_ids = [uuid.uuid4().hex for _ in range(TASKS)]
    body = {"image": base64_of(encoded(PIXELS)), "regions": REGIONS, "callback_url": receiver.url}
    for task_id in task_ids:
        answer = patiently(client, "POST", "/api/v1/inpaint-regions-async", json={**body, "task_id": task_id})
        assert answer.status_code == 202, answer.text
    return task_ids


def assert_all_complete(client: httpx.Client, task_ids: list[str], receiver: Receiver) -> None:
    deadline = time.monotonic() + 180
    statuses: dict[str, dict[str, Any]] = {}
    while time.monotonic() < deadline:
        for task_id in task_ids:
            if statuses.get(task_id, {}).get("status") not in FINAL:
                statuses[task_id] = patiently(client, "GET", f"/api/v1/task-status/{task_id}").json()
        if all(status["status"] in FINAL for status in statuses.values()):
            break
        time.sleep(0.3)
    assert {status["status"] for status in statuses.values()} == {"completed"}, statuses
    keep = outside(PIXELS.shape, REGIONS)
    for task_id in task_ids:
        result = decoded(patiently(client, "GET", f"/api/v1/task-result/{task_id}").content)
        assert np.array_equal(result[keep], PIXELS[keep])
        assert np.abs(result[~keep].astype(int) + PIXELS[~keep].astype(int) - 255).max() <= 1
    while set(task_ids) - receiver.task_ids() and time.monotonic() < deadline:
        time.sleep(0.3)
    assert set(task_ids) <= receiver.task_ids()


@pytest.mark.parametrize("kind", ["Eraser", "Inpainter-lama", "Gateway", "TaskTracker"])
def test_tasks_survive_the_death_of_any_process(shaken: Service, receiver: Receiver, kind: str) -> None:
    with shaken.client() as client:
        task_ids = start_tasks(client, receiver)
        victim = shaken.processes(kind)[0]

        victim.kill()

        assert_all_complete(client, task_ids, receiver)


def test_a_batch_survives_the_death_of_an_eraser_and_comes_back_as_one_zip(shaken: Service) -> None:
    # Given: a zip of pictures of which two are broken, and work under way
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for index in range(TASKS):
            archive.writestr(f"page/{index}.png", b"broken" if index in (3, 7) else encoded(PIXELS))
    query = {"batch_id": uuid.uuid4().hex, "regions": json.dumps(REGIONS)}
    request = {"params": query, "content": packed.getvalue(), "headers": {"Content-Type": "application/zip"}}
    with shaken.client() as client:
        started = patiently(client, "POST", "/api/v1/inpaint-batch", **request)
        assert started.status_code == 202, started.text
        path = started.json()["status_url"]
        while not patiently(client, "GET", path).json()["processing"]:
            time.sleep(0.05)
        # When
        shaken.processes("Eraser")[0].kill()
        # Then
        deadline = time.monotonic() + 180
        while (state := patiently(client, "GET", path).json())["status"] != "completed":
            assert time.monotonic() < deadline, state
            time.sleep(0.3)
        results = patiently(client, "GET", f"{path}/results").content
        again = patiently(client, "POST", "/api/v1/inpaint-batch", **request).json()
    assert (state["completed"], state["error"], again) == (TASKS - 2, 2, state)
    keep = outside(PIXELS.shape, REGIONS)
    with zipfile.ZipFile(io.BytesIO(results)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        files = [item["file"] for item in manifest["items"] if item["file"]]
        assert len(files) == len(archive.namelist()) - 1 == TASKS - 2
        for file in files:
            assert np.array_equal(decoded(archive.read(file))[keep], PIXELS[keep])
    assert [item["name"] for item in manifest["items"] if item["field"] == "image"] == ["page/3.png", "page/7.png"]


def test_tasks_survive_a_restart_of_the_whole_service(home: Home, shaken: Service, receiver: Receiver) -> None:
    with shaken.client() as client:
        task_ids = start_tasks(client, receiver)
    for process in shaken.processes(""):
        with contextlib.suppress(Exception):
            process.kill()
    shaken.process.kill()
    shaken.process.wait(30)

    with home.running() as again, again.client() as client:
        assert_all_complete(client, task_ids, receiver)


def test_a_service_whose_raylet_was_killed_ends_by_itself_and_loses_no_task(home: Home, receiver: Receiver) -> None:
    # Given: tasks that are accepted
    with home.running() as service:
        with service.client() as client:
            task_ids = start_tasks(client, receiver)
        (raylet,) = service.raylets()
        # When
        raylet.kill()
        # Then: whoever supervises the service sees it end, and not well
        assert service.process.wait(60) == BROKEN_EXIT
        assert "raylet of Ray has died" in service.log.read_text()
    with home.running() as again, again.client() as client:
        assert_all_complete(client, task_ids, receiver)
