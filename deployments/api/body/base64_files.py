"""Files as base64 text."""

import binascii

from models.errors import InvalidImage

STEP = 2**20
"""Characters decoded per call, a multiple of 4. The interpreter is locked during a call: short ones keep the event
loop alive beside a worker thread."""

TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def decode(text: str) -> bytes:
    """Bytes of a base64 text, with or without a `data:...;base64,` prefix.

    White space and missing padding are forgiven and the URL-safe alphabet is understood; any other foreign character
    is not.

    Raises: InvalidImage.
    """
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
        plain = encoded.translate(TO_STANDARD, b" \t\r\n\f\v")
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
