"""What a PNG says beside its samples, chunk by chunk (W3C PNG, third edition)."""

import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"

COLOUR = frozenset({b"gAMA", b"cHRM", b"sRGB", b"cICP"})
"""How the samples are meant. Without them a viewer shows other colours."""

TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt"})
"""Keyword, NUL, text. Image generators keep their parameters here."""

XMP_KEYWORD = b"XML:com.adobe.xmp"
_HIDDEN_PROFILES = b"Raw profile type"
"""Where ImageMagick hides EXIF and IPTC, an old orientation and thumbnail included."""

MAX_BYTES = 4 * 2**20
"""Of all text that is carried over, and of one decompressed XMP packet."""


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each chunk up to the first that is cut short."""
    place = len(SIGNATURE)
    while data.startswith(SIGNATURE) and place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4])
        kind = data[place + 4 : place + 8]
        if place + 12 + length > len(data) or kind == b"IEND":
            return
        if kind != b"IDAT":
            yield kind, data[place + 8 : place + 8 + length]
        place += 12 + length


def carried(data: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The chunks that stay right when samples change, XMP excepted: that is not a PNG's alone."""
    found, size = [], 0
    for kind, content in chunks(data):
        keyword = content.partition(b"\0")[0]
        if kind in COLOUR:
            found.append((kind, content))
        elif kind in TEXT and keyword != XMP_KEYWORD and not keyword.startswith(_HIDDEN_PROFILES):
            size += len(content)
            if size <= MAX_BYTES:
                found.append((kind, content))
    return tuple(found)


def xmp_of(data: bytes) -> bytes | None:
    for kind, content in chunks(data):
        if kind == b"iTXt" and content.startswith(XMP_KEYWORD + b"\0") and len(content) > len(XMP_KEYWORD) + 3:
            compressed, rest = content[len(XMP_KEYWORD) + 1], content[len(XMP_KEYWORD) + 3 :]
            packet = rest.split(b"\0", 2)[-1]  # after the language and the translated keyword
            return zlib.decompressobj().decompress(packet, MAX_BYTES) if compressed else packet
    return None


def xmp_chunk(packet: bytes) -> tuple[bytes, bytes]:
    return b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + packet
