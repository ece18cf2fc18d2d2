"""A task: work that the service does in the background.

Made of its twin in `_sync` by `make_sync.py`: change that one.
"""

from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

from text_removal._sync.io import Events
from text_removal._sync.news import News
from text_removal.bars import OnProgress, telling
from text_removal.connection import PREFIX
from text_removal.errors import TaskCancelled, TaskFailed
from text_removal.progress import TaskStatus
from text_removal.results import Result, result_of

if TYPE_CHECKING:
    from text_removal._sync.client import Client


class Task:
    """`id` names it on the service, which keeps it through restarts, and its result for a day unless told otherwise."""

    def __init__(self, client: "Client", task_id: str) -> None:
        self.id = task_id
        self._client = client

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    def status(self) -> TaskStatus:
        """Raises: UnknownTask."""
        answer = self._client.request("GET", f"{PREFIX}/task-status/{quote(self.id, safe='')}")
        return TaskStatus.from_wire(answer.json())

    def events(self, after_seq: int = -1, *, timeout: float | None = None) -> Events:
        """Its state now, then every change, until its end, which comes last and once. It goes on where it was after a
        dropped connection or a restart of the service. `after_seq` leaves out what was seen; `timeout` in seconds.

        By WebSocket, where none passes by server-sent events, and at worst by asking again and again. Raises:
        UnknownTask (a task that nobody has started yet is waited for 30 s), WaitTimedOut.
        """
        return News(self._client, self.id, after_seq, timeout).events()

    def wait(
        self, on_progress: OnProgress | None = None, *, bar: bool = False, timeout: float | None = None
    ) -> TaskStatus:
        """Until it has ended, however it ends. `on_progress` is told each event; `bar` shows them (needs tqdm).

        Raises: UnknownTask, WaitTimedOut.
        """
        with telling(on_progress, bar, self.id) as tell, closing(self.events(timeout=timeout)) as events:
            for event in events:
                tell(event)
        return self.status()

    def cancel(self) -> None:
        """Returns when its work has really stopped. Raises: UnknownTask, TaskFinished."""
        self._client.request("POST", f"{PREFIX}/cancel-task/{quote(self.id, safe='')}")

    def result(self, *, timeout: float | None = None) -> Result:
        """Waits for the end, then fetches the picture. Raises: UnknownTask, WaitTimedOut, TaskFailed, TaskCancelled,
        ResultExpired."""
        if (self.status()).status != "completed":
            with closing(self.events(timeout=timeout)) as events:
                for event in events:
                    if event.status == "error":
                        raise TaskFailed(event.error_message or "the task failed", event.error)
                    if event.status == "cancelled":
                        raise TaskCancelled(f"task {self.id} was cancelled")
        answer = self._client.request("GET", f"{PREFIX}/task-result/{quote(self.id, safe='')}")
        return result_of(answer.content, answer.headers)
