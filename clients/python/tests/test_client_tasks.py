"""Tasks: started, watched over every way there is, cancelled, fetched."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import text_removal
from clients.python.tests.conftest import QUICK
from clients.python.tests.cutting import wire_to
from clients.python.tests.serving import PictureBackend, Running, serving
from deployments.messages.task import TaskStage, TaskStatus
from tests.pictures import encoded, photo
from tests.service import free_port
from text_removal import AsyncClient, Client, Event, Patience

PNG = encoded(photo(48, 32))
LONG = Patience(total_s=60.0, first_pause_s=0.02, longest_pause_s=0.2)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Watcher:
    """Watches a task in a thread, as a program that has more to do would."""

    def __init__(self, task: text_removal.Task, **options: Any) -> None:
        self.events: list[Event] = []
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._watch, args=(task, options))
        self._thread.start()

    def _watch(self, task: text_removal.Task, options: dict[str, Any]) -> None:
        try:
            for event in task.events(**options):
                self.events.append(event)
        except Exception as error:
            self.error = error

    def until_heard(self, count: int) -> None:
        until(lambda: len(self.events) >= count or not self._thread.is_alive())
        assert len(self.events) >= count, self.error

    def until_ended(self) -> list[Event]:
        self._thread.join(30)
        assert not self._thread.is_alive()
        if self.error is not None:
            raise self.error
        return self.events


def advance(running: Running, task_id: str, percent: float) -> None:
    running.do(
        running.backend.tasks.change(
            task_id,
            status=TaskStatus.PROCESSING,
            stage=TaskStage.INPAINTING,
            overall_progress=percent,
            message=f"{percent:.0f} %",
        )
    )


def test_a_task_is_started_watched_and_fetched(client: Client, running: Running, backend: PictureBackend) -> None:
    # Given
    task = client.submit(PNG, progress_interval=0)
    watcher = Watcher(task)
    watcher.until_heard(1)
    # When
    advance(running, task.id, 40)
    watcher.until_heard(2)
    running.do(backend.tasks.complete(task.id))
    events = watcher.until_ended()
    # Then
    assert [event.type for event in events] == ["progress_update", "progress_update", "task_completed"]
    assert [event.overall_progress for event in events] == [0, 40, 100]
    assert [event.seq for event in events] == [0, 1, 2]
    assert (events[1].stage, events[1].message, events[1].final) == ("inpainting", "40 %", False)
    assert (events[2].status, events[2].final) == ("completed", True)
    status = task.status()
    assert (status.status, status.final, status.overall_progress) == ("completed", True, 100)
    assert task.result().content == b"result"


def test_without_regions_or_mask_the_text_is_found(client: Client, backend: PictureBackend) -> None:
    found = client.submit(PNG)
    given = client.submit(PNG, regions=[[0, 0, 5, 5]])
    masked = client.submit(PNG, mask=PNG, allow_full_mask=True)

    assert (backend.tasks.jobs[found.id].detect, backend.tasks.jobs[found.id].mask_mode) == (True, "strokes")
    assert (len(backend.tasks.jobs[given.id].regions), backend.tasks.jobs[given.id].mask_mode) == (1, "box")
    assert backend.tasks.jobs[masked.id].mask == PNG


def test_a_submission_can_be_sent_again(running: Running, backend: PictureBackend) -> None:
    """The first answer is lost on the way; the second request finds the task there is."""
    lost: list[str] = []

    async def losing(app: Any, scope: Any, receive: Any, send: Any) -> None:
        async def swallow(message: Any) -> None:
            pass

        if lost:
            await app(scope, receive, send)
        else:
            lost.append(scope["path"])
            await app(scope, receive, swallow)
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    running.through = losing
    with Client(running.url, patience=QUICK) as client:
        task = client.submit(PNG)

    assert list(backend.tasks.records) == [task.id]
    assert running.calls == ["/api/v1/inpaint-regions-async"] * 2


def test_the_same_id_is_the_same_task_and_another_job_is_refused(client: Client, backend: PictureBackend) -> None:
    first, again = client.submit(PNG, task_id="mine"), client.submit(PNG, task_id="mine")
    with pytest.raises(text_removal.TaskConflict):
        client.submit(PNG, task_id="mine", dilation=5)

    assert first.id == again.id == "mine"
    assert len(backend.tasks.records) == 1


def test_waiting_tells_progress_and_gives_the_end(client: Client, running: Running, backend: PictureBackend) -> None:
    backend.tasks.add("t", status=TaskStatus.PROCESSING, overall_progress=30.0)
    told: list[float] = []

    def on_progress(event: Event) -> None:
        told.append(event.overall_progress)
        if not event.final:
            running.do(backend.tasks.complete("t"))

    status = client.task("t").wait(on_progress)

    assert told == [30, 100]
    assert status.status == "completed"


def test_a_bar_is_shown_when_asked_for(
    client: Client, backend: PictureBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    backend.tasks.add("t", status=TaskStatus.CANCELLED, overall_progress=30.0)

    client.task("t").wait(bar=True)

    assert "t: " in capsys.readouterr().err


def test_a_task_is_cancelled_while_it_is_watched(client: Client, backend: PictureBackend) -> None:
    backend.tasks.add("t")
    watcher = Watcher(client.task("t"))
    watcher.until_heard(1)

    client.task("t").cancel()

    assert [event.type for event in watcher.until_ended()] == ["progress_update", "task_cancelled"]
    with pytest.raises(text_removal.TaskCancelled):
        client.task("t").result()
    with pytest.raises(text_removal.TaskFinished):
        client.task("t").cancel()


def test_a_failure_is_told_with_its_code(client: Client, backend: PictureBackend) -> None:
    backend.tasks.add("t", status=TaskStatus.ERROR, error="inference_failed", error_message="the model failed")

    with pytest.raises(text_removal.TaskFailed, match="the model failed") as told:
        client.task("t").result()

    assert told.value.code == "inference_failed"
    assert client.task("t").wait().error_message == "the model failed"


def test_a_task_nobody_knows_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployments.api.live.subscription.WAIT_S", 0.1)

    with pytest.raises(text_removal.UnknownTask):
        client.task("nope").status()
    for name in ("nope", "no?pe#"):
        with pytest.raises(text_removal.UnknownTask):
            client.task(name).wait()


def test_an_expired_result_is_told(client: Client, running: Running, backend: PictureBackend) -> None:
    backend.tasks.add("t")
    running.do(backend.tasks.complete("t"))
    running.do(backend.tasks.change("t", result_expired=True))

    with pytest.raises(text_removal.ResultExpired):
        client.task("t").result()


async def refuse_socket(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1000})


def without_sockets(running: Running) -> None:
    async def refuse(app: Any, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await refuse_socket(receive, send)
        else:
            await app(scope, receive, send)

    running.through = refuse


def without_streams(running: Running) -> None:
    async def refuse(app: Any, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await refuse_socket(receive, send)
        elif scope["path"].endswith("/events"):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"no streams here"})
        else:
            await app(scope, receive, send)

    running.through = refuse


def with_silent_sockets(running: Running) -> None:
    """Accepted by something on the way, and dropped before the first word."""

    async def drop(app: Any, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 1011})
        else:
            await app(scope, receive, send)

    running.through = drop


@pytest.mark.parametrize("hindered", [without_sockets, with_silent_sockets, without_streams])
def test_news_come_over_the_way_that_is_left(
    client: Client,
    running: Running,
    backend: PictureBackend,
    hindered: Callable[[Running], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given
    monkeypatch.setattr("text_removal._sync.news.POLL_S", 0.02)
    hindered(running)
    backend.tasks.add("t")
    watcher = Watcher(client.task("t"))
    watcher.until_heard(1)
    # When
    advance(running, "t", 40)
    watcher.until_heard(2)
    running.do(backend.tasks.complete("t"))
    # Then
    events = watcher.until_ended()
    assert [event.overall_progress for event in events] == [0, 40, 100]
    assert [event.type for event in events] == ["progress_update", "progress_update", "task_completed"]


def socket_way(running: Running) -> None:
    pass


@pytest.mark.parametrize("way", [socket_way, without_sockets])
def test_a_dropped_connection_resumes_where_it_was(
    running: Running, backend: PictureBackend, way: Callable[[Running], None]
) -> None:
    # Given
    way(running)
    backend.tasks.add("t")
    with wire_to(running.url) as wire, Client(wire.url, patience=LONG) as client:
        watcher = Watcher(client.task("t"))
        watcher.until_heard(1)
        # When
        wire.break_next(3)
        wire.cut()
        until(lambda: wire.connections >= 4)
        advance(running, "t", 40)
        watcher.until_heard(2)
        wire.cut()
        running.do(backend.tasks.complete("t"))
        # Then
        events = watcher.until_ended()
    assert [event.seq for event in events] == [0, 1, 2], "nothing twice, nothing missing"


@pytest.mark.parametrize("way", [socket_way, without_sockets])
def test_a_restart_in_the_middle_of_a_watch_is_not_noticed(way: Callable[[Running], None]) -> None:
    # Given
    port = free_port()
    before, after = PictureBackend(), PictureBackend()
    before.tasks.add("t")
    with Client(f"http://127.0.0.1:{port}", patience=LONG) as client:
        with serving(before, port) as running:
            way(running)
            watcher = Watcher(client.task("t"))
            watcher.until_heard(1)
            advance(running, "t", 40)
            watcher.until_heard(2)
        # When
        after.tasks.records = before.tasks.records
        with serving(after, port) as running:
            way(running)
            running.do(after.tasks.complete("t"))
            # Then
            events = watcher.until_ended()
    assert [event.overall_progress for event in events] == [0, 40, 100]


def test_a_service_that_stays_away_ends_the_watch(running: Running, backend: PictureBackend) -> None:
    backend.tasks.add("t")
    with wire_to(running.url) as wire:
        client = Client(wire.url, patience=Patience(total_s=1, first_pause_s=0.02, longest_pause_s=0.1))
        watcher = Watcher(client.task("t"))
        watcher.until_heard(1)
        wire.break_next(10**6)
        wire.cut()
        with pytest.raises(text_removal.ConnectionFailed, match="nothing was heard"):
            watcher.until_ended()
        client.close()


@pytest.mark.parametrize("way", [socket_way, without_sockets, without_streams])
def test_nobody_waits_longer_than_they_want(
    client: Client, running: Running, backend: PictureBackend, way: Callable[[Running], None]
) -> None:
    way(running)
    backend.tasks.add("t")

    with pytest.raises(text_removal.WaitTimedOut):
        client.task("t").wait(timeout=0.3)
    with pytest.raises(TimeoutError):
        client.task("t").result(timeout=0.3)


@pytest.mark.parametrize("way", [socket_way, without_sockets])
def test_a_wrong_key_ends_the_watch(way: Callable[[Running], None]) -> None:
    backend = PictureBackend()
    backend.tasks.add("t")
    with serving(backend, api_keys=("me:secret",)) as running:
        way(running)
        with Client(running.url, "wrong") as client, pytest.raises(text_removal.Unauthorized):
            client.task("t").wait()
        with Client(running.url, "secret") as client:
            mine = client.submit(PNG, progress_interval=0)
            running.do(backend.tasks.complete(mine.id))
            assert [event.status for event in mine.events()] == ["completed"]


async def test_a_failed_result_leaves_no_socket_open(running: Running, backend: PictureBackend) -> None:
    backend.tasks.add("t", status=TaskStatus.ERROR, error_message="the model failed")

    async with AsyncClient(running.url, patience=LONG) as client:
        with pytest.raises(text_removal.TaskFailed):
            await client.task("t").result()
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_the_async_twin_watches_too(running: Running, backend: PictureBackend) -> None:
    async with AsyncClient(running.url, patience=LONG) as client:
        task = await client.submit(PNG, progress_interval=0)
        heard = []
        async for event in task.events():
            heard.append(event.overall_progress)
            if event.seq == 0:
                await asyncio.to_thread(advance, running, task.id, 40)
            elif not event.final:
                await asyncio.to_thread(running.do, backend.tasks.complete(task.id))
        result = await task.result()
        with pytest.raises(text_removal.WaitTimedOut):
            await (await client.submit(PNG)).wait(timeout=0.2)

    assert heard == [0, 40, 100]
    assert result.content == b"result"
