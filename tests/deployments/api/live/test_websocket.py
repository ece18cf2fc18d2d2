"""Progress over WebSockets, message by message."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from deployments.api.live import subscription, websocket
from deployments.errors import ShuttingDown
from deployments.messages.task import TaskRecord, TaskStage, TaskStatus
from tests.deployments.api.asgi import Socket
from tests.deployments.fakes import FakeBackend

TIMELESS = {"timestamp", "connection_id"}


def timeless(message: dict[str, Any]) -> dict[str, Any]:
    """Without what differs from run to run; that it is there is checked."""
    assert message["timestamp"]
    return {key: value for key, value in message.items() if key not in TIMELESS}


@pytest.fixture(params=["/ws/progress", "/api/v1/ws/progress"])
def place(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_follower_hears_the_whole_life_of_a_task(app: FastAPI, backend: FakeBackend, place: str) -> None:
    # Given
    tasks = backend.tasks
    tasks.add("t", total_regions=2, completed_at=1_700_000_001.0)
    async with Socket(app, f"{place}/t") as socket:
        # Then
        established = await socket.hear()
        assert established["connection_id"]
        assert timeless(established) == {"type": "connection_established", "task_id": "t"}
        assert timeless(await socket.hear()) == {
            "type": "progress_update",
            "task_id": "t",
            "seq": 0,
            "session_id": None,
            "status": "pending",
            "stage": "preparing",
            "progress": 0.0,
            "overall_progress": 0.0,
            "stage_progress": 0.0,
            "current_region": 0,
            "total_regions": 2,
            "message": "",
            "elapsed_time": 1.0,
            "estimated_remaining": None,
        }
        # When
        await tasks.change(
            "t",
            status=TaskStatus.PROCESSING,
            stage=TaskStage.INPAINTING,
            overall_progress=50.0,
            stage_progress=40.0,
            current_region=1,
            message="window 1 of 2",
            estimated_remaining_s=1.5,
        )
        # Then
        assert timeless(await socket.hear()) == {
            "type": "progress_update",
            "task_id": "t",
            "seq": 1,
            "session_id": None,
            "status": "processing",
            "stage": "inpainting",
            "progress": 50.0,
            "overall_progress": 50.0,
            "stage_progress": 40.0,
            "current_region": 1,
            "total_regions": 2,
            "message": "window 1 of 2",
            "elapsed_time": 1.0,
            "estimated_remaining": 1.5,
        }
        # When
        await tasks.complete("t")
        # Then
        assert timeless(await socket.hear()) == {
            "type": "task_completed",
            "task_id": "t",
            "seq": 2,
            "session_id": None,
            "result": {
                "processed_image_path": "/api/v1/task-result/t",
                "processing_time": 0.25,
                "regions_processed": 1,
            },
            "elapsed_time": 3.0,
            "total_regions": 1,
            "result_url": "/api/v1/task-result/t",
        }
    assert tasks.watchers == 0


async def test_a_failure_is_told(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("t", status=TaskStatus.ERROR, error="inference_failed", error_message="no", completed_at=1.7e9)
    async with Socket(app, "/ws/progress/t") as socket:
        await socket.hear_type("connection_established")
        # Then
        assert timeless(await socket.hear()) == {
            "type": "task_failed",
            "task_id": "t",
            "seq": 0,
            "session_id": None,
            "error": "inference_failed",
            "error_message": "no",
            "elapsed_time": 0.0,
        }


async def test_a_cancel_by_message_is_answered_once_with_the_final_event(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("t")
    async with Socket(app, "/ws/progress/t") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        # When
        await socket.say({"type": "cancel_task", "task_id": "t"})
        # Then
        assert timeless(await socket.hear()) == {
            "type": "task_cancelled",
            "task_id": "t",
            "seq": 1,
            "session_id": None,
            "elapsed_time": 2.0,
        }
        await socket.hear_nothing_before_pong()
        # When
        await socket.say({"type": "cancel_task", "task_id": "t"})
        # Then
        assert timeless(await socket.hear()) == {"type": "error", "error": "task t has ended"}


async def test_a_slow_cancel_delays_no_pong(
    app: FastAPI, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given: work that is slow to stop
    stopped = asyncio.Event()
    cancel = backend.tasks.cancel

    async def slow(task_id: str) -> TaskRecord:
        await stopped.wait()
        return await cancel(task_id)

    monkeypatch.setattr(backend.tasks, "cancel", slow)
    backend.tasks.add("t")
    async with Socket(app, "/ws/progress/t") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        # When
        await socket.say({"type": "cancel_task", "task_id": "t"})
        await socket.say({"type": "cancel_task", "task_id": "t"})
        await socket.say({"type": "ping", "timestamp": 7})
        # Then
        assert (await socket.hear())["type"] == "pong"
        stopped.set()
        assert (await socket.hear())["type"] == "task_cancelled"


async def test_a_task_nobody_follows_here_can_be_cancelled_too(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("t")
    backend.tasks.add("u")
    async with Socket(app, "/ws/progress/t") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        # When
        await socket.say({"type": "cancel_task", "task_id": "u"})
        # Then
        assert (await socket.hear_type("task_cancelled"))["task_id"] == "u"


async def test_the_socket_of_all_tasks_hears_all_and_can_cancel(app: FastAPI, backend: FakeBackend, place: str) -> None:
    # Given
    tasks = backend.tasks
    tasks.add("a")
    tasks.add("old", status=TaskStatus.COMPLETED)
    async with Socket(app, place, "all=true") as socket:
        assert (await socket.hear_type("connection_established"))["task_id"] is None
        assert (await socket.hear_type("progress_update"))["task_id"] == "a"
        # When
        tasks.add("b")
        await tasks.change("b", overall_progress=5.0)
        # Then
        assert (await socket.hear_type("progress_update"))["task_id"] == "b"
        # When
        await socket.say({"type": "cancel_task", "task_id": "a"})
        # Then
        assert (await socket.hear_type("task_cancelled"))["task_id"] == "a"
        await tasks.complete("b")
        assert (await socket.hear_type("task_completed"))["task_id"] == "b"
        await socket.hear_nothing_before_pong()
    assert tasks.watchers == 0


async def test_the_socket_of_all_tasks_narrows_by_messages(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    tasks = backend.tasks
    tasks.add("a")
    tasks.add("b")
    async with Socket(app, "/ws/progress", "all=true") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        await socket.hear_type("progress_update")
        # When
        await socket.say({"type": "subscribe_task", "task_id": "a"})
        # Then
        assert timeless(await socket.hear()) == {"type": "task_subscribed", "task_id": "a"}
        await tasks.change("b", overall_progress=10.0)
        await tasks.change("a", overall_progress=20.0)
        assert (await socket.hear_type("progress_update"))["task_id"] == "a"
        # When
        await socket.say({"type": "unsubscribe_task", "task_id": "a"})
        # Then
        assert timeless(await socket.hear()) == {"type": "task_unsubscribed", "task_id": "a"}
        await tasks.complete("a")
        await socket.hear_nothing_before_pong()


async def test_one_of_all_tasks_can_be_muted_and_heard_again(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    tasks = backend.tasks
    tasks.add("a")
    tasks.add("b")
    async with Socket(app, "/ws/progress", "all=true") as socket:
        for _ in range(3):
            await socket.hear()
        await socket.say({"type": "unsubscribe_task", "task_id": "a"})
        await socket.hear_type("task_unsubscribed")
        # When
        await tasks.change("a", overall_progress=10.0)
        await tasks.change("b", overall_progress=20.0)
        # Then
        assert (await socket.hear_type("progress_update"))["task_id"] == "b"
        # When
        await socket.say({"type": "subscribe_task", "task_id": "a"})
        await socket.hear_type("task_subscribed")
        # Then
        assert (await socket.hear_type("progress_update"))["overall_progress"] == 10.0


async def test_each_subscription_to_an_ended_task_is_answered_with_its_end(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("a")
    backend.tasks.add("b", status=TaskStatus.COMPLETED)
    async with Socket(app, "/ws/progress/a") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        # When
        await socket.say({"type": "subscribe_task", "task_id": "b"})
        # Then
        await socket.hear_type("task_subscribed")
        assert (await socket.hear_type("task_completed"))["task_id"] == "b"
        # When
        await socket.say({"type": "unsubscribe_task", "task_id": "b"})
        await socket.hear_type("task_unsubscribed")
        await socket.say({"type": "subscribe_task", "task_id": "b"})
        # Then
        await socket.hear_type("task_subscribed")
        assert (await socket.hear_type("task_completed"))["task_id"] == "b"
        await socket.hear_nothing_before_pong()


async def test_a_status_is_answered_as_a_progress_update_and_the_end_still_comes(
    app: FastAPI, backend: FakeBackend
) -> None:
    # Given
    backend.tasks.add("t")
    backend.tasks.add("u", status=TaskStatus.COMPLETED, overall_progress=100.0)
    async with Socket(app, "/ws/progress/t") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        # When
        await socket.say({"type": "get_task_status", "task_id": "u"})
        # Then
        answer = await socket.hear_type("progress_update")
        assert (answer["task_id"], answer["status"], answer["progress"]) == ("u", "completed", 100.0)
        # When
        await backend.tasks.complete("t")
        await socket.hear_type("task_completed")


async def test_a_ping_is_echoed(app: FastAPI, backend: FakeBackend) -> None:
    backend.tasks.add("t", status=TaskStatus.COMPLETED)
    async with Socket(app, "/ws/progress/t") as socket:
        await socket.hear()
        await socket.hear()
        await socket.say({"type": "ping", "timestamp": 12.5})
        assert await socket.hear() == {"type": "pong", "timestamp": 12.5}


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "",
        "[1]",
        "null",
        '"ping"',
        "[" * 60_000,
        "x" * 2**20,
        '{"type": "nonesuch"}',
        '{"type": ["ping"]}',
        '{"no": "type"}',
        '{"type": "subscribe_task"}',
        '{"type": "cancel_task", "task_id": 5}',
        '{"type": "get_task_status", "task_id": ""}',
        '{"type": "get_task_status", "task_id": "nonesuch"}',
        '{"type": "cancel_task", "task_id": "nonesuch"}',
    ],
    ids=range(15),
)
async def test_a_bad_message_is_answered_with_an_error_and_the_socket_lives(
    app: FastAPI, backend: FakeBackend, message: str
) -> None:
    # Given
    async with Socket(app, "/ws/progress") as socket:
        await socket.hear_type("connection_established")
        # When
        await socket.say(message)
        # Then
        error = await socket.hear()
        assert list(error) == ["type", "timestamp", "error"]
        assert error["type"] == "error"
        await socket.hear_nothing_before_pong()


async def test_bytes_are_answered_with_an_error(app: FastAPI) -> None:
    async with Socket(app, "/ws/progress") as socket:
        await socket.hear_type("connection_established")
        await socket.say_bytes(b"{}")
        await socket.hear_type("error")


async def test_a_task_that_never_comes_is_told_and_closed_with_4404(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "WAIT_S", 0.0)
    async with Socket(app, "/ws/progress/nonesuch") as socket:
        await socket.hear_type("connection_established")
        assert timeless(await socket.hear()) == {"type": "error", "error": "no task nonesuch is known"}
        assert await socket.hear_close() == 4404


async def test_a_service_that_goes_away_closes_with_1012(app: FastAPI, backend: FakeBackend, place: str) -> None:
    # Given
    backend.tasks.add("t")
    for path in (place, f"{place}/t"):
        async with Socket(app, path, "all=true") as socket:
            await socket.hear_type("connection_established")
            await socket.hear_type("progress_update")
            # When
            await backend.tasks.fail_watches(ShuttingDown("the service is going away"))
            # Then
            assert await socket.hear_close() == 1012
        backend.tasks._failure = None
    assert backend.tasks.watchers == 0


async def test_an_unforeseen_failure_is_told_without_its_cause(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    async with Socket(app, "/ws/progress", "all=true") as socket:
        await socket.hear_type("connection_established")
        # When
        await backend.tasks.fail_watches(RuntimeError("/srv/secret"))
        # Then
        assert "secret" not in (await socket.hear_type("error"))["error"]
        assert await socket.hear_close() == 1011


async def test_a_client_that_comes_back_resumes_after_its_seq(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("t", seq=4)
    async with Socket(app, "/ws/progress/t", "after_seq=4") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_nothing_before_pong()
        # When
        await backend.tasks.complete("t")
        # Then
        assert (await socket.hear_type("task_completed"))["seq"] == 5
    for query in ("after_seq=5", "after_seq=rubbish", "after_seq=-1"):
        async with Socket(app, "/ws/progress/t", query) as socket:
            await socket.hear_type("connection_established")
            assert (await socket.hear_type("task_completed"))["seq"] == 5


async def test_updates_wait_for_the_interval_and_the_end_does_not(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("t", progress_interval_s=3600.0)
    async with Socket(app, "/ws/progress/t") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        # When
        for step in range(5):
            await backend.tasks.change("t", overall_progress=float(step))
        # Then
        await socket.hear_nothing_before_pong()
        # When
        await backend.tasks.complete("t")
        # Then
        assert (await socket.hear_type("task_completed"))["seq"] == 6


async def test_a_slow_reader_misses_steps_and_never_the_end(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("t")
    async with Socket(app, "/ws/progress/t") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        socket.reading.clear()
        for step in range(50):
            await backend.tasks.change("t", overall_progress=float(step))
            await asyncio.sleep(0)
        await backend.tasks.complete("t")
        # When
        socket.reading.set()
        heard = [await socket.hear()]
        while heard[-1]["type"] != "task_completed":
            heard.append(await socket.hear())
        # Then
        assert len(heard) < 10
        assert [message["seq"] for message in heard] == sorted(message["seq"] for message in heard)


async def test_a_reader_that_takes_nothing_is_dropped(
    app: FastAPI, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setattr(websocket, "SEND_TIMEOUT_S", 0.01)
    backend.tasks.add("t")
    async with Socket(app, "/ws/progress/t") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        # When
        socket.reading.clear()
        await backend.tasks.change("t")
        await asyncio.wait([socket.server])
    # Then
    assert backend.tasks.watchers == 0


async def test_a_server_that_cancels_the_connection_leaves_nothing_running(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("t")
    before = asyncio.all_tasks()
    socket = Socket(app, "/ws/progress/t")
    await socket.__aenter__()
    await socket.hear_type("connection_established")
    await socket.hear_type("progress_update")
    # When
    socket.server.cancel()
    await asyncio.wait([socket.server])
    # Then
    assert socket.server.cancelled()
    assert backend.tasks.watchers == 0
    assert asyncio.all_tasks() == before


async def test_a_connection_follows_so_many_tasks_and_no_more(
    app: FastAPI, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setattr(websocket, "MAX_FOLLOWED", 1)
    backend.tasks.add("a")
    backend.tasks.add("b")
    async with Socket(app, "/ws/progress/a") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        # When
        await socket.say({"type": "subscribe_task", "task_id": "b"})
        # Then
        await socket.hear_type("error")


async def test_a_socket_follows_any_number_of_tasks_one_after_the_other(
    app: FastAPI, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setattr(websocket, "MAX_FOLLOWED", 2)
    async with Socket(app, "/ws/progress") as socket:
        await socket.hear_type("connection_established")
        for number in range(20):
            # When
            backend.tasks.add(f"t{number}")
            await socket.say({"type": "subscribe_task", "task_id": f"t{number}"})
            await socket.hear_type("task_subscribed")
            await socket.hear_type("progress_update")
            await backend.tasks.complete(f"t{number}")
            # Then
            assert (await socket.hear_type("task_completed"))["task_id"] == f"t{number}"
    assert backend.tasks.watchers == 0


async def test_subscribing_again_is_answered_with_the_current_state(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("t", overall_progress=30.0)
    async with Socket(app, "/ws/progress/t") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_type("progress_update")
        for _ in range(2):
            # When
            await socket.say({"type": "subscribe_task", "task_id": "t"})
            # Then
            await socket.hear_type("task_subscribed")
            assert (await socket.hear_type("progress_update"))["progress"] == 30.0
        await backend.tasks.complete("t")
        await socket.hear_type("task_completed")
        await socket.hear_nothing_before_pong()


@pytest.mark.parametrize("by_message", [True, False])
async def test_a_task_is_waited_for_that_nobody_has_started_yet(
    app: FastAPI, backend: FakeBackend, by_message: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setattr(subscription, "FIRST_LOOK_S", 0.01)
    async with Socket(app, "/ws/progress" if by_message else "/ws/progress/mine") as socket:
        await socket.hear_type("connection_established")
        if by_message:
            await socket.say({"type": "subscribe_task", "task_id": "mine"})
            await socket.hear_type("task_subscribed")
        await socket.hear_nothing_before_pong()
        # When
        backend.tasks.add("mine")
        # Then
        assert (await socket.hear_type("progress_update"))["task_id"] == "mine"


async def test_a_subscribed_task_that_never_comes_is_told_and_the_socket_lives(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "WAIT_S", 0.0)
    async with Socket(app, "/ws/progress") as socket:
        await socket.hear_type("connection_established")
        await socket.say({"type": "subscribe_task", "task_id": "nonesuch"})
        await socket.hear_type("task_subscribed")
        assert (await socket.hear_type("error"))["task_id"] == "nonesuch"
        await socket.hear_nothing_before_pong()


async def test_a_status_tells_when_and_why(app: FastAPI, backend: FakeBackend) -> None:
    backend.tasks.add(
        "t", status=TaskStatus.ERROR, started_at=1_700_000_001.0, completed_at=1_700_000_002.0, error_message="no"
    )
    async with Socket(app, "/ws/progress") as socket:
        await socket.hear_type("connection_established")
        await socket.say({"type": "get_task_status", "task_id": "t"})
        answer = await socket.hear_type("progress_update")
    assert (answer["created_at"], answer["started_at"], answer["completed_at"], answer["error_message"]) == (
        "2023-11-14T22:13:20.000+00:00",
        "2023-11-14T22:13:21.000+00:00",
        "2023-11-14T22:13:22.000+00:00",
        "no",
    )


async def test_everybodys_tasks_are_told_only_to_who_asks_for_them(app: FastAPI, backend: FakeBackend) -> None:
    backend.tasks.add("somebodys")
    async with Socket(app, "/ws/progress") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_nothing_before_pong()
        await socket.say({"type": "subscribe_all"})
        await socket.hear_type("all_subscribed")
        assert (await socket.hear_type("progress_update"))["task_id"] == "somebodys"


async def test_a_socket_that_follows_nothing_is_told_too_that_the_service_goes_away(
    app: FastAPI, backend: FakeBackend
) -> None:
    async with Socket(app, "/ws/progress") as socket:
        await socket.hear_type("connection_established")
        await socket.hear_nothing_before_pong()
        await backend.tasks.fail_watches(ShuttingDown("the service is going away"))
        assert await socket.hear_close() == 1012
    assert backend.tasks.watchers == 0
