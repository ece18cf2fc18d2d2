"""Batches: start, look, fetch, cancel. Each item is a task; the routes of tasks are there for it as well."""

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from deployments.api.batches.reading import read_batch
from deployments.api.batches.results import zipped
from deployments.api.batches.views import batch_answer
from deployments.api.own_tasks import tasks_for
from deployments.api.ports import Backend
from deployments.api.replies import json_response
from deployments.api.schema.headers import CONTENT_DISPOSITION, CONTENT_DISPOSITION_MEANING
from deployments.api.schema.openapi import SUBMIT_ERRORS, Responses, batch_body, errors, json_answer
from deployments.api.schema.responses import BatchAnswer
from deployments.config.api_settings import ApiSettings
from deployments.errors import TaskNotFinished
from deployments.messages.batch import BatchState

ZIP: Responses = {
    200: {
        "description": "The finished pictures, and `manifest.json`.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        "headers": {CONTENT_DISPOSITION: {"description": CONTENT_DISPOSITION_MEANING, "schema": {"type": "string"}}},
    }
}


def batch_routes(backend: Backend, settings: ApiSettings) -> APIRouter:
    router = APIRouter(tags=["batches"], default_response_class=Response)

    @router.post(
        "/inpaint-batch",
        status_code=202,
        openapi_extra=batch_body(),
        responses=json_answer(BatchAnswer, "The batch is taken.", 202) | SUBMIT_ERRORS | errors(409),
    )
    async def start_a_batch(request: Request) -> Response:
        """Erase in many pictures, each a task of its own. All are taken or none; a picture that cannot be is an item
        with an error. The same `batch_id` with the same body starts nothing."""
        batch_id, entries = await read_batch(request, settings)
        tasks = tasks_for(backend, request.scope)
        batch = await tasks.submit_batch(batch_id, entries)
        return _answer(await tasks.batch(batch.batch_id), request, 202)

    @router.get(
        "/batches/{batch_id}",
        responses=json_answer(BatchAnswer, "How the batch and each of its items stand.") | errors(401, 404, 503),
    )
    async def look_at_a_batch(request: Request, batch_id: str) -> Response:
        return _answer(await tasks_for(backend, request.scope).batch(batch_id), request)

    @router.get("/batches/{batch_id}/results", responses=ZIP | errors(401, 404, 409, 503))
    async def fetch_the_results(request: Request, batch_id: str, partial: bool = False) -> Response:
        """One zip of all results, with a manifest. Before the end of the batch 409, or with `partial=true` what there
        is."""
        tasks = tasks_for(backend, request.scope)
        state = await tasks.batch(batch_id)
        if not (partial or state.ended):
            raise TaskNotFinished("the batch has not ended; ?partial=true fetches what there is", batch_id=batch_id)
        named = {CONTENT_DISPOSITION: f'attachment; filename="{state.batch.batch_id}.zip"'}
        return StreamingResponse(zipped(state, tasks), media_type="application/zip", headers=named)

    @router.post(
        "/batches/{batch_id}/cancel",
        responses=json_answer(BatchAnswer, "The work has stopped.") | errors(401, 404, 409, 503),
    )
    async def cancel_a_batch(request: Request, batch_id: str) -> Response:
        """Cancels what has not ended. Answers once the work has really stopped."""
        return _answer(await tasks_for(backend, request.scope).cancel_batch(batch_id), request)

    return router


def _answer(state: BatchState, request: Request, status: int = 200) -> Response:
    return json_response(batch_answer(state, request.scope.get("root_path", "")), status)
