"""Task progress as server-sent events: the messages of the WebSocket, resumable by their seq."""

import logging
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json
from starlette.responses import StreamingResponse

from deployments.api.live.subscription import Subscription
from deployments.api.own_tasks import tasks_for
from deployments.api.ports import Backend, Tasks
from deployments.api.schema.openapi import errors, text_answer
from deployments.api.views import task_event
from models.errors import TextRemovalError

log = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
HEARTBEAT = b": still here\n\n"
RECONNECT_MS = 2000
EVENT_STREAM = text_answer(
    "text/event-stream", "`id` is the seq, `event` the type, `data` the same JSON as on the WebSocket."
) | {204: {"description": "`Last-Event-ID` is that of the final event: there is no more to come."}}


def event_routes(backend: Backend) -> APIRouter:
    router = APIRouter(tags=["tasks"], default_response_class=Response)

    @router.get("/tasks/{task_id}/events", responses=EVENT_STREAM | errors(401, 404, 503))
    async def follow_a_task(request: Request, task_id: str) -> Response:
        """Progress as server-sent events. Resume with `Last-Event-ID`; the stream ends after the final event. A client
        that has that already is answered 204, which tells an EventSource to stay away."""
        tasks = tasks_for(backend, request.scope)
        record = await tasks.get(task_id)
        last = request.headers.get("last-event-id", "")
        after_seq = int(last) if last.isdecimal() and len(last) < 16 else None
        if after_seq is not None and record.status.final and record.seq <= after_seq:
            return Response(status_code=204)
        return StreamingResponse(
            _events(tasks, task_id, after_seq, request.scope.get("root_path", "")),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )

    return router


async def _events(tasks: Tasks, task_id: str, after_seq: int | None, root_path: str) -> AsyncIterator[bytes]:
    """Ends after the final event; when the service goes away, ends too: the client comes back and resumes."""
    feed = Subscription(tasks)
    feed.follow(task_id, after_seq)
    try:
        yield f"retry: {RECONNECT_MS}\n\n".encode()
        while True:
            if not await feed.wait(HEARTBEAT_S):
                yield HEARTBEAT
            elif record := feed.take():
                event = task_event(record, root_path)
                yield f"id: {record.seq}\nevent: {event['type']}\ndata: ".encode() + to_json(event) + b"\n\n"
                if record.status.final:
                    return
    except TextRemovalError as error:
        log.info("events of %s end: %s", task_id, error.message)
    finally:
        await feed.close()
