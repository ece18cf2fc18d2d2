"""Where task records live: the truth about every task, of which the tracker is only a cache."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from deployments.errors import StoreUnavailable
from deployments.messages.batch import BatchRecord
from deployments.messages.task import TaskRecord, TaskSummary
from models.errors import TextRemovalError


class LeaseLost(TextRemovalError):
    """A newer owner has taken the store over; whoever sees this must stop driving tasks."""


class StoreGone(StoreUnavailable):
    """What was opened is no longer there: it must be opened anew, and what stood in it is lost."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The service that works on a store, by its own word: `alive_until` is epoch seconds."""

    owner: str
    alive_until: float


class TaskStore(Protocol):
    """A durable map of task records with one owner at a time.

    The owner is whoever acquired last: each `acquire` returns a higher epoch, and every write under an older one is
    refused, so two trackers that live at once for some seconds cannot overwrite each other. This fences writes; it
    does not stop the older owner's work, which ends when it sees `LeaseLost` or `holds` turn false.

    A write is durable when the call returns. Every method may raise StoreUnavailable; then the write may or may not
    have happened, and repeating it is safe. A cancelled call leaves the same doubt.
    """

    async def acquire(self, owner: str) -> int:
        """Take the store over; `owner` is a name for people who look into the store. Returns the epoch."""
        ...

    async def holder(self) -> Holder | None:
        """Who said last that it lives; None if nobody did, or has left since."""
        ...

    async def beat(self, holder: Holder) -> None:
        """Say so. Fences nothing: it is for others to see, before they take the store away from somebody."""
        ...

    async def leave(self, owner: str) -> None:
        """`owner` has gone, if it is the holder."""
        ...

    async def holds(self, epoch: int) -> bool:
        """Whether `epoch` is still the newest."""
        ...

    async def save(self, record: TaskRecord, epoch: int) -> None:
        """Raises: LeaseLost."""
        ...

    async def delete(self, task_id: str, epoch: int) -> None:
        """Deleting what is not there is fine. Raises: LeaseLost."""
        ...

    @property
    def unreadable(self) -> int:
        """How many of the records that were asked for this release cannot read. They are kept as they are: what returns
        several leaves them out."""
        ...

    async def get(self, task_id: str) -> TaskRecord | None:
        """Raises: UnreadableRecord, a StoreUnavailable."""
        ...

    async def get_many(self, task_ids: Sequence[str]) -> tuple[TaskRecord, ...]:
        """Those of them that are known, in any order. Raises: UnreadableRecord."""
        ...

    async def save_batch(self, batch: BatchRecord, records: Sequence[TaskRecord], epoch: int) -> None:
        """The batch and its tasks, all at once or nothing. Raises: LeaseLost."""
        ...

    async def batch(self, batch_id: str) -> BatchRecord | None:
        """Raises: UnreadableRecord."""
        ...

    async def old_batches(self, before: float) -> tuple[BatchRecord, ...]:
        """Those made before that moment (epoch seconds)."""
        ...

    async def delete_batch(self, batch_id: str, epoch: int) -> None:
        """The batch alone; its tasks stay. Deleting what is not there is fine. Raises: LeaseLost."""
        ...

    async def unfinished(self) -> tuple[TaskRecord, ...]:
        """All that have not ended, oldest `created_at` first."""
        ...

    async def uncalled(self) -> tuple[TaskRecord, ...]:
        """Ended tasks whose callback is still pending, oldest end first."""
        ...

    async def ended(self, before: float, *, result_expired: bool, limit: int = 500) -> tuple[TaskRecord, ...]:
        """Tasks that ended before that moment (epoch seconds), oldest end first."""
        ...

    async def summary(self, client: str | None = None) -> TaskSummary:
        """Of one client's tasks (None: of all), taken at one moment, so that it adds up."""
        ...

    async def close(self) -> None: ...
