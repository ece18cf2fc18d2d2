"""Task progress over WebSockets. Each connection is one `Connection`; nothing is shared between them."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic_core import from_json, to_json

from deployments.api.clock import iso
from deployments.api.disconnect import stop
from deployments.api.key_ring import KeyRing
from deployments.api.live.handshake import accept
from deployments.api.live.subscription import ALL, Subscription
from deployments.api.own_tasks import tasks_for
from deployments.api.ports import Backend, Tasks
from deployments.api.views import moments, progress_update, task_event
from deployments.errors import ShuttingDown, UnknownTask
from models.errors import InvalidRequest, TextRemovalError

log = logging.getLogger(__name__)

MAX_MESSAGE_CHARS = 65_536
MAX_FOLLOWED = 1000
SEND_TIMEOUT_S = 60.0
UNKNOWN_TASK = 4404
GOING_AWAY = 1012
INTERNAL_ERROR = 1011


def websocket_routes(backend: Backend, keys: KeyRing) -> APIRouter:
    router = APIRouter()

    @router.websocket("/ws/progress")
    async def no_task_in_particular(websocket: WebSocket) -> None:
        """With API keys all tasks of the key; without, all only if asked for, because they are everybody's."""
        if await accept(websocket, keys):
            follow_all = bool(keys) or websocket.query_params.get("all", "").lower() in ("1", "true", "yes")
            await Connection(websocket, tasks_for(backend, websocket.scope)).serve(None, follow_all=follow_all)

    @router.websocket("/ws/progress/{task_id}")
    async def one_task(websocket: WebSocket, task_id: str) -> None:
        if await accept(websocket, keys):
            await Connection(websocket, tasks_for(backend, websocket.scope)).serve(task_id)

    return router


