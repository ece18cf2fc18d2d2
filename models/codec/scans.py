"""How often a JPEG goes over its picture (ITU T.81, annex B)."""

import re

MAX_SCANS = 100
"""Encoders write 1 to about 15; the standard has room for a few hundred. One costs 0.4 to 1.2 ms a megapixel: a hundred
over 100 megapixels of nothing, in a file of 1 MB, 4 s of one processor, which no cancel and no deadline can end."""

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
"""What ends the coded samples of a scan: any marker but a stuffed byte or a restart."""

_ALONE = frozenset({0x01, _SOI, *range(0xD0, 0xD8)})
"""Markers without a length."""


def scans_of(data: bytes) -> int:
    """Scans of the first picture of the file, as far as it goes. Thumbnails in its segments do not count."""
    if data.count(b"\xff\xda") <= MAX_SCANS:
        return data.count(b"\xff\xda")  # no fewer than there are, and found at once
    scans, place = 0, 0
    while (found := _MARKER.search(data, place)) is not None:
        marker, place = found[1][0], found.end()
        if marker == _EOI:
            break
        if marker not in _ALONE:
            scans += marker == _SOS
            place += max(2, int.from_bytes(data[place : place + 2]))
    return scans
