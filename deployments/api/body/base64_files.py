"""Files as base64 text."""

import binascii
from urllib.parse import unquote_to_bytes

from models.errors import InvalidImage

STEP = 2**20
"""Characters decoded per call, a multiple of 4. The interpreter is locked during a call: short ones keep the event
loop alive beside a worker thread."""

TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def decode(text: str) -> bytes:
    """Bytes of a base64 text, with or without a `data:...;base64,` prefix.

    White space, also before the prefix, and missing or excess padding are forgiven; the URL-safe alphabet and
    percent-encoding (a data: URL may have that) are understood; any other foreign character is not.

    Raises: InvalidImage.
    """
    text = text.lstrip()
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.lower().endswith(";base64"):
            raise InvalidImage("the data: URL is not base64")
    try:
        encoded = text.encode("ascii")
    except UnicodeEncodeError:
        raise InvalidImage("this is not base64 text") from None
    try:
        return _decode_strictly(encoded)
    except binascii.Error:
        if b"%" in encoded:
            encoded = unquote_to_bytes(encoded)
        plain = encoded.translate(TO_STANDARD, b" \t\r\n\f\v").rstrip(b"=")
        padded = plain + b"=" * (-len(plain) % 4)
    try:
        return _decode_strictly(padded)
    except binascii.Error:
        raise InvalidImage("this is not base64 text") from None


def _decode_strictly(encoded: bytes) -> bytes:
    last = max(0, len(encoded) - 1) // STEP * STEP
    if encoded.find(b"=", 0, last) >= 0:
        raise binascii.Error("padding before the end")
    return b"".join(
        binascii.a2b_base64(encoded[start : start + STEP], strict_mode=True) for start in range(0, len(encoded), STEP)
    )
