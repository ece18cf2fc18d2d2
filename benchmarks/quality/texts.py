"""One text of the evaluation set: what it says, how it looks, and where its ink and its region are."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw

from benchmarks.quality.fonts import CHINESE, KOREAN, LATIN, font
from models.types import Image

Floats = NDArray[np.float32]
Generator = np.random.Generator

WORDS = (
    "Open daily from 9 to 17", "SALE", "Fresh coffee", "No parking", "Chapter 12", "www.example.org", "Platform 4",
    "Emergency exit", "Grüße aus Köln", "Menu of the day", "12.50 €", "Do not enter", "Copyright 2021", "Page 3 of 17",
    "Happy Birthday!", "Wet paint", "The quick brown fox", "EXIT", "Room 204", "Please wait here", "Made in Italy",
    "Total: $1,284.99", "Limited edition", "Subscribe now", "24h", "Hello", "Information", "Tel. 030 / 123456",
)  # fmt: skip
CHINESE_WORDS = (
    "欢迎光临",
    "小心地滑",
    "禁止吸烟",
    "今日特价",
    "北京欢迎你",
    "出口",
    "营业时间",
    "请勿打扰",
    "新鲜水果",
)
KOREAN_WORDS = ("어서 오세요", "출입 금지", "오늘의 메뉴", "안녕하세요", "비상구")


@dataclass(frozen=True, slots=True)
class Ink:
    """A text before it is placed: colour layers (alpha (h, w), RGB) from bottom to top, cut to the inked box.

    `corners` (4, 2) is the text's own rectangle in the same pixels, turned with it; `height_px` the ink's height
    before turning.
    """

    layers: tuple[tuple[Floats, Floats], ...]
    corners: NDArray[np.float64]
    height_px: int

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.layers[0][0].shape
        return height, width

    def composed(self, under: Image) -> Image:
        """`under` (of `shape`) with the text on it."""
        out = under.astype(np.float32)
        for alpha, colour in self.layers:
            out = out * (1 - alpha[..., None]) + colour * alpha[..., None]
        return np.asarray(np.clip(np.rint(out), 0, 255), np.uint8)


def plane(text: str, face: str, size: int, stroke: int, vertical: bool = False) -> Picture.Image:
    """The glyphs of a font of `size` px, grown by `stroke` px all around, with room for shadows; 0-255."""
    content = "\n".join(text) if vertical else text
    glyphs = font(face, size)
    box = ImageDraw.Draw(Picture.new("L", (1, 1))).multiline_textbbox((0, 0), content, font=glyphs, spacing=size // 8)
    room = size // 2 + 4
    canvas = Picture.new("L", (int(box[2] - box[0]) + 2 * room, int(box[3] - box[1]) + 2 * room))
    at = (room - box[0], room - box[1])
    ImageDraw.Draw(canvas).multiline_text(at, content, 255, font=glyphs, spacing=size // 8, stroke_width=stroke)
    return canvas


def turned(picture: Picture.Image, angle: float) -> Floats:
    """0-1, turned by `angle` degrees against the clock, the canvas grown."""
    turned = picture.rotate(angle, Picture.Resampling.BICUBIC, expand=True) if angle else picture
    return np.asarray(np.asarray(turned, np.float32) / 255, np.float32)


def contrasting(rng: Generator, local: Floats, least: float) -> Floats:
    """A colour (3,) whose mean is more than `least` levels from that of `local`."""
    for _ in range(60):
        colour = np.full(3, rng.choice([0, 255])) if rng.random() < 0.4 else rng.uniform(0, 255, 3)
        if np.abs(colour.mean() - local.mean()) > least:
            return colour.astype(np.float32)
    return np.full(3, 0 if local.mean() > 128 else 255, np.float32)


def ink(rng: Generator, size: int, local: Floats) -> Ink:
    """A random text of font size `size` px, readable on a background of mean colour `local` (3,)."""
    kind = rng.random()
    words, faces = (WORDS, LATIN) if kind < 0.75 else (CHINESE_WORDS, CHINESE) if kind < 0.9 else (KOREAN_WORDS, KOREAN)
    text, face = str(rng.choice(words)), str(rng.choice(faces))
    vertical = faces is CHINESE and rng.random() < 0.25
    turn = rng.random()
    angle = 0.0 if vertical or turn < 0.7 else rng.uniform(-15, 15) if turn < 0.92 else rng.uniform(-45, 45)
    colour = contrasting(rng, local, 60)
    style = rng.random()
    outline = max(1, round(size * rng.uniform(0.03, 0.08)))
    fill = plane(text, face, size, 0, vertical)
    glyphs = turned(fill, angle)
    layers: list[tuple[Floats, Floats]] = []
    if style < 0.2:
        layers.append((turned(plane(text, face, size, outline, vertical), angle), contrasting(rng, colour, 80)))
    elif style < 0.4:
        step = size * rng.uniform(0.03, 0.07)
        shadow = cv2.warpAffine(glyphs, np.array([[1, 0, step], [0, 1, step]], np.float32), glyphs.shape[::-1])
        if style < 0.3:
            shadow = cv2.GaussianBlur(shadow, (0, 0), max(0.5, size * 0.02))
        layers.append((np.asarray(shadow * rng.uniform(0.5, 0.9), np.float32), np.zeros(3, np.float32)))
    paint = colour
    if 0.4 < style < 0.5:
        ramp = np.linspace(0, 1, glyphs.shape[0], dtype=np.float32)[:, None, None]
        paint = colour * (1 - ramp) + np.clip(colour + rng.normal(0, 40, 3), 0, 255).astype(np.float32) * ramp
    layers.append((glyphs * np.float32(0.75 if 0.5 < style < 0.55 else 1), paint))
    return cut(layers, fill, angle)


def cut(layers: list[tuple[Floats, Floats]], upright: Picture.Image, angle: float, solid: float = 0.03) -> Ink:
    """Crops all layers to the inked box and turns the upright ink's rectangle, of alpha over `solid`, with the text."""
    union = np.max([alpha for alpha, _ in layers], axis=0)
    rows, columns = (np.flatnonzero(union.max(axis=axis) > 0.03) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    straight = np.asarray(_straight(union, upright, angle))
    y = np.flatnonzero(straight.max(axis=1) > solid)
    x = np.flatnonzero(straight.max(axis=0) > solid)
    corners = np.array([[x[0], y[0]], [x[-1] + 1, y[0]], [x[-1] + 1, y[-1] + 1], [x[0], y[-1] + 1]], np.float64)
    centre = np.array(straight.shape[::-1]) / 2
    back = np.deg2rad(-angle)
    turn = np.array([[np.cos(back), -np.sin(back)], [np.sin(back), np.cos(back)]])
    turned = (corners - centre) @ turn.T + np.array(union.shape[::-1]) / 2 - (left, top)
    box = np.s_[top:bottom, left:right]
    kept = tuple((a[box], c[top:bottom] if c.ndim == 3 else c) for a, c in layers)
    return Ink(kept, turned, int(y[-1] + 1 - y[0]))


def _straight(union: Floats, upright: Picture.Image, angle: float) -> Floats:
    """The union of layers turned back upright, on the upright canvas."""
    if not angle:
        return union
    back = Picture.fromarray((union * 255).astype(np.uint8)).rotate(-angle, Picture.Resampling.BILINEAR, expand=True)
    left, top = (back.width - upright.width) // 2, (back.height - upright.height) // 2
    cropped = back.crop((left, top, left + upright.width, top + upright.height))
    return np.asarray(np.asarray(cropped, np.float32) / 255, np.float32)
