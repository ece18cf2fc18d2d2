"""Callbacks as the service's own sender makes them."""

import dataclasses
import json
import time

import pytest

from deployments.callbacks.sender import body_of, sign
from deployments.messages.task import TaskRecord, TaskStatus
from text_removal import InvalidSignature, verify_callback

SECRET = "a secret"
ENDED = TaskRecord("t", "d", 1.0, status=TaskStatus.COMPLETED, completed_at=1767225600.0)


def signed(record: TaskRecord, image: bytes | None, *, made_at: float | None = None) -> tuple[dict[str, str], bytes]:
    """Headers and body, as they are sent."""
    body = body_of(record, image)
    moment = str(int(time.time() if made_at is None else made_at))
    return {"X-Signature-Timestamp": moment, "X-Signature": sign(SECRET.encode(), moment, body)}, body


def test_what_the_service_has_signed_is_read() -> None:
    done = verify_callback(SECRET, *signed(ENDED, b"\x89PNG"))
    failed = dataclasses.replace(ENDED, status=TaskStatus.ERROR, error_message="the model failed")
    told = verify_callback(SECRET.encode(), *signed(failed, None))

    assert (done.task_id, done.status, done.image, done.error_message) == ("t", "completed", b"\x89PNG", None)
    assert done.timestamp == "2026-01-01T00:00:00+00:00"
    assert (told.status, told.image, told.error_message) == ("error", None, "the model failed")


def test_headers_are_found_in_any_case() -> None:
    headers, body = signed(ENDED, None)

    assert verify_callback(SECRET, {name.lower(): value for name, value in headers.items()}, body).task_id == "t"


def test_another_secret_another_body_and_another_time_are_turned_away() -> None:
    headers, body = signed(ENDED, b"\x89PNG")
    later = {**headers, "X-Signature-Timestamp": str(int(headers["X-Signature-Timestamp"]) + 1)}
    forged = json.dumps({**json.loads(body), "status": "error"}).encode()

    for secret, given, content in (("another", headers, body), (SECRET, headers, forged), (SECRET, later, body)):
        with pytest.raises(InvalidSignature, match="not of this secret"):
            verify_callback(secret, given, content)


@pytest.mark.parametrize("missing", ["X-Signature", "X-Signature-Timestamp"])
def test_what_is_not_signed_is_turned_away(missing: str) -> None:
    headers, body = signed(ENDED, None)
    del headers[missing]

    with pytest.raises(InvalidSignature, match="not signed"):
        verify_callback(SECRET, headers, body)


@pytest.mark.parametrize("apart_s", [-299, 0, 299])
def test_clocks_may_differ(apart_s: int) -> None:
    now = 1_800_000_000
    assert verify_callback(SECRET, *signed(ENDED, None, made_at=now - apart_s), now=now).task_id == "t"


@pytest.mark.parametrize("apart_s", [-301, 301])
def test_a_recorded_callback_is_turned_away(apart_s: int) -> None:
    now = 1_800_000_000
    headers, body = signed(ENDED, None, made_at=now - apart_s)

    with pytest.raises(InvalidSignature, match="300 s are allowed"):
        verify_callback(SECRET, headers, body, now=now)
    assert verify_callback(SECRET, headers, body, now=now, tolerance_s=400).task_id == "t"
