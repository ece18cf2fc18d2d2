"""A batch as clients see it."""

from deployments.api.clock import iso
from deployments.api.schema.responses import BatchAnswer, BatchItemAnswer
from deployments.api.views import PREFIX, result_path
from deployments.messages.batch import BatchItem, BatchState
from deployments.messages.task import TaskRecord, TaskStatus


def batch_answer(state: BatchState, root_path: str) -> BatchAnswer:
    batch = state.batch
    path = f"{root_path}{PREFIX}/batches/{batch.batch_id}"
    items = list(zip(batch.items, state.tasks, strict=True))
    answers = [batch_item(index, item, task, root_path) for index, (item, task) in enumerate(items)]
    statuses = [answer.status for answer in answers]
    waiting = state.count(TaskStatus.PENDING)
    started = waiting < len(batch.task_ids)
    return BatchAnswer(
        batch_id=batch.batch_id,
        status="completed" if state.ended else "processing" if started else "pending",
        total=len(items),
        pending=waiting,
        processing=statuses.count("preparing") + statuses.count("processing"),
        completed=statuses.count("completed"),
        error=statuses.count("error"),
        cancelled=statuses.count("cancelled"),
        expired=statuses.count("expired"),
        overall_progress=round(sum(answer.overall_progress for answer in answers) / len(answers), 1),
        created_at=iso(batch.created_at),
        status_url=path,
        results_url=f"{path}/results",
        tasks=answers,
    )


def batch_item(index: int, item: BatchItem, task: TaskRecord | None, root_path: str = "") -> BatchItemAnswer:
    """A task that has been forgotten is `expired`: it has ended, but how is no longer known."""
    if task is None:
        refusal = item.refusal
        return BatchItemAnswer(
            index=index,
            name=item.name,
            task_id=item.task_id,
            status="expired" if refusal is None else "error",
            overall_progress=100.0,
            error=refusal and refusal.code,
            error_message=refusal and refusal.message,
            field=refusal and (refusal.field or None),
            result_url=None,
        )
    fetchable = task.status is TaskStatus.COMPLETED and not task.result_expired
    return BatchItemAnswer(
        index=index,
        name=item.name,
        task_id=task.task_id,
        status=task.status.value,
        overall_progress=100.0 if task.status.final else task.overall_progress,
        error=task.error,
        error_message=task.error_message,
        field=None,
        result_url=root_path + result_path(task.task_id) if fetchable else None,
    )
