"""Tasks: start, look, fetch, cancel."""

from fastapi import APIRouter, Request, Response
from starlette.datastructures import URL

from deployments.api.job_builder import erase_job, read_job
from deployments.api.own_tasks import tasks_for
from deployments.api.ports import Backend
from deployments.api.replies import image_response, json_response
from deployments.api.schema.bodies import TaskBody
from deployments.api.schema.openapi import IMAGE_ANSWER, SUBMIT_ERRORS, body_of, errors, json_answer
from deployments.api.schema.responses import AcceptedAnswer, CancelledAnswer, TaskCountsAnswer, TaskStatusAnswer
from deployments.api.views import callback, result_path, status_path, task_status
from deployments.config.api_settings import ApiSettings
from deployments.messages.task import TaskRecord


def task_routes(backend: Backend, settings: ApiSettings) -> APIRouter:
    router = APIRouter(tags=["tasks"], default_response_class=Response)

    @router.post(
        "/inpaint-regions-async",
        status_code=202,
        openapi_extra=body_of(TaskBody),
        responses=json_answer(AcceptedAnswer, "The task is taken.", 202) | SUBMIT_ERRORS | errors(409),
    )
    async def start_a_task(request: Request) -> Response:
        """Erase in the background. The same `task_id` with the same body starts nothing and answers the same."""
        job, body = await read_job(request, TaskBody, erase_job, settings, endless=True)
        record = await tasks_for(backend, request.scope).submit(job, body.options)
        request.state.task_id = record.task_id
        return json_response(accepted(record, request), 202)

    @router.get(
        "/task-status/{task_id}",
        responses=json_answer(TaskStatusAnswer, "How the task stands.") | errors(401, 404, 503),
    )
    async def look_at_a_task(request: Request, task_id: str) -> Response:
        record = await tasks_for(backend, request.scope).get(task_id)
        return json_response(task_status(record, request.scope.get("root_path", "")))

    @router.get("/task-result/{task_id}", responses=IMAGE_ANSWER | errors(401, 404, 409, 410, 503))
    async def fetch_a_result(request: Request, task_id: str) -> Response:
        return image_response(await tasks_for(backend, request.scope).result(task_id), task_id)

    @router.post(
        "/cancel-task/{task_id}",
        responses=json_answer(CancelledAnswer, "The work has stopped.") | errors(401, 404, 409, 503),
    )
    async def cancel_a_task(request: Request, task_id: str) -> Response:
        """Answers once the work has really stopped."""
        record = await tasks_for(backend, request.scope).cancel(task_id)
        message = record.message or "the task was cancelled"
        return json_response(CancelledAnswer(task_id=record.task_id, status=record.status, message=message))

    @router.get("/tasks", responses=json_answer(TaskCountsAnswer, "How many tasks there are.") | errors(401, 503))
    async def count_tasks(request: Request) -> Response:
        """How many there are; with API keys, of the key's own."""
        summary = await tasks_for(backend, request.scope).summary()
        answer = TaskCountsAnswer(
            total_tasks=summary.total,
            active_tasks=summary.active,
            pending_tasks=summary.pending,
            completed_tasks=summary.completed,
            error_tasks=summary.error,
            cancelled_tasks=summary.cancelled,
            active_task_ids=list(summary.active_task_ids),
        )
        return json_response(answer)

    return router


def accepted(record: TaskRecord, request: Request) -> AcceptedAnswer:
    root_path = request.scope.get("root_path", "")
    return AcceptedAnswer(
        task_id=record.task_id,
        status=record.status,
        message=record.message or "the task was accepted",
        estimated_time=record.estimated_remaining_s,
        websocket_url=websocket_url(request, record.task_id) if record.enable_progress else None,
        status_url=root_path + status_path(record.task_id),
        result_url=root_path + result_path(record.task_id),
        callback=callback(record),
    )


def websocket_url(request: Request, task_id: str) -> str:
    """On the host the client itself called."""
    scheme = "wss" if request.url.scheme == "https" else "ws"
    path = f"{request.scope.get('root_path', '')}/ws/progress/{task_id}"
    return str(URL(scheme=scheme, netloc=request.url.netloc, path=path))
