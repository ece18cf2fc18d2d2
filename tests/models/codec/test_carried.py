"""What a file says beside its pixels comes out again: texts, colours, XMP, comments."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

from models.codec.images import decode, encode
from models.codec.png_chunks import chunks
from tests.models.codec.test_images import LIMIT, chunk, file_of
from tests.pictures import photo

PICTURE = Pillow.fromarray(photo(32, 24))
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmlns:tiff="t" tiff:Orientation="6"/>'
    b"<xmp:Thumbnails><rdf:li>c2VjcmV0</rdf:li></xmp:Thumbnails><dc:title>T</dc:title></x:xmpmeta>"
)
UPRIGHT_XMP = XMP.replace(b'"6"', b'"1"').replace(b"<xmp:Thumbnails><rdf:li>c2VjcmV0</rdf:li></xmp:Thumbnails>", b"")
COLOUR = [
    (b"gAMA", (100_000).to_bytes(4)),
    (b"cHRM", b"".join(value.to_bytes(4) for value in (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))),
    (b"sRGB", b"\1"),
    (b"cICP", b"\x09\x10\x00\x01"),
]


def again(data: bytes, format: str) -> bytes:
    decoded = decode(data, max_pixels=LIMIT)
    mask = np.zeros(decoded.rgb.shape[:2], np.uint8)
    return encode(decoded, decoded.rgb, mask, format=format, quality=95)


def with_chunks(*extra: tuple[bytes, bytes], image: Pillow.Image = PICTURE) -> bytes:
    data = file_of(image, "PNG")
    return data[:33] + b"".join(chunk(kind, content) for kind, content in extra) + data[33:]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "I;16", "P"])
def test_the_texts_and_colours_of_a_png_come_out_as_they_were(mode: str) -> None:
    # Given
    extra = [
        *COLOUR,
        (b"tEXt", b"parameters\0a cat, steps: 20"),
        (b"iTXt", "prompt\0\0\0\0\0ein Kätzchen".encode()),
        (b"zTXt", b"workflow\0\0x\x9c\x03\0\0\0\0\1"),
    ]
    image = Pillow.fromarray(np.zeros((4, 4), np.uint16)) if mode == "I;16" else PICTURE.convert(mode)
    # When
    result = again(with_chunks(*extra, image=image), "png")
    # Then
    found = list(chunks(result))
    assert [item for item in found if item in extra] == extra
    assert isinstance(Pillow.open(io.BytesIO(result)), PngImagePlugin.PngImageFile)


def test_texts_behind_the_pixels_are_kept_too() -> None:
    notes = chunk(b"tEXt", b"Comment\0late")
    data = file_of(PICTURE, "PNG")

    assert notes in again(data[:-12] + notes + data[-12:], "png")


def test_hidden_profiles_and_more_text_than_is_sensible_are_left_out() -> None:
    hidden, huge = (b"tEXt", b"Raw profile type exif\0secret"), (b"tEXt", b"huge\0" + bytes(5 * 2**20))

    result = again(with_chunks(hidden, huge, (b"tEXt", b"small\0text")), "png")

    assert [content for kind, content in chunks(result) if kind == b"tEXt"] == []
    assert b"secret" not in result


FORMATS: dict[str, dict[str, Any]] = {"JPEG": {}, "WEBP": {}, "AVIF": {}, "PNG": {}}


def file_with_xmp(format: str) -> bytes:
    if format == "PNG":
        return with_chunks((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP))
    return file_of(PICTURE, format, xmp=XMP)


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_xmp_goes_from_every_format_into_every_format_upright_and_without_thumbnails(source: str, target: str) -> None:
    result = decode(again(file_with_xmp(source), target.lower()), max_pixels=LIMIT)

    assert result.metadata.xmp == UPRIGHT_XMP


def test_broken_xmp_of_a_png_is_left_out() -> None:
    data = with_chunks((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0no zlib"))

    assert decode(data, max_pixels=LIMIT).metadata.xmp is None


def test_the_comment_and_density_of_a_jpeg_are_kept() -> None:
    data = file_of(PICTURE, "JPEG", comment=b"by me", dpi=(300, 150))

    jpeg = Pillow.open(io.BytesIO(again(data, "jpeg")))
    png = again(data, "png")

    assert (jpeg.info["comment"], jpeg.info["dpi"]) == (b"by me", (300, 150))
    assert (b"tEXt", b"Comment\0by me") in chunks(png)