class Connection:
    """One client. It follows one task, all or none, until it narrows or widens that by messages."""

    def __init__(self, websocket: WebSocket, tasks: Tasks) -> None:
        self.id = uuid4().hex
        self.websocket = websocket
        self.root_path = websocket.scope.get("root_path", "")
        self.tasks = tasks
        self.feed = Subscription(tasks)
        self.sending = asyncio.Lock()
        self.task_id: str | None = None
        self.cancelling: dict[str, asyncio.Task[None]] = {}
        self.commands = {
            "subscribe_task": self._subscribe,
            "unsubscribe_task": self._unsubscribe,
            "get_task_status": self._status,
            "cancel_task": self._cancel,
        }

    async def serve(self, task_id: str | None, *, follow_all: bool = False) -> None:
        """Returns when either side has ended the connection, with nothing left running."""
        self.task_id = task_id
        jobs: list[asyncio.Task[None]] = []
        try:
            await self._send("connection_established", connection_id=self.id, task_id=task_id)
            if task_id is not None:
                self.feed.follow(task_id, _after_seq(self.websocket))
            elif follow_all:
                self.feed.follow(ALL)
            else:
                self.feed.keep_watch()
            jobs = [asyncio.create_task(self._listen()), asyncio.create_task(self._tell())]
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        except (WebSocketDisconnect, OSError, TimeoutError):
            log.info("websocket %s: the client is gone", self.id)
        except UnknownTask as error:
            await self._close(UNKNOWN_TASK, error.message)
        except ShuttingDown as error:
            await self._close(GOING_AWAY, error.message)
        except Exception:
            log.exception("websocket %s: unexpected error", self.id)
            await self._close(INTERNAL_ERROR, "the service failed; its log has the cause")
        finally:
            await stop(*jobs, *self.cancelling.values())
            await self.feed.close()

    async def _tell(self) -> None:
        """Events, as the feed hands them out. The lock spans taking and sending, so that no older state can follow a
        newer one."""
        while True:
            try:
                await self.feed.wait()
            except UnknownTask as error:
                if error.details.get("task_id") == self.task_id:
                    raise
                await self._send("error", error=error.message, task_id=error.details.get("task_id"))
                continue
            async with self.sending:
                if record := self.feed.take():
                    await self._write(task_event(record, self.root_path))

    async def _listen(self) -> None:
        """Messages of the client, one after the other; a bad one is answered with `error`."""
        while True:
            frame = await self.websocket.receive()
            if frame["type"] == "websocket.disconnect":
                return
            try:
                await self._obey(_read(frame))
            except TextRemovalError as error:
                await self._send("error", error=error.message)

    async def _obey(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "ping":
            return await self._send("pong", timestamp=message.get("timestamp", iso()))
        if kind == "subscribe_all":
            await self._send("all_subscribed")
            return await self.feed.follow_again(ALL)
        command = self.commands.get(kind) if isinstance(kind, str) else None
        if command is None:
            known = ", ".join((*self.commands, "subscribe_all", "ping"))
            raise InvalidRequest(f"the message's type is none of {known}")
        task_id = message.get("task_id")
        if not isinstance(task_id, str) or not task_id:
            raise InvalidRequest(f"{kind} needs a task_id")
        return await command(task_id)

    async def _subscribe(self, task_id: str) -> None:
        """From all tasks down to this one, or from some to one more. Its current state follows, also if it was told
        before; a task that is not there yet is waited for."""
        if len(self.feed) >= MAX_FOLLOWED and not self.feed.follows(task_id):
            raise InvalidRequest(f"this connection follows {MAX_FOLLOWED} unfinished tasks already; subscribe to all")
        if self.feed.follows(ALL):
            await self.feed.unfollow(ALL)
        await self._send("task_subscribed", task_id=task_id)
        await self.feed.follow_again(task_id)

    async def _unsubscribe(self, task_id: str) -> None:
        await self.feed.unfollow(task_id)
        await self._send("task_unsubscribed", task_id=task_id)

    async def _status(self, task_id: str) -> None:
        """The state as `progress_update`, whatever it is: an answer, not an event, so a final event still comes."""
        async with self.sending:
            record = await self.tasks.get(task_id)
            self.feed.pace.told(record)
            await self._write(progress_update(record) | moments(record))

    async def _cancel(self, task_id: str) -> None:
        """Answered with `task_cancelled` once the work has stopped, followed or not; other messages are answered
        meanwhile."""
        if task_id in self.cancelling:
            return
        if len(self.cancelling) >= MAX_FOLLOWED:
            raise InvalidRequest(f"this connection waits for the end of {MAX_FOLLOWED} tasks already")
        self.cancelling[task_id] = asyncio.create_task(self._cancel_and_answer(task_id))

    async def _cancel_and_answer(self, task_id: str) -> None:
        try:
            self.feed.offer(await self.tasks.cancel(task_id))
        except TextRemovalError as error:
            with suppress(WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
                await self._send("error", error=error.message)
        except Exception:
            log.exception("websocket %s: could not cancel %s", self.id, task_id)
            await self._close(INTERNAL_ERROR, "the service failed; its log has the cause")
        finally:
            del self.cancelling[task_id]

    async def _send(self, kind: str, **fields: Any) -> None:
        async with self.sending:
            await self._write({"type": kind, "timestamp": iso()} | fields)

    async def _write(self, message: dict[str, Any]) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self.websocket.send_text(to_json(message, inf_nan_mode="null").decode())

    async def _close(self, code: int, reason: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
            if code != GOING_AWAY:
                await self._send("error", error=reason)
            await self.websocket.close(code, reason[:100])


def _after_seq(websocket: WebSocket) -> int | None:
    given = websocket.query_params.get("after_seq", "")
    return int(given) if given.isdecimal() and len(given) < 16 else None


def _read(frame: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises: InvalidRequest for all that is not a JSON object of moderate size in a text frame."""
    text = frame.get("text")
    if text is None:
        raise InvalidRequest("messages are JSON text")
    if len(text) > MAX_MESSAGE_CHARS:
        raise InvalidRequest(f"the message is longer than {MAX_MESSAGE_CHARS} characters")
    try:
        message = from_json(text)
    except ValueError:
        raise InvalidRequest("the message is not valid JSON") from None
    if not isinstance(message, dict):
        raise InvalidRequest("the message is not a JSON object")
    return message
