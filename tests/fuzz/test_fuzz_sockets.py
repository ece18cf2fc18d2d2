"""Messages that no client should send over a WebSocket: it answers, or closes with a reason, and never breaks."""

import asyncio
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deployments.api.app import create_api
from tests.deployments.api.asgi import Socket
from tests.deployments.api.conftest import SETTINGS
from tests.deployments.fakes import FakeBackend, FakeTasks

KINDS = [
    "subscribe_task",
    "unsubscribe_task",
    "get_task_status",
    "cancel_task",
    "ping",
    "subscribe_all",
    "authenticate",
    "?",
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
VALUES = SCALARS | st.lists(SCALARS, max_size=3)
BACKEND = FakeBackend()
APP = create_api(BACKEND, SETTINGS)
MESSAGES = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60),
    st.builds(
        lambda kind, more: json.dumps({"type": kind} | more),
        st.sampled_from(KINDS) | VALUES,
        st.dictionaries(st.sampled_from(["task_id", "timestamp", "after_seq", "interval", "key"]), VALUES, max_size=3),
    ),
)


@given(st.lists(MESSAGES, max_size=8))
def test_messages_of_any_kind_leave_the_socket_usable_or_closed(messages: list[Any]) -> None:
    async def talk() -> None:
        BACKEND.tasks = FakeTasks()
        BACKEND.tasks.add("t")
        async with Socket(APP, "/ws/progress") as socket:
            assert (await socket.hear())["type"] == "connection_established"
            for message in messages:
                await (socket.say_bytes(message) if isinstance(message, bytes) else socket.say(message))
            await socket.say({"type": "ping", "timestamp": "the last"})
            while True:
                heard = await socket._next()
                if heard["type"] == "websocket.close":
                    assert heard["code"] in range(1000, 5000)
                    break
                if json.loads(heard["text"]).get("timestamp") == "the last":
                    break
        assert BACKEND.tasks.watchers == 0

    asyncio.run(talk())
