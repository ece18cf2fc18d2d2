"""Calls through Serve handles: errors come out as ours, a cancel reaches the work, a dead replica is tried anew."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from ray.exceptions import ActorDiedError, ActorUnavailableError, RayTaskError, TaskCancelledError, WorkerCrashedError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RequestCancelledError
from ray.serve.handle import DeploymentHandle
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from deployments.errors import ReplicaLost, ShuttingDown
from models.errors import TextRemovalError

Handle = DeploymentHandle[Any]

log = logging.getLogger(__name__)

LOST = (ActorDiedError, ActorUnavailableError, WorkerCrashedError)

DIRECT_BYTES = 3 * 2**20
"""What goes straight from process to process: gRPC takes 4 MiB by default. More is handed over through Ray's shared
memory, which copies less and costs a millisecond or two."""


def direct(handle: Handle) -> Handle:
    """The same handle for messages of up to DIRECT_BYTES, answers included: half the time of a call by reference."""
    return handle.options(_by_reference=False)


def retrying() -> AsyncRetrying:
    """Three attempts while replicas die under the work, which is safe because erasing has no side effects."""
    return AsyncRetrying(
        retry=retry_if_exception_type(ReplicaLost),
        stop=stop_after_attempt(3),
        wait=wait_exponential_jitter(multiplier=0.2, max=3),
        reraise=True,
    )


def translated(error: BaseException) -> BaseException:
    """Our own error behind what Ray raised, or the error itself if there is none."""
    if isinstance(error, RayTaskError):
        cause = error.cause
        return cause if isinstance(cause, TextRemovalError) else translated(cause) if cause is not error else error
    if isinstance(error, LOST):
        return ReplicaLost("the process that worked on this request died")
    if isinstance(error, DeploymentUnavailableError):
        return ShuttingDown("a part of the service has no process to run in")
    if isinstance(error, BackPressureError):
        return ReplicaLost("the deployment takes no more work at the moment")
    if isinstance(error, RequestCancelledError | TaskCancelledError):
        return asyncio.CancelledError()
    return error


async def call(response: Any) -> Any:
    """Await one result. Cancelling the await asks the remote work to stop; it does not wait for its end."""
    try:
        return await response
    except asyncio.CancelledError:
        response.cancel()
        raise
    except Exception as error:
        raise translated(error) from error


async def retried(method: Any, *arguments: Any) -> Any:
    """`call` a handle's method, again if its replica dies under it."""
    async for attempt in retrying():
        with attempt:
            return await call(method.remote(*arguments))
    raise AssertionError("retrying() re-raises the last error")


async def stream(
    method: Any, *arguments: Any, stopped: Callable[[], Awaitable[None]] | None = None
) -> AsyncGenerator[Any]:
    """Yield the items of a handle's generator method. Closing this one asks the remote one to stop and then awaits
    `stopped`, which may wait for its end."""
    finished = False
    responses = method.remote(*arguments)
    try:
        async for item in responses:
            yield item
        finished = True
    except Exception as error:
        finished = True
        raise translated(error) from error
    finally:
        if not finished:
            responses.cancel()
            if stopped is not None:
                await stopped()


async def everywhere(handle: Handle, method: str, *arguments: Any) -> None:
    """Call a method of every live replica and wait for all. Replicas that are gone have nothing left to do."""
    try:
        answers = await handle.broadcast(method, *arguments).results_async(return_exceptions=True)
    except DeploymentUnavailableError:
        return
    for answer in answers:
        if isinstance(answer, Exception):
            log.debug("%s on a replica: %s", method, answer)
