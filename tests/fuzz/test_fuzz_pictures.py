"""Pictures with bytes changed, left out, doubled: read as something, or refused, and nothing else."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from models.codec import images
from models.codec.images import probe
from models.errors import TextRemovalError
from tests.pictures import photo

MOST_PIXELS = 200_000


def corpus() -> dict[str, bytes]:
    files = {}
    for name, mode, options in (
        ("JPEG", "RGB", {"progressive": True, "exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"}),
        ("PNG", "RGBA", {}),
        ("WebP", "RGB", {"quality": 60}),
        ("GIF", "P", {}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
        ("BMP", "RGB", {}),
        ("AVIF", "RGB", {"speed": 10}),
    ):
        buffer = io.BytesIO()
        Image.fromarray(photo(48, 32)).convert(mode).save(buffer, name, **options)
        files[name] = buffer.getvalue()
    return files


CORPUS = corpus()


@st.composite
def mutated(draw: st.DrawFn, name: str) -> bytes:
    data = bytearray(CORPUS[name])
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(["flip", "set", "cut", "double", "insert", "end"])):
            case "flip" if data:
                data[place] ^= 1 << draw(st.integers(0, 7))
            case "set" if data:
                data[place] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
            case "cut":
                del data[place : place + draw(st.integers(1, 64))]
            case "double":
                data[place:place] = data[place : place + 64]
            case "insert":
                data[place:place] = draw(st.binary(min_size=1, max_size=16))
            case "end":
                del data[place:]
    return bytes(data)


@pytest.mark.parametrize("name", CORPUS)
@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_a_broken_picture_is_read_or_refused(name: str, data: st.DataObject) -> None:
    file = data.draw(mutated(name))
    try:
        info = probe(file, max_pixels=MOST_PIXELS)
        decoded = images.decode(file, max_pixels=MOST_PIXELS)
    except TextRemovalError:
        return

    height, width = decoded.rgb.shape[:2]
    assert 0 < width * height <= MOST_PIXELS
    assert {info.width, info.height} == {width, height}
    assert decoded.rgb.dtype == np.uint8


@given(st.binary(max_size=2000))
def test_what_is_no_picture_is_refused(file: bytes) -> None:
    with pytest.raises(TextRemovalError):
        probe(file, max_pixels=MOST_PIXELS)
