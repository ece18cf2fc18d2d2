"""The ten styles of text: their sizes, faces and layers."""

from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.quality.fonts import CHINESE, LATIN
from benchmarks.quality.scenes import Draw
from benchmarks.quality.texts import CHINESE_WORDS, WORDS, Floats, Generator, Ink, contrasting, cut, plane, turned

_HEAVY = (
    "DejaVuSansCondensed-Bold.ttf",
    "LiberationSansNarrow-Bold.ttf",
    "DejaVuSans-Bold.ttf",
    "LiberationSans-Bold.ttf",
)
_SHORT = tuple(word for word in WORDS if len(word) < 9)
_WHITE, _BLACK = np.full(3, 255, np.float32), np.zeros(3, np.float32)


@dataclass(frozen=True, slots=True)
class Style:
    """`sizes_px` are font sizes in the finished picture, of which `texts` are set; `plate` puts a plate below each."""

    name: str
    sizes_px: tuple[int, int]
    texts: tuple[int, int]
    draw: Draw
    plate: bool = False
    dark: bool = False


def _plain(rng: Generator, size: int, local: Floats) -> Ink:
    return _solid(rng, size, local, WORDS, LATIN, 0)


def _turned(rng: Generator, size: int, local: Floats) -> Ink:
    angle = rng.uniform(6, 45) * rng.choice([-1, 1]) if rng.random() < 0.8 else 90 * rng.choice([-1, 1])
    return _solid(rng, size, local, WORDS, LATIN, float(angle))


def _huge(rng: Generator, size: int, local: Floats) -> Ink:
    return _solid(rng, size, local, _SHORT, LATIN, 0)


def _chinese(rng: Generator, size: int, local: Floats) -> Ink:
    return _solid(rng, size, local, CHINESE_WORDS, CHINESE, 0)


def _solid(
    rng: Generator, size: int, local: Floats, words: tuple[str, ...], faces: tuple[str, ...], angle: float
) -> Ink:
    glyphs = plane(str(rng.choice(words)), str(rng.choice(faces)), size, 0)
    return cut([(turned(glyphs, angle), contrasting(rng, local, 60))], glyphs, angle)


def _meme(rng: Generator, size: int, local: Floats) -> Ink:
    """Heavy white capitals (one in four yellow) with a black outline."""
    text, face = str(rng.choice(WORDS)).upper(), str(rng.choice(_HEAVY))
    weight, outline = round(size * 0.02), max(2, round(size * rng.uniform(0.05, 0.11)))
    body = np.array([255, 225, 40], np.float32) if rng.random() < 0.25 else _WHITE
    outer = plane(text, face, size, weight + outline)
    return cut([(turned(outer, 0), _BLACK), (turned(plane(text, face, size, weight), 0), body)], outer, 0)


def _shadow(rng: Generator, size: int, local: Floats) -> Ink:
    glyphs = plane(str(rng.choice(WORDS)), str(rng.choice(LATIN)), size, 0)
    alpha, step = turned(glyphs, 0), size * rng.uniform(0.04, 0.1)
    cast = cv2.warpAffine(alpha, np.array([[1, 0, step], [0, 1, step]], np.float32), alpha.shape[::-1])
    if rng.random() < 0.7:
        cast = cv2.GaussianBlur(cast, (0, 0), size * rng.uniform(0.02, 0.05))
    colour = _WHITE if local.mean() < 150 else contrasting(rng, local, 60)
    return cut([(np.asarray(cast * rng.uniform(0.5, 0.9), np.float32), _BLACK), (alpha, colour)], glyphs, 0)


def _watermark(rng: Generator, size: int, local: Floats) -> Ink:
    """White, on bright ground black, 35 to 65 % opaque."""
    glyphs = plane(str(rng.choice(WORDS)), str(rng.choice(LATIN)), size, 0)
    tone = _WHITE if local.mean() < 160 else _BLACK
    return cut([(turned(glyphs, 0) * np.float32(rng.uniform(0.35, 0.65)), tone)], glyphs, 0)


def _neon(rng: Generator, size: int, local: Floats) -> Ink:
    """Tubes nearly white inside; the region is of the tubes and the brighter half of their glow."""
    text, face = str(rng.choice(WORDS)), str(rng.choice(LATIN))
    tube = plane(text, face, size, max(1, round(size * 0.02)))
    hue = np.uint8([[[int(rng.integers(180)), 230, 255]]])  # type: ignore[arg-type]
    colour = np.asarray(cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0], np.float32)
    alpha = turned(tube, 0)
    glow = cv2.GaussianBlur(alpha, (0, 0), size * rng.uniform(0.05, 0.14))
    glow = np.asarray(np.clip(glow * 1.4, 0, 1) * rng.uniform(0.6, 0.95), np.float32)
    return cut([(glow, colour), (alpha, colour * 0.35 + 255 * 0.65)], tube, 0, solid=0.4)


STYLES = (
    Style("plain", (16, 60), (4, 7), _plain),
    Style("meme", (36, 110), (2, 4), _meme),
    Style("plate", (14, 44), (4, 7), _plain, plate=True),
    Style("shadow", (18, 64), (4, 7), _shadow),
    Style("watermark", (20, 90), (3, 6), _watermark),
    Style("small", (10, 14), (7, 12), _plain),
    Style("huge", (130, 200), (1, 2), _huge),
    Style("turned", (16, 44), (3, 6), _turned),
    Style("CJK", (16, 56), (4, 7), _chinese),
    Style("neon glow", (36, 90), (2, 4), _neon, dark=True),
)
