"""The client. Made of its twin in `_sync` by `make_sync.py`: change that one."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx
from tenacity import Retrying
from typing_extensions import Self, Unpack

from text_removal._sync.io import in_thread
from text_removal._sync.task import Task
from text_removal.connection import PREFIX, Address
from text_removal.errors import ConnectionFailed, RequestTimedOut
from text_removal.errors.answers import api_error
from text_removal.images import ImageLike, encoded
from text_removal.options import DetectOptions, RegionOptions, RemoveTextOptions, TaskOptions, form_fields
from text_removal.progress import TaskCounts
from text_removal.regions import RegionLike
from text_removal.results import Detection, Result, result_of
from text_removal.retrying import BROKEN, Patience
from text_removal.service import Health, Info, Models
from text_removal.wire import from_wire

TIMEOUT = httpx.Timeout(330.0, connect=10.0)
"""Longer than the service's own limit for a request by default, so that it is the service that says so."""


class Client:
    """A service at `url` (else $TEXT_REMOVAL_URL, else http://127.0.0.1:8081), with `api_key` (else
    $TEXT_REMOVAL_API_KEY) if it asks for one. `timeout` is of one attempt, in seconds; `patience` says how often and
    how long it is tried. `transport` stands in for the network, as httpx has it.

    Images are paths, bytes, open files, URLs (fetched here), PIL images or numpy arrays. Every call raises ApiError (a
    class for each code), ConnectionFailed or RequestTimedOut; all are TextRemovalErrors and carry the `request_id`.
    Close it, or use it as a context.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float | httpx.Timeout = TIMEOUT,
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.address = Address.find(url, api_key)
        self.patience = patience or Patience()
        self.has_sockets = transport is None
        self.http = httpx.Client(
            base_url=self.address.url, headers=self.address.headers, timeout=timeout, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def remove_text(self, image: ImageLike, **options: Unpack[RemoveTextOptions]) -> Result:
        """Find the text and remove it. None found: the image as it is."""
        return self._result("/remove-text", {"image": image}, form_fields(options))

    def erase(
        self,
        image: ImageLike,
        *,
        regions: Sequence[RegionLike] | None = None,
        mask: ImageLike | None = None,
        **options: Unpack[RegionOptions],
    ) -> Result:
        """Fill `regions`, or what `mask` (an image of the same size) marks in white. Raises: ValueError for both or
        neither."""
        if (regions is None) == (mask is None):
            raise ValueError("give either regions or a mask")
        if mask is not None:
            return self._result("/inpaint", {"image": image, "mask": mask}, form_fields(options))
        fields = form_fields({**options, "regions": regions})
        return self._result("/inpaint-regions", {"image": image}, fields)

    def detect(self, image: ImageLike, **options: Unpack[DetectOptions]) -> Detection:
        """Find text; change nothing."""
        answer = self._post("/detect-text", {"image": image}, form_fields(options))
        return Detection.from_wire(answer.json())

    def submit(
        self,
        image: ImageLike,
        *,
        regions: Sequence[RegionLike] | None = None,
        mask: ImageLike | None = None,
        task_id: str | None = None,
        **options: Unpack[TaskOptions],
    ) -> Task:
        """Start a task: fill `regions`, what `mask` marks, or, without either, the text that is found (by its strokes,
        as `remove_text` does, unless `mask_mode` says otherwise). The same `task_id` with the same job is the same
        task; one is made up if none is given, so this, too, can be tried again safely.

        Raises: ValueError for both regions and mask; TaskConflict for an id that is taken by another job.
        """
        if regions is not None and mask is not None:
            raise ValueError("give either regions or a mask")
        where: dict[str, Any] = {"regions": regions}
        if regions is None and mask is None:
            where = {"detect": True, "mask_mode": options.get("mask_mode") or "strokes"}
        images = {"image": image} if mask is None else {"image": image, "mask": mask}
        fields = form_fields({**options, **where, "task_id": task_id or uuid4().hex})
        answer = self._post("/inpaint-regions-async", images, fields)
        return Task(self, answer.json()["task_id"])

    def task(self, task_id: str) -> Task:
        """A task that was started before, here or elsewhere."""
        return Task(self, task_id)

    def tasks(self) -> TaskCounts:
        return from_wire(TaskCounts, (self.request("GET", f"{PREFIX}/tasks")).json())

    def models(self) -> Models:
        return Models.from_wire((self.request("GET", f"{PREFIX}/models")).json())

    def info(self) -> Info:
        return Info.from_wire((self.request("GET", f"{PREFIX}/info")).json())

    def health(self) -> Health:
        """Also of a service that is not healthy."""
        return from_wire(Health, (self.request("GET", f"{PREFIX}/health", fine=(503,))).json())

    def request(
        self,
        method: str,
        path: str,
        *,
        files: Mapping[str, bytes] | None = None,
        fields: Mapping[str, str] | None = None,
        fine: Sequence[int] = (),
    ) -> httpx.Response:
        """One request to any route of the service, with all patience. `path` starts at the root; `fine` are statuses
        that are no error here, if it is the service that says so."""
        request_id = uuid4().hex
        retrying = Retrying(**self.patience.tenacity())
        try:
            return retrying(self._attempt, method, path, files, fields, fine, request_id)
        except BROKEN as error:
            reason = str(error) or type(error).__name__
            raise ConnectionFailed(f"{self.address.url} cannot be reached: {reason}", request_id) from error
        except httpx.TimeoutException as error:
            reason = type(error).__name__
            raise RequestTimedOut(f"no answer to {method} {path} in time ({reason})", request_id) from error
        except httpx.HTTPError as error:
            raise ConnectionFailed(f"{method} {path}: {error}", request_id) from error

    def _attempt(
        self,
        method: str,
        path: str,
        files: Mapping[str, bytes] | None,
        fields: Mapping[str, str] | None,
        fine: Sequence[int],
        request_id: str,
    ) -> httpx.Response:
        response = self.http.request(method, path, files=files, data=fields, headers={"X-Request-ID": request_id})
        if response.is_success:
            return response
        body = _json(response)
        if response.status_code in fine and isinstance(body, Mapping) and "error" not in body:
            return response
        raise api_error(response.status_code, body, response.headers)

    def _post(self, path: str, images: Mapping[str, ImageLike], fields: Mapping[str, str]) -> httpx.Response:
        files = {name: in_thread(encoded, image) for name, image in images.items()}
        return self.request("POST", PREFIX + path, files=files, fields=fields)

    def _result(self, path: str, images: Mapping[str, ImageLike], fields: Mapping[str, str]) -> Result:
        response = self._post(path, images, fields)
        return result_of(response.content, response.headers)


def _json(response: httpx.Response) -> object:
    """None for what is no JSON: a proxy's page."""
    try:
        return response.json()
    except ValueError:
        return None
