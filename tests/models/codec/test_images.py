"""Files in, files out: what a client gets back is what it sent, but for the masked pixels."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps

from models.codec.images import DecodedImage, ImageInfo, decode, encode, probe
from models.errors import ImageTooLarge, InvalidImage, InvalidRequest, UnsupportedImage
from models.types import Image, Mask

LIMIT = 100_000_000
FILL = (10, 200, 90)
FILL_LUMA = 131  # 0.299 * 10 + 0.587 * 200 + 0.114 * 90
WIDTH, HEIGHT = 41, 29
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(*shape: int, dtype: Any = np.uint8, seed: int = 0) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def file_of(image: Pillow.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(samples: NDArray[Any], *, before: bytes = b"", after: bytes = b"") -> bytes:
    """A PNG written by hand, (h, w, channels), with extra chunks before or after the pixels."""
    height, width, channels = samples.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8 * samples.dtype.itemsize, kind, 0, 0, 0)
    octets = samples.astype(samples.dtype.newbyteorder(">")).reshape(height, -1).view(np.uint8)
    rows = np.hstack((np.zeros((height, 1), np.uint8), octets))
    pixels = chunk(b"IDAT", zlib.compress(rows.tobytes()))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + pixels + after + chunk(b"IEND", b"")


def spot(width: int, height: int) -> Mask:
    mask = np.zeros((height, width), np.uint8)
    mask[height // 3 : height // 2 + 1, width // 4 : width // 2 + 1] = 255
    return mask


def fill(decoded: DecodedImage, mask: Mask) -> Image:
    return np.where(mask[..., None] > 0, np.array(FILL, np.uint8), decoded.rgb)


def erased(data: bytes, *, format: str = "png", quality: int = 95) -> tuple[bytes, Mask]:
    decoded = decode(data, max_pixels=LIMIT)
    mask = spot(decoded.rgb.shape[1], decoded.rgb.shape[0])
    return encode(decoded, fill(decoded, mask), mask, format=format, quality=quality), mask


def raw(data: bytes) -> NDArray[Any]:
    """The samples of a file, at its own depth, by OpenCV; BGR or BGRA."""
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))


def with_key(image: Pillow.Image, key: Any) -> bytes:
    return file_of(image, "PNG", transparency=key)


RGB, RGBA, GREY = noise(HEIGHT, WIDTH, 3), noise(HEIGHT, WIDTH, 4), noise(HEIGHT, WIDTH)
PALETTE = Pillow.fromarray(RGB).quantize(32)
EIGHT_BIT = {
    "png 1": file_of(Pillow.fromarray(GREY).convert("1"), "PNG"),
    "png L": file_of(Pillow.fromarray(GREY), "PNG"),
    "png L with key": with_key(Pillow.fromarray(GREY), int(GREY[3, 3])),
    "png LA": file_of(Pillow.fromarray(RGBA[..., :2], "LA"), "PNG"),
    "png P": file_of(PALETTE, "PNG"),
    "png P with key": with_key(PALETTE, 5),
    "png P with alpha": with_key(PALETTE, bytes(range(0, 256, 8))),
    "png RGB": file_of(Pillow.fromarray(RGB), "PNG"),
    "png RGB with key": with_key(Pillow.fromarray(RGB), tuple(int(value) for value in RGB[3, 3])),
    "png RGBA": file_of(Pillow.fromarray(RGBA), "PNG"),
    "bmp L": file_of(Pillow.fromarray(GREY), "BMP"),
    "bmp P": file_of(PALETTE, "BMP"),
    "bmp RGB": file_of(Pillow.fromarray(RGB), "BMP"),
    "tiff 1": file_of(Pillow.fromarray(GREY).convert("1"), "TIFF"),
    "tiff L": file_of(Pillow.fromarray(GREY), "TIFF"),
    "tiff RGB": file_of(Pillow.fromarray(RGB), "TIFF", compression="tiff_lzw"),
    "tiff RGBA": file_of(Pillow.fromarray(RGBA), "TIFF", compression="tiff_deflate"),
    "webp RGB": file_of(Pillow.fromarray(RGB), "WEBP", lossless=True),
    "webp RGBA": file_of(Pillow.fromarray(RGBA), "WEBP", lossless=True, exact=True),
    "jpeg L": file_of(Pillow.fromarray(GREY), "JPEG"),
    "jpeg RGB": file_of(Pillow.fromarray(RGB), "JPEG"),
}


@pytest.mark.parametrize("output", [("png", 95), ("webp", 100)], ids=["png", "lossless webp"])
@pytest.mark.parametrize("name", EIGHT_BIT)
def test_every_sample_outside_the_mask_is_that_of_the_input(name: str, output: tuple[str, int]) -> None:
    # Given an input as Pillow sees it
    data = EIGHT_BIT[name]
    before = np.asarray(Pillow.open(io.BytesIO(data)).convert("RGBA"))

    # When
    result, mask = erased(data, format=output[0], quality=output[1])

    # Then
    image = Pillow.open(io.BytesIO(result))
    after = np.asarray(image.convert("RGBA"))
    assert np.array_equal(after[mask == 0], before[mask == 0])
    grey = np.array_equal(before[..., 0], before[..., 1])
    assert (after[mask > 0][:, :3] == ((FILL_LUMA,) * 3 if grey else FILL)).all()
    assert np.array_equal(after[..., 3], before[..., 3])
    if output[0] == "png":
        colour = "L" if grey else "RGB"
        assert image.mode == (colour if (before[..., 3] == 255).all() and "A" not in name else colour + "A")


DEEP = noise(HEIGHT, WIDTH, 4, dtype=np.uint16)
SIXTEEN_BIT = {
    "png grey": (png_of(DEEP[..., :1]), DEEP[..., 0], None),
    "png grey and alpha": (png_of(DEEP[..., :2]), DEEP[..., 0], DEEP[..., 1]),
    "png RGB": (png_of(DEEP[..., :3]), DEEP[..., :3], None),
    "png RGBA": (png_of(DEEP), DEEP[..., :3], DEEP[..., 3]),
    "tiff grey": (file_of(Pillow.fromarray(DEEP[..., 0]), "TIFF"), DEEP[..., 0], None),
    "tiff RGB": (cv2.imencode(".tiff", DEEP[..., 2::-1])[1].tobytes(), DEEP[..., :3], None),
}


@pytest.mark.parametrize("name", SIXTEEN_BIT)
def test_sixteen_bit_pictures_stay_sixteen_bit(name: str) -> None:
    # Given
    data, colour, alpha = SIXTEEN_BIT[name]

    # When
    decoded = decode(data, max_pixels=LIMIT)
    result, mask = erased(data)

    # Then the model sees the upper bytes,
    assert np.array_equal(decoded.rgb, np.atleast_3d(colour >> 8) * np.ones(3, np.uint8))
    # and the result holds all bits outside the mask and 257 times the model's value inside.
    after = raw(result)
    assert after.dtype == np.uint16
    after_colour = after if after.ndim == 2 else after[..., 2::-1]
    expected = np.array(FILL if colour.ndim == 3 else [FILL_LUMA] * 3, np.uint16) * 257
    for channel in range(after_colour.ndim if after.ndim == 3 else 1):
        plane = after_colour if after.ndim == 2 else after_colour[..., channel]
        source = colour if colour.ndim == 2 else colour[..., channel]
        assert np.array_equal(plane[mask == 0], source[mask == 0])
        assert (plane[mask > 0] == expected[channel]).all()
    if alpha is not None:
        assert np.array_equal(after[..., 3], alpha)
    assert result[25] == {(2, False): 0, (2, True): 4, (3, False): 2, (3, True): 6}[colour.ndim, alpha is not None]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sixteen_bit_colour_key_becomes_alpha(channels: int) -> None:
    # Given
    key = chunk(b"tRNS", DEEP[3, 3, :channels].astype(">u2").tobytes())

    # When
    decoded = decode(png_of(DEEP[..., :channels], before=key), max_pixels=LIMIT)

    # Then
    assert decoded.alpha is not None
    assert decoded.alpha[3, 3] == 0
    assert np.count_nonzero(decoded.alpha == 65535) == WIDTH * HEIGHT - 1


def test_the_colour_key_of_a_four_bit_grey_png_is_found() -> None:
    # Given one row of the samples 0, 5, 10, 15, where 5 is transparent
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 1, 4, 0, 0, 0, 0))
    pixels = chunk(b"tRNS", b"\x00\x05") + chunk(b"IDAT", zlib.compress(b"\x00\x05\xaf"))
    decoded = decode(b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b""), max_pixels=LIMIT)

    # Then
    assert decoded.rgb[0, :, 0].tolist() == [0, 85, 170, 255]
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[255, 0, 255, 255]]


def test_a_sixteen_bit_tiff_whose_white_is_zero_is_shown_right() -> None:
    ink = file_of(Pillow.fromarray(DEEP[..., 0]), "TIFF", tiffinfo={262: 0})
    if Pillow.open(io.BytesIO(ink)).tag_v2[262] != 0:  # type: ignore[attr-defined]
        entry = struct.pack("<HHI", 262, 3, 1)
        ink = ink.replace(entry + struct.pack("<H", 1), entry + struct.pack("<H", 0))

    decoded = decode(ink, max_pixels=LIMIT)

    assert decoded.deep is not None
    assert np.array_equal(decoded.deep, 65535 - DEEP[..., 0])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_the_result_displays_as_the_input_does(turn: int, format: str) -> None:
    # Given a picture stored in any of the eight ways EXIF knows
    exif = Pillow.Exif()
    exif[0x0112] = turn
    exif[0x010F] = "Camera"
    options = {"WEBP": {"lossless": True}}.get(format, {})
    data = file_of(Pillow.fromarray(RGB), format, exif=exif, dpi=(300, 200), **options)
    shown = ImageOps.exif_transpose(Pillow.open(io.BytesIO(data)))
    shown.load()

    # When
    info = probe(data, max_pixels=LIMIT)
    result, mask = erased(data)

    # Then the header says so, the result displays the same, and is stored upright with the other EXIF facts.
    assert (info.format, info.width, info.height) == (format, *shown.size)
    image = Pillow.open(io.BytesIO(result))
    displayed = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(displayed[mask == 0], np.asarray(shown)[mask == 0])
    assert image.getexif().get(0x0112) == 1
    assert image.getexif()[0x010F] == "Camera"
    if format != "WEBP":
        assert image.info["dpi"] == pytest.approx((200, 300) if turn >= 5 else (300, 200), abs=0.02)


@pytest.mark.parametrize("turn", range(1, 9))
def test_sixteen_bit_samples_and_alpha_are_turned_with_the_picture(turn: int) -> None:
    # Given EXIF behind the pixels, where probing must not decode to find it
    exif = Pillow.Exif()
    exif[0x0112] = turn
    data = png_of(DEEP, after=chunk(b"eXIf", exif.tobytes()[6:]))
    shown = np.asarray(ImageOps.exif_transpose(Pillow.open(io.BytesIO(data))))

    # When
    info, decoded = probe(data, max_pixels=LIMIT), decode(data, max_pixels=LIMIT)

    # Then
    assert (info.height, info.width) == shown.shape[:2]
    assert decoded.deep is not None
    assert decoded.alpha is not None
    assert np.array_equal(decoded.deep >> 8, shown[..., :3])
    assert np.array_equal(decoded.alpha >> 8, shown[..., 3])
    assert decoded.deep.flags.c_contiguous
    assert decoded.rgb.flags.c_contiguous


def test_nonsense_orientations_and_broken_exif_are_ignored() -> None:
    for exif in (
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0",
        b"Exif\0\0rubbish",
        b"Exif\0\0II*\0",
    ):
        data = file_of(Pillow.fromarray(RGB), "JPEG", exif=exif)
        assert probe(data, max_pixels=LIMIT) == ImageInfo("JPEG", WIDTH, HEIGHT)
        assert decode(data, max_pixels=LIMIT).rgb.shape == (HEIGHT, WIDTH, 3)


def test_the_thumbnail_which_shows_the_removed_text_is_gone() -> None:
    # Given a JPEG whose EXIF holds a second directory with a small picture
    small = file_of(Pillow.fromarray(RGB[:8, :8]), "JPEG")
    first = struct.pack("<H", 1) + struct.pack("<HHIHH", 0x0112, 3, 1, 1, 0) + struct.pack("<I", 26)
    second = (
        struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, 56) + struct.pack("<HHII", 0x0202, 4, 1, len(small))
    )
    exif = b"Exif\0\0II*\0\x08\0\0\0" + first + second + struct.pack("<I", 0) + small
    data = file_of(Pillow.fromarray(RGB), "JPEG", exif=exif)

    # Then
    assert small in data
    for format in ("png", "jpeg", "webp"):
        assert small not in erased(data, format=format)[0]


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_profile_and_resolution_survive(format: str) -> None:
    data = file_of(Pillow.fromarray(RGB), "PNG", icc_profile=SRGB, dpi=(300, 300))

    image = Pillow.open(io.BytesIO(erased(data, format=format)[0]))

    assert image.info["icc_profile"] == SRGB
    if format != "webp":  # which has no place for it
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_a_profile_for_other_samples_is_left_out() -> None:
    data = file_of(Pillow.fromarray(GREY), "PNG", icc_profile=SRGB)

    assert "icc_profile" not in Pillow.open(io.BytesIO(erased(data)[0])).info


def test_exif_too_long_for_a_jpeg_is_left_out() -> None:
    exif = Pillow.Exif()
    exif[0x010E] = "x" * 70_000
    data = file_of(Pillow.fromarray(RGB), "PNG", exif=exif)

    assert "exif" in Pillow.open(io.BytesIO(erased(data)[0])).info
    assert "exif" not in Pillow.open(io.BytesIO(erased(data, format="jpeg")[0])).info


def test_a_jpeg_is_opaque_on_white() -> None:
    # Given red that is opaque, half transparent, and gone
    samples = np.zeros((16, 48, 4), np.uint8)
    samples[..., 0] = 255
    samples[:, :16, 3], samples[:, 16:32, 3] = 255, 128

    # When
    decoded = decode(file_of(Pillow.fromarray(samples), "PNG"), max_pixels=LIMIT)
    mask = np.zeros((16, 48), np.uint8)
    shown = np.asarray(Pillow.open(io.BytesIO(encode(decoded, decoded.rgb, mask, format="jpeg", quality=95))))

    # Then
    assert np.allclose(shown[8, [8, 24, 40]], [(255, 0, 0), (255, 127, 127), (255, 255, 255)], atol=4)


def test_inverted_cmyk_of_adobe_is_shown_right() -> None:
    # Given: Pillow writes CMYK JPEGs as Adobe does, inverted and marked so
    ink = Pillow.new("CMYK", (16, 16), (0, 255, 255, 0))

    decoded = decode(file_of(ink, "JPEG", quality=95), max_pixels=LIMIT)

    assert np.allclose(decoded.rgb, (255, 0, 0), atol=4)
    assert Pillow.open(io.BytesIO(erased(file_of(ink, "TIFF"))[0])).mode == "RGB"


def test_the_first_of_several_frames_counts() -> None:
    frames = [Pillow.fromarray(noise(HEIGHT, WIDTH, 3, seed=seed)) for seed in range(3)]
    for format, options in (("TIFF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("MPO", {"quality": 100})):
        data = file_of(frames[0], format, save_all=True, append_images=frames[1:], **options)

        decoded = decode(data, max_pixels=LIMIT)

        assert decoded.format == ("JPEG" if format == "MPO" else format)
        first = Pillow.open(io.BytesIO(data)).convert("RGB")
        assert np.array_equal(decoded.rgb, np.asarray(first))


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (300, 1), (16, 16), (513, 300)])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_every_size_works(size: tuple[int, int], mode: str) -> None:
    samples = noise(size[1], size[0]) if mode == "L" else noise(size[1], size[0], len(mode))
    data = file_of(Pillow.fromarray(samples, mode), "PNG")

    for format in ("png", "jpeg", "webp"):
        assert probe(erased(data, format=format)[0], max_pixels=LIMIT) == ImageInfo(format.upper(), *size)
    result, mask = erased(data)
    assert np.array_equal(np.asarray(Pillow.open(io.BytesIO(result)))[mask == 0], samples[mask == 0])


@pytest.mark.timeout(120)
def test_a_large_photo_keeps_every_sample_outside_the_mask() -> None:
    # Given 6000x4000 with a smooth and a noisy half
    samples = np.zeros((4000, 6000, 3), np.uint8)
    samples[:, :3000] = np.linspace(0, 255, 4000, dtype=np.uint8)[:, None, None]
    samples[:, 3000:] = noise(4000, 3000, 3)
    data = bytes(cv2.imencode(".bmp", samples[..., ::-1])[1])

    # When
    result, mask = erased(data)

    # Then
    after = decode(result, max_pixels=LIMIT).rgb
    assert np.array_equal(after[mask == 0], samples[mask == 0])
    assert (after[mask > 0] == FILL).all()


@pytest.mark.parametrize("flat", [True, False])
def test_drawn_and_photographed_pictures_both_come_back(flat: bool) -> None:
    samples = np.full((200, 300, 3), 240, np.uint8) if flat else noise(200, 300, 3)

    result, mask = erased(file_of(Pillow.fromarray(samples), "PNG"))

    assert np.array_equal(np.asarray(Pillow.open(io.BytesIO(result)))[mask == 0], samples[mask == 0])


def test_a_size_the_output_cannot_hold_is_refused() -> None:
    data = file_of(Pillow.new("RGB", (20_000, 2)), "PNG")

    with pytest.raises(InvalidRequest, match="at most 16383 pixels") as caught:
        erased(data, format="webp")
    assert caught.value.details == {"field": "output_format"}


def bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1_000_000)))


def test_too_many_pixels_are_refused_from_the_header() -> None:
    for look in (probe, decode):
        with pytest.raises(ImageTooLarge) as caught:
            look(bomb(), max_pixels=LIMIT)
        assert caught.value.details == {"width": 50_000, "height": 50_000, "max_pixels": LIMIT}


def test_a_profile_that_unpacks_to_far_more_is_not_unpacked() -> None:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(64)) + packer.flush()
    data = png_of(RGB, before=chunk(b"iCCP", b"bomb\0\0" + packed))

    with pytest.raises(InvalidImage):
        probe(data, max_pixels=LIMIT)


@pytest.mark.parametrize("name", [*EIGHT_BIT, *SIXTEEN_BIT])
def test_a_file_cut_short_anywhere_is_invalid(name: str) -> None:
    data = EIGHT_BIT[name] if name in EIGHT_BIT else SIXTEEN_BIT[name][0]
    for share in (0.02, 0.3, 0.7):
        with pytest.raises(InvalidImage):
            decode(data[: int(len(data) * share)], max_pixels=LIMIT)


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"rubbish" * 100, b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"BM", b"RIFF"]
)
def test_rubbish_is_invalid(data: bytes) -> None:
    for look in (probe, decode):
        with pytest.raises(InvalidImage):
            look(data, max_pixels=LIMIT)


def test_files_with_flipped_bytes_are_decoded_or_refused_but_nothing_else() -> None:
    random = np.random.default_rng(7)
    survived = refused = 0
    for data in [*EIGHT_BIT.values(), *(entry[0] for entry in SIXTEEN_BIT.values())]:
        for _ in range(20):
            broken = bytearray(data)
            for place in random.integers(0, min(len(data), 400), 4):
                broken[place] = random.integers(256)
            try:
                info = probe(bytes(broken), max_pixels=10_000)
                decoded = decode(bytes(broken), max_pixels=10_000)
            except (InvalidImage, UnsupportedImage, ImageTooLarge):
                refused += 1
                continue
            assert decoded.rgb.shape == (info.height, info.width, 3)
            survived += 1
    assert survived > 0
    assert refused > 0


@pytest.mark.parametrize("format", ["ICO", "JPEG2000", "PPM"])
def test_other_formats_are_unsupported_not_broken(format: str) -> None:
    data = file_of(Pillow.fromarray(noise(32, 32, 3)), format)

    with pytest.raises(UnsupportedImage, match="send JPEG, PNG, WebP, BMP, TIFF, AVIF, HEIC or GIF"):
        probe(data, max_pixels=LIMIT)


@pytest.mark.parametrize("samples", [noise(5, 5).astype(np.float32), noise(5, 5).astype(np.int32)])
def test_samples_without_a_known_range_are_unsupported(samples: NDArray[Any]) -> None:
    for look in (probe, decode):
        with pytest.raises(UnsupportedImage, match="8 or 16 bits per sample"):
            look(file_of(Pillow.fromarray(samples), "TIFF"), max_pixels=LIMIT)
