"""Delivers callbacks: signed, to a checked and pinned address, retried with back-off, within bounds.

The body is `{"task_id", "status", "timestamp"}` and, when completed, `image_data` (base64), when failed,
`error_message`. `status` is completed, error or cancelled: every end is told, so that no receiver waits for ever.
`timestamp` is the end of the task, so every attempt sends the same bytes. With a secret, `X-Signature` is
`sha256=<hex>`, the HMAC-SHA256 of `<X-Signature-Timestamp>.<body>`; that header is when the attempt was made, in epoch
seconds, so that a receiver can turn away what somebody recorded and plays again. A receiver may be called more than
once for one task and must go by its id.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from weakref import WeakValueDictionary

import httpx
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
    wait_random,
)

from deployments.callbacks.policy import CallbackPolicy, CallbackRefused, host_of, not_allowed, parse, resolve
from deployments.messages.task import Callback, CallbackState, TaskRecord, TaskStatus
from deployments.storage.blobs import BlobStore, result_key

logger = logging.getLogger(__name__)

_WORTH_ANOTHER_TRY = frozenset({408, 425, 429})
"""Of the 4xx; every 5xx is as well. Another 4xx, and a redirect, will not change by asking again."""


class Undelivered(Exception):
    """This attempt failed; another may not. The text says why, for the task's owner."""


class Undeliverable(Exception):
    """No attempt can succeed."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a receiver is tried: `attempts` in all, pauses from `first_pause_s` doubling to `longest_pause_s`, none
    begun after `total_s`; one attempt may take `attempt_s`."""

    attempts: int = 8
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0
    total_s: float = 900.0
    attempt_s: float = 60.0


class CallbackSender:
    """At most `per_host` attempts are under way to one host, so a dead one holds few bodies in memory and delays
    nobody else. Names are resolved in threads of their own, because a resolver may hang too.
    """

    def __init__(
        self,
        policy: CallbackPolicy,
        blobs: BlobStore,
        secret: str = "",
        *,
        patience: Patience | None = None,
        per_host: int = 4,
        resolver: Callable[[str, int], list[str]] = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._blobs = blobs
        self._secret = secret.encode()
        self._patience = patience or Patience()
        self._per_host = per_host
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._resolver = resolver
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="callback-dns")
        # No proxies from the environment: a proxy would resolve the name again. No kept connections: the pool knows
        # them by address only, and one that was verified for another name at that address must not be reused.
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(self._patience.attempt_s, connect=10.0),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            verify=tls or True,
        )

    async def __call__(self, record: TaskRecord) -> Callback:
        """Deliver the end of `record`, which has a callback; returns how it went. Raises nothing."""
        callback = record.callback
        assert callback is not None
        attempts = 0
        try:
            async for attempt in self._retrying():
                with attempt:
                    attempts += 1
                    await self._attempt(callback.url, record)
        except CallbackRefused as error:
            outcome = replace(callback, state=CallbackState.REFUSED, attempts=attempts, reason=str(error))
        except (Undelivered, Undeliverable) as error:
            outcome = replace(callback, state=CallbackState.FAILED, attempts=attempts, reason=str(error))
        except Exception:
            logger.exception("task %s: its callback broke", record.task_id)
            outcome = replace(callback, state=CallbackState.FAILED, attempts=attempts, reason="internal error")
        else:
            outcome = replace(callback, state=CallbackState.DELIVERED, attempts=attempts, reason=None)
        logger.info("task %s: callback %s after %d attempts", record.task_id, outcome.state, attempts)
        return outcome

    async def close(self) -> None:
        await self._client.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _retrying(self) -> AsyncRetrying:
        patience = self._patience
        return AsyncRetrying(
            retry=retry_if_exception_type(Undelivered),
            stop=stop_after_attempt(patience.attempts) | stop_after_delay(patience.total_s),
            wait=wait_exponential(patience.first_pause_s, patience.longest_pause_s)
            + wait_random(0, patience.first_pause_s),
            reraise=True,
        )

    async def _attempt(self, url: str, record: TaskRecord) -> None:
        target = parse(url)
        gate = self._gates.setdefault(host_of(target), asyncio.Semaphore(self._per_host))
        async with gate:
            try:
                async with asyncio.timeout(self._patience.attempt_s):
                    addresses = await self._addresses(target)
                    body = await self._body(record)
                    await self._post(target, addresses, body)
            except TimeoutError:
                raise Undelivered(f"no answer within {self._patience.attempt_s:g} s") from None

    async def _addresses(self, target: httpx.URL) -> list[str]:
        host = host_of(target)
        if not self._policy.allows(host):
            raise CallbackRefused(not_allowed(host))
        port = target.port or (443 if target.scheme == "https" else 80)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, self._resolver, host, port)
        except (OSError, UnicodeError):
            raise Undelivered(f"the host {host} does not resolve") from None
        return self._policy.permitted(host, found)

    async def _body(self, record: TaskRecord) -> bytes:
        if record.status is not TaskStatus.COMPLETED:
            return body_of(record, None)
        try:
            image = await self._blobs.get(result_key(record.task_id, record.digest, record.attempt))
        except FileNotFoundError:
            raise Undeliverable("the result has expired") from None
        except Exception as error:  # whatever an object store's client raises
            raise Undelivered("the result cannot be read") from error
        return await asyncio.to_thread(body_of, record, image)

    async def _post(self, target: httpx.URL, addresses: list[str], body: bytes) -> None:
        """To the first address that accepts a connection. The answer's body is not read."""
        headers = {"Host": target.netloc.decode("ascii"), "Content-Type": "application/json"}
        if self._secret:
            made_at = str(int(time.time()))
            headers |= {"X-Signature-Timestamp": made_at, "X-Signature": sign(self._secret, made_at, body)}
        for address in addresses:
            try:
                async with self._client.stream(
                    "POST",
                    target.copy_with(host=address),
                    content=body,
                    headers=headers,
                    extensions={"sni_hostname": host_of(target)},
                ) as response:
                    return _check(response.status_code)
            except httpx.ConnectError:
                continue
            except httpx.HTTPError as error:
                raise Undelivered(f"the connection broke ({type(error).__name__})") from error
        raise Undelivered("the receiver accepts no connection")


def body_of(record: TaskRecord, image: bytes | None) -> bytes:
    ended_at = datetime.fromtimestamp(record.completed_at or 0.0, UTC).isoformat()
    body: dict[str, str | None] = {"task_id": record.task_id, "status": record.status.value}
    if image is not None:
        body["image_data"] = base64.b64encode(image).decode("ascii")
    if record.status is TaskStatus.ERROR:
        body["error_message"] = record.error_message
    return json.dumps(body | {"timestamp": ended_at}).encode()


def sign(secret: bytes, made_at: str, body: bytes) -> str:
    signer = hmac.new(secret, made_at.encode() + b".", hashlib.sha256)
    signer.update(body)
    return "sha256=" + signer.hexdigest()


def _check(status: int) -> None:
    if 200 <= status < 300:
        return
    if status >= 500 or status in _WORTH_ANOTHER_TRY:
        raise Undelivered(f"HTTP {status}")
    raise Undeliverable(f"HTTP {status}; redirects are not followed" if 300 <= status < 400 else f"HTTP {status}")
