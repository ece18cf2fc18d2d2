"""Callbacks: are they the service's, and what do they say?"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from text_removal.errors import InvalidSignature

TOLERANCE_S = 300.0
"""How far the clocks of service and receiver may be apart, the way of the callback included."""


@dataclass(frozen=True)
class Callback:
    """The end of a task. `image` is the file, when completed. One task may be told of more than once: go by its id."""

    task_id: str
    status: Literal["completed", "error", "cancelled"]
    timestamp: str
    image: bytes | None = field(default=None, repr=False)
    error_message: str | None = None


def verify_callback(
    secret: str | bytes,
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance_s: float = TOLERANCE_S,
    now: float | None = None,
) -> Callback:
    """What the callback says, if the service has signed it with `secret` (its CALLBACK_SECRET) no more than
    `tolerance_s` from `now` (epoch seconds; None: by this machine's clock).

    `headers` are those of the request (`X-Signature`, `X-Signature-Timestamp`), in any case; `body` is as it came.
    Raises: InvalidSignature.
    """
    given = {name.lower(): value for name, value in headers.items()}
    made_at = given.get("x-signature-timestamp", "")
    signature = given.get("x-signature", "")
    if not made_at.isdecimal() or not signature:
        raise InvalidSignature("the callback is not signed: X-Signature or X-Signature-Timestamp is missing")
    key = secret.encode() if isinstance(secret, str) else secret
    expected = "sha256=" + hmac.new(key, made_at.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise InvalidSignature("the signature is not of this secret and body")
    apart_s = (time.time() if now is None else now) - int(made_at)
    if abs(apart_s) > tolerance_s:
        raise InvalidSignature(f"the callback was signed {apart_s:.0f} s ago; {tolerance_s:g} s are allowed")
    told = json.loads(body)
    image = told.get("image_data")
    return Callback(
        task_id=told["task_id"],
        status=told["status"],
        timestamp=told["timestamp"],
        image=None if image is None else base64.b64decode(image),
        error_message=told.get("error_message"),
    )
