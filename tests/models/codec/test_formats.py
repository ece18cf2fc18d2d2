"""Formats of phones and of animations, pages, and results compressed like the input."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import JpegImagePlugin

from models.codec.images import decode, encode, probe
from models.errors import InvalidImage, InvalidRequest
from models.types import Image
from tests.models.codec.test_images import LIMIT, SRGB, file_of
from tests.pictures import photo

# 48x32, left half (200, 30, 40), right half (20, 60, 200); libheif and x265, quality 60.
HEIC = base64.b64decode(
    b"AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    b"ACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAAFEAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRt"
    b"AAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    b"AAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5j"
    b"bHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAADAAAAABAAAAIAAAAAH////wAAAAAv///+AAAAACAAAAEHBp"
    b"eGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAFltZGF0AAAATSgBrwng44OcVP/5he//ak7L2iOJVAj/fbTvGbf/"
    b"jSUG+U/P6VEEAOcMJLzv6IAe5x1Sp7F3fb8/eCZD9KnBjwEyEuKEXGvtHkRvLtH9"
)
PICTURE = photo(64, 48)


def nothing(rgb: Image) -> Any:
    return np.zeros(rgb.shape[:2], np.uint8)


def as_input(data: bytes, format: str) -> bytes:
    decoded = decode(data, max_pixels=LIMIT)
    return encode(decoded, decoded.rgb, nothing(decoded.rgb), format=format, quality=95, coding=decoded.coding)


def pages(format: str, **options: Any) -> bytes:
    """Three pages of one colour each, the first red, the second green, the third blue."""
    first, *others = (Pillow.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue"))
    return file_of(first, format, save_all=True, append_images=others, **options)


PAGED = {
    "GIF": pages("GIF"),
    "TIFF": pages("TIFF"),
    "PNG": pages("PNG"),
    "WEBP": pages("WEBP", lossless=True),
    "AVIF": pages("AVIF", quality=100),
}


def test_a_picture_of_a_phone_is_read() -> None:
    assert probe(HEIC, max_pixels=LIMIT).format == "HEIF"
    decoded = decode(HEIC, max_pixels=LIMIT)

    assert decoded.rgb.shape == (32, 48, 3)
    assert np.abs(decoded.rgb[5, 5].astype(int) - (200, 30, 40)).max() < 8
    assert np.abs(decoded.rgb[-5, -5].astype(int) - (20, 60, 200)).max() < 8


def test_a_broken_picture_of_a_phone_is_refused() -> None:
    for cut in (20, 100, len(HEIC) // 2, len(HEIC) - 5):
        with pytest.raises(InvalidImage):
            decode(HEIC[:cut], max_pixels=LIMIT)


@pytest.mark.parametrize("alpha", [False, True])
def test_avif_goes_in_and_out_with_its_profile(alpha: bool) -> None:
    # Given
    rgba = np.dstack([PICTURE, np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))])
    source = Pillow.fromarray(rgba if alpha else PICTURE)
    data = file_of(source, "AVIF", quality=95, icc_profile=SRGB, subsampling="4:4:4")
    # When
    decoded = decode(data, max_pixels=LIMIT)
    again = decode(encode(decoded, decoded.rgb, nothing(decoded.rgb), format="avif", quality=95), max_pixels=LIMIT)
    # Then
    assert probe(data, max_pixels=LIMIT).format == again.format == "AVIF"
    assert np.abs(again.rgb.astype(int) - PICTURE.astype(int)).mean() < 6
    assert again.metadata.icc == SRGB
    assert (again.alpha is not None) == alpha


@pytest.mark.parametrize("turn", range(1, 9))
def test_an_avif_is_turned_upright(turn: int) -> None:
    corner = np.zeros((48, 64, 3), np.uint8)
    corner[:16, :16] = 255
    exif = Pillow.Exif()
    exif[0x0112] = turn
    as_jpeg = file_of(Pillow.fromarray(corner), "JPEG", quality=95, exif=exif)
    as_avif = file_of(Pillow.fromarray(corner), "AVIF", quality=95, exif=exif)

    a, b = (decode(data, max_pixels=LIMIT).rgb.astype(int) for data in (as_jpeg, as_avif))

    assert a.shape == b.shape
    assert np.abs(a - b).mean() < 8


@pytest.mark.parametrize(("format", "data"), PAGED.items())
@pytest.mark.parametrize(("page", "colour"), [(0, (255, 0, 0)), (1, (0, 255, 0)), (2, (0, 0, 255))])
def test_each_page_can_be_had_and_their_number_is_told(
    format: str, data: bytes, page: int, colour: tuple[int, int, int]
) -> None:
    decoded = decode(data, max_pixels=LIMIT, page=page)

    assert probe(data, max_pixels=LIMIT, page=page).format == decoded.format == format
    assert decoded.pages == 3
    assert np.abs(decoded.rgb.astype(int) - colour).max() < 12


@pytest.mark.parametrize("data", [*PAGED.values(), HEIC, file_of(Pillow.fromarray(PICTURE), "JPEG")])
@pytest.mark.parametrize("page", [3, 100_000])
def test_a_page_that_is_not_there_is_refused(data: bytes, page: int) -> None:
    for look in (probe, decode):
        with pytest.raises(InvalidRequest, match="counted from 0"):
            look(data, max_pixels=LIMIT, page=page)


def test_pages_may_differ_in_size() -> None:
    data = file_of(Pillow.new("L", (20, 10)), "TIFF", save_all=True, append_images=[Pillow.new("L", (30, 40))])

    assert (probe(data, max_pixels=LIMIT, page=1).width, probe(data, max_pixels=LIMIT, page=1).height) == (30, 40)
    assert decode(data, max_pixels=LIMIT, page=1).rgb.shape == (40, 30, 3)


def test_a_transparent_gif_keeps_its_alpha() -> None:
    image = Pillow.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 4, 8))

    decoded = decode(file_of(image, "GIF"), max_pixels=LIMIT)

    assert decoded.alpha is not None
    assert decoded.alpha[0].tolist() == [255] * 4 + [0] * 4


@pytest.mark.parametrize("quality", [30, 75, 92])
@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_jpeg_compressed_as_its_input_is_about_as_large(quality: int, sampling: str) -> None:
    data = file_of(Pillow.fromarray(photo(400, 300)), "JPEG", quality=quality, subsampling=sampling)

    result = as_input(data, "jpeg")

    was, became = Pillow.open(io.BytesIO(data)), Pillow.open(io.BytesIO(result))
    assert isinstance(was, JpegImagePlugin.JpegImageFile)
    assert isinstance(became, JpegImagePlugin.JpegImageFile)
    assert became.quantization == was.quantization
    assert JpegImagePlugin.get_sampling(became) == JpegImagePlugin.get_sampling(was)
    assert 0.9 < len(result) / len(data) < 1.1


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_jpeg_of_another_kind_is_compressed_alike_too(mode: str) -> None:
    data = file_of(Pillow.fromarray(photo(400, 300)).convert(mode), "JPEG", quality=60)

    assert len(as_input(data, "jpeg")) < 1.1 * len(data)


@pytest.mark.parametrize("animated", [False, True])
@pytest.mark.parametrize("lossless", [False, True])
def test_a_webp_stays_lossless_or_lossy(lossless: bool, animated: bool) -> None:
    frames: dict[str, Any] = {"save_all": True, "append_images": [Pillow.new("RGB", (64, 48))]} if animated else {}
    data = file_of(Pillow.fromarray(PICTURE), "WEBP", lossless=lossless, quality=80, **frames)

    result = decode(as_input(data, "webp"), max_pixels=LIMIT)

    assert np.array_equal(result.rgb, decode(data, max_pixels=LIMIT).rgb) == lossless
