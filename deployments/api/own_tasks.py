"""What a client sees of the tasks: with API keys its own only."""

from collections.abc import AsyncGenerator
from dataclasses import replace

from starlette.types import Scope

from deployments.api.ports import Backend, BatchEntry, TaskOptions, Tasks
from deployments.errors import TaskConflict, UnknownTask
from deployments.messages.batch import BatchRecord, BatchState
from deployments.messages.jobs import Erased, EraseJob
from deployments.messages.task import TaskRecord, TaskSummary


class OwnTasks:
    """The tasks of one client (`ports.Tasks`). Those of others are as unknown as those that never were."""

    def __init__(self, tasks: Tasks, client: str) -> None:
        self._tasks = tasks
        self._client = client

    async def submit(self, job: EraseJob, options: TaskOptions) -> TaskRecord:
        record = await self._tasks.submit(job, replace(options, client=self._client))
        if record.client != self._client:
            raise TaskConflict("the task id is taken by a different job", task_id=record.task_id)
        return record

    async def get(self, task_id: str) -> TaskRecord:
        record = await self._tasks.get(task_id)
        if record.client != self._client:
            raise UnknownTask(f"no task has the id {task_id}", task_id=task_id)
        return record

    async def cancel(self, task_id: str) -> TaskRecord:
        await self.get(task_id)
        return await self._tasks.cancel(task_id)

    async def result(self, task_id: str) -> Erased:
        await self.get(task_id)
        return await self._tasks.result(task_id)

    async def submit_batch(
        self, batch_id: str | None, entries: tuple[BatchEntry, ...], client: str = ""
    ) -> BatchRecord:
        return await self._tasks.submit_batch(batch_id, entries, self._client)

    async def batch(self, batch_id: str) -> BatchState:
        state = await self._tasks.batch(batch_id)
        if state.batch.client != self._client:
            raise UnknownTask(f"no batch has the id {batch_id}", batch_id=batch_id)
        return state

    async def cancel_batch(self, batch_id: str) -> BatchState:
        await self.batch(batch_id)
        return await self._tasks.cancel_batch(batch_id)

    async def summary(self, client: str | None = None) -> TaskSummary:
        return await self._tasks.summary(self._client)

    async def watch(self, task_id: str | None, after_seq: int | None = None) -> AsyncGenerator[TaskRecord]:
        if task_id is not None:
            await self.get(task_id)
        async for record in self._tasks.watch(task_id, after_seq):
            if record.client == self._client:
                yield record


def tasks_for(backend: Backend, scope: Scope) -> Tasks:
    """What the request or WebSocket may see: its state names the client whose key it came with, if keys are in use."""
    client = scope.get("state", {}).get("client")
    return backend.tasks if client is None else OwnTasks(backend.tasks, client)
