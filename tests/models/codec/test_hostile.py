"""Files that are small and cost much: refused at the header, by either way in."""

import struct
import tracemalloc
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from models.codec.headers import MAX_PLAYED
from models.codec.images import decode, probe
from models.codec.scans import MAX_SCANS, scans_of
from models.errors import ImageTooLarge
from tests.models.codec.test_images import LIMIT, file_of
from tests.pictures import photo

PICTURE = Pillow.fromarray(photo(64, 48))
LOOKS: list[Callable[..., Any]] = [probe, decode]


def jpeg(**options: Any) -> bytes:
    return file_of(PICTURE, "JPEG", **options)


def with_scans(count: int) -> bytes:
    """A progressive JPEG that goes over its picture so often: its last scan, again and again."""
    file = jpeg(progressive=True)
    last = file[file.rindex(b"\xff\xda") : file.rindex(b"\xff\xd9")]
    return file[:-2] + last * (count - scans_of(file)) + b"\xff\xd9"


@pytest.mark.parametrize("look", LOOKS)
def test_a_jpeg_of_a_thousand_scans_is_refused(look: Callable[..., Any]) -> None:
    with pytest.raises(ImageTooLarge) as caught:
        look(with_scans(1000), max_pixels=LIMIT)
    assert caught.value.details == {"scans": 1000, "max_scans": MAX_SCANS}


@pytest.mark.parametrize("look", LOOKS)
def test_a_jpeg_of_as_many_scans_as_are_allowed_is_read(look: Callable[..., Any]) -> None:
    look(with_scans(MAX_SCANS), max_pixels=LIMIT)


def test_what_looks_like_scans_and_is_none_does_not_count() -> None:
    # Given: bytes of a segment, of a comment, and behind the end
    segment = b"\xff\xda" * 5000
    file = jpeg(progressive=True, comment=segment, exif=b"Exif\0\0" + segment) + segment
    # When / Then
    assert file.count(b"\xff\xda") >= 15_000
    assert scans_of(file) == scans_of(jpeg(progressive=True)) == 10
    assert probe(file, max_pixels=LIMIT).width == 64


def test_of_a_file_that_is_cut_those_are_counted_that_are_there() -> None:
    file = with_scans(300)
    ends = list(range(0, len(file), len(file) // 50))
    counts = [scans_of(file[:end]) for end in ends]
    assert counts == sorted(counts)
    assert (counts[0], MAX_SCANS < counts[-1] <= 300) == (0, True)


def deep(channels: int, format: str) -> bytes:
    samples = np.random.default_rng(0).integers(0, 65536, (40, 50, channels), np.uint16)
    return bytes(cv2.imencode(format, samples)[1])


@pytest.mark.parametrize("format", [".png", ".tiff"])
@pytest.mark.parametrize(("channels", "least"), [(3, 3200), (4, 4200)])
@pytest.mark.parametrize("look", LOOKS)
def test_pixels_that_take_more_memory_may_be_fewer(
    look: Callable[..., Any], channels: int, least: int, format: str
) -> None:
    """2,000 of them take as much as 3,200 or 4,200 plain ones."""
    file = deep(channels, format)
    look(file, max_pixels=least)
    with pytest.raises(ImageTooLarge) as caught:
        look(file, max_pixels=least - 10)
    assert 0 < caught.value.details["max_pixels"] < 2000


@pytest.mark.parametrize(("format", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("TIFF", "L")])
def test_plain_pixels_may_be_as_many_as_is_said(format: str, mode: str) -> None:
    assert probe(file_of(PICTURE.convert(mode), format), max_pixels=64 * 48).width == 64


@pytest.mark.parametrize("look", LOOKS)
def test_a_late_frame_that_needs_all_before_it_is_refused(look: Callable[..., Any]) -> None:
    # Given
    frames = [PICTURE.point(lambda value, shade=shade: (value + shade) % 256) for shade in range(MAX_PLAYED + 2)]
    file = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    # When / Then
    look(file, max_pixels=64 * 48, page=MAX_PLAYED - 1)
    with pytest.raises(ImageTooLarge) as caught:
        look(file, max_pixels=64 * 48, page=MAX_PLAYED)
    assert caught.value.details["field"] == "page"


def tiff_with_tiles(side: int) -> bytes:
    """A little-endian TIFF of 16x16 grey pixels in one deflated tile of side x side."""
    tags = [
        (256, 3, 16), (257, 3, 16), (258, 3, 8), (259, 3, 8), (262, 3, 1), (277, 3, 1),
        (322, 4, side), (323, 4, side), (324, 4, 200), (325, 4, 8),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0)
    return head.ljust(200, b"\0") + bytes(8)


@pytest.mark.parametrize("look", LOOKS)
def test_a_tiff_whose_one_tile_is_larger_than_any_picture_may_be_is_refused(look: Callable[..., Any]) -> None:
    assert probe(tiff_with_tiles(256), max_pixels=LIMIT).width == 16
    with pytest.raises(ImageTooLarge):
        look(tiff_with_tiles(65520), max_pixels=LIMIT)


def test_sixteen_bits_are_compared_without_copies_of_the_whole_picture() -> None:
    # Given
    samples = np.random.default_rng(0).integers(0, 65536, (1500, 1000, 4), np.uint16)
    file = bytes(cv2.imencode(".png", samples, [cv2.IMWRITE_PNG_COMPRESSION, 0])[1])
    # When
    tracemalloc.start()
    decoded = decode(file, max_pixels=10_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Then
    assert decoded.deep is not None
    assert np.array_equal(decoded.deep, samples[..., 2::-1])
    assert peak < 1_500_000 * 22, "16 bits in OpenCV's array, ours beside it, and the 8 bits"
