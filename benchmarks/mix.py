"""A mix of requests as a service meets them: every path, every format, mistakes and clients that hang up."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.configs import SLEEPER
from benchmarks.pictures import POSTER, RECEIPT, THUMBNAIL, Workload, encoded, lettered
from benchmarks.requests import Request, in_json, multipart, regions_of

SHARES: Mapping[str, int] = {
    "regions": 28, "regions in JSON": 10, "mask": 12, "strokes": 8, "detection": 8, "remove text": 6, "task": 12,
    "cancelled task": 4, "bad request": 6, "hang-up": 6,
}  # fmt: skip
WORKLOADS = (THUMBNAIL, RECEIPT, POSTER)
KINDS = ("JPEG", "PNG", "WEBP")
OUTPUTS = ("png", "jpeg")
MODELS = ("cv2", SLEEPER)
TASK_LIMIT_S = 300.0
POLL_S = 0.1
FINAL = {"completed", "error", "cancelled"}


@dataclass(frozen=True, slots=True)
class Step:
    """One request of the mix; `chance` (0-1) decides what is left to decide."""

    sort: str
    workload: Workload
    kind: str
    output: str
    model: str
    chance: float


def steps(count: int, seed: int = 0) -> list[Step]:
    """The same for equal arguments."""
    rng = random.Random(seed)
    sorts = rng.choices(list(SHARES), list(SHARES.values()), k=count)
    return [
        Step(
            sort, rng.choice(WORKLOADS), rng.choice(KINDS), rng.choice(OUTPUTS), rng.choice(MODELS), rng.random()
        )
        for sort in sorts
    ]  # fmt: skip


@dataclass(slots=True)
class Pictures:
    """Encoded pictures with letters in their boxes, drawn when first asked for."""

    _files: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def image(self, workload: Workload, kind: str) -> bytes:
        key = workload.name, kind
        if key not in self._files:
            self._files[key] = encoded(lettered(workload.image(), workload.boxes), kind)
        return self._files[key]

    def mask(self, workload: Workload) -> bytes:
        key = workload.name, "mask"
        if key not in self._files:
            self._files[key] = encoded(workload.mask(), "PNG")
        return self._files[key]


class Mix:
    """Performs steps against a service. A request that ends as its sort should is fine; else the error says how."""

    def __init__(self, http: httpx.AsyncClient, pictures: Pictures) -> None:
        self._http = http
        self._pictures = pictures

    async def perform(self, step: Step) -> str:
        """The error in a few words; empty if all went as it should."""
        special: dict[str, Callable[[Step], Awaitable[str]]] = {
            "task": self._task, "cancelled task": self._cancelled_task, "bad request": self._bad_request,
            "hang-up": self._hang_up,
        }  # fmt: skip
        try:
            return await special.get(step.sort, self._simple)(step)
        except httpx.HTTPError as error:
            return f"{step.sort}: {type(error).__name__}"

    def request(self, step: Step) -> Request:
        """What a step sends first; for a bad request a good one."""
        image = self._pictures.image(step.workload, step.kind)
        options = {"model": step.model, "output_format": step.output}
        regions = regions_of(step.workload.boxes)
        if step.sort == "regions in JSON":
            return in_json("/api/v1/inpaint-regions", {"image": image, "regions": regions, **options})
        if step.sort == "mask":
            mask = self._pictures.mask(step.workload)
            return in_json("/api/v1/inpaint", {"image": image, "mask": mask, **options})
        paths = {"detection": "detect-text", "remove text": "remove-text"}
        if "task" in step.sort:
            paths[step.sort] = "inpaint-regions-async"
        fields = {**options, "regions": json.dumps(regions)}
        if step.sort in ("detection", "remove text"):
            del fields["regions"]
        if step.sort == "strokes":
            fields["mask_mode"] = "strokes"
        if step.sort == "task" and step.chance < 0.3:
            fields = {**options, "detect": "true"}
        file = (f"image.{step.kind.lower()}", image, f"image/{step.kind.lower()}")
        return multipart(f"/api/v1/{paths.get(step.sort, 'inpaint-regions')}", {"image": file}, fields)

    async def _simple(self, step: Step) -> str:
        return _unless(200, step.sort, await self._post(self.request(step)))

    async def _bad_request(self, step: Step) -> str:
        image = self._pictures.image(step.workload, step.kind)
        outside = [{"x1": 90_000, "y1": 0, "x2": 90_010, "y2": 10}]
        inside = regions_of(step.workload.boxes)
        path = "/api/v1/inpaint-regions"
        attempts: list[tuple[str, Request, int]] = [
            ("not an image", in_json(path, {"image": b"no image", "regions": inside}), 400),
            ("cut-off image", in_json(path, {"image": image[: len(image) // 3], "regions": inside}), 400),
            ("no JSON", Request(path, b"{", "application/json"), 400),
            ("unknown type", Request(path, image, "text/plain"), 415),
            ("region outside", in_json(path, {"image": image, "regions": outside, "model": step.model}), 422),
            ("unknown model", in_json(path, {"image": image, "regions": inside, "model": "nobody"}), 422),
        ]
        name, request, status = attempts[int(step.chance * len(attempts))]
        return _unless(status, f"{step.sort} ({name})", await self._post(request))

    async def _hang_up(self, step: Step) -> str:
        """Anything but an error of the service is fine; it may even be done before."""
        try:
            async with asyncio.timeout(0.3 * step.chance):
                answer = await self._post(self.request(step))
        except TimeoutError:
            return ""
        return _unless(200, step.sort, answer)

    async def _task(self, step: Step) -> str:
        answer = await self._post(self.request(step))
        if answer.status_code != 202:
            return _unless(202, step.sort, answer)
        status = await self._end_of(answer.json()["status_url"])
        if status != "completed":
            return f"{step.sort}: {status}"
        return _unless(200, f"{step.sort}, its result", await self._http.get(answer.json()["result_url"]))

    async def _cancelled_task(self, step: Step) -> str:
        answer = await self._post(self.request(step))
        if answer.status_code != 202:
            return _unless(202, step.sort, answer)
        await asyncio.sleep(0.2 * step.chance)
        cancel = await self._http.post(f"/api/v1/cancel-task/{answer.json()['task_id']}")
        return "" if cancel.status_code == 409 else _unless(200, step.sort, cancel)

    async def _end_of(self, status_url: str) -> str:
        deadline = time.monotonic() + TASK_LIMIT_S
        while time.monotonic() < deadline:
            state: dict[str, Any] = (await self._http.get(status_url)).json()
            if state.get("status") in FINAL:
                return str(state["status"])
            await asyncio.sleep(POLL_S)
        return f"no end within {TASK_LIMIT_S:.0f} s"

    async def _post(self, request: Request) -> httpx.Response:
        return await self._http.post(
            request.path, content=request.content, headers={"content-type": request.content_type}
        )


def _unless(status: int, what: str, answer: httpx.Response) -> str:
    return "" if answer.status_code == status else f"{what}: {answer.status_code}"
