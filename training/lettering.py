"""Draws a text in a random face, colour and style onto an image."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw

from models.masking.stroke_network import Floats
from models.types import Image
from training.fonts import font, random_text


@dataclass(frozen=True, slots=True)
class Lettering:
    """Alpha planes 0-1 (h, w) of one text, inked box without padding: the glyphs, and glyphs grown by an outline."""

    fill: Floats
    outlined: Floats
    line_height: float
    bleed: int

    @property
    def height(self) -> int:
        return self.fill.shape[0] - 2 * self.bleed

    @property
    def width(self) -> int:
        return self.fill.shape[1] - 2 * self.bleed

    def turned(self) -> "Lettering":
        """Each glyph lies on its side: what upright glyphs of a vertical text look like in a crop turned by 90°."""
        if self.height > self.width:
            return self
        side = self.fill.shape[0]
        columns = range(0, self.fill.shape[1] - side + 1, side) or range(1)

        def turn(plane: Floats) -> Floats:
            tiles = [np.rot90(plane[:, c : c + side]) for c in columns]
            return np.ascontiguousarray(np.concatenate(tiles, axis=1))

        return replace(self, fill=turn(self.fill), outlined=turn(self.outlined))

    def draw(
        self, rng: np.random.Generator, clean: Image, left: float, top: float, repeat: bool = False
    ) -> tuple[Image, Floats]:
        """A copy of `clean` with the text's inked box at (left, top), and the alpha of all its layers together.

        `repeat` draws plainly: a neighbouring line.
        """
        out = clean.astype(np.float32)
        covered = np.zeros(clean.shape[:2], np.float32)
        move = np.array([[1, 0, left - self.bleed], [0, 1, top - self.bleed]], np.float32)
        size = clean.shape[1::-1]
        fill, outlined = (cv2.warpAffine(p, move, size, flags=cv2.INTER_LINEAR) for p in (self.fill, self.outlined))
        spot = clean[fill > 0.2]
        local = spot.mean(axis=0) if len(spot) else np.full(3, 128.0)
        colour = contrasting(rng, local)
        for alpha, paint in _layers(rng, fill, outlined, colour, self.line_height, plain=repeat):
            out = out * (1 - alpha[..., None]) + paint * alpha[..., None]
            covered = np.maximum(covered, alpha)
        return np.clip(out + 0.5, 0, 255).astype(np.uint8), covered


def contrasting(rng: np.random.Generator, local: np.ndarray) -> np.ndarray:
    """A colour that differs from `local` by at least 28 in a channel, mostly by much more."""
    wanted = rng.uniform(28, 160)
    for _ in range(30):
        kind = rng.random()
        colour = (
            np.full(3, rng.choice([0.0, 255.0, 20.0, 240.0]))
            if kind < 0.35
            else np.full(3, rng.uniform(0, 255))
            if kind < 0.5
            else rng.uniform(0, 255, 3)
        )
        if np.abs(colour - local).max() > wanted:
            return colour
    return np.full(3, 255.0 if local.mean() < 128 else 0.0)


def _layers(
    rng: np.random.Generator, fill: Floats, outlined: Floats, colour: np.ndarray, line_height: float, plain: bool
) -> list[tuple[Floats, np.ndarray]]:
    """(alpha, paint) from the bottom to the top."""
    opacity = rng.uniform(0.45, 0.9) if rng.random() < 0.12 else 1.0
    layers: list[tuple[Floats, np.ndarray]] = []
    style = 0.0 if plain else rng.random()
    paint = colour
    if rng.random() < 0.15:
        ramp = np.linspace(0, 1, fill.shape[0] if rng.random() < 0.6 else fill.shape[1])
        ramp = ramp[:, None, None] if len(ramp) == fill.shape[0] else ramp[None, :, None]
        other = np.clip(colour + rng.normal(0, 60, 3), 0, 255)
        paint = colour * (1 - ramp) + other * ramp
    if 0.5 < style < 0.72:
        step = max(0.6, line_height * rng.uniform(0.02, 0.09))
        angle = rng.uniform(0, 2 * np.pi)
        move = np.array([[1, 0, step * np.cos(angle)], [0, 1, step * np.sin(angle)]], np.float32)
        source = outlined if style < 0.55 else fill
        shadow = cv2.warpAffine(source, move, fill.shape[::-1])
        if style > 0.6:
            shadow = cv2.GaussianBlur(shadow, (0, 0), max(0.4, line_height * float(rng.uniform(0.01, 0.05))))
        dark = np.zeros(3) if rng.random() < 0.7 else rng.uniform(0, 255, 3)
        layers.append((shadow * float(rng.uniform(0.3, 1.0)), dark))
    if style < 0.02:
        layers.append((np.clip(outlined - fill, 0, 1), colour))
        return layers
    if 0.72 < style < 0.9 or 0.5 < style < 0.55:
        layers.append((outlined, contrasting(rng, colour)))
    elif 0.9 < style < 0.95:
        glow = cv2.GaussianBlur(outlined, (0, 0), max(0.5, line_height * float(rng.uniform(0.02, 0.06))))
        layers.append((np.clip(glow * 1.3, 0, 1) * float(rng.uniform(0.4, 1)), contrasting(rng, colour)))
    layers.append((fill * np.float32(opacity), paint))
    return layers


def letter(rng: np.random.Generator, line_height: float, lines: int, width: float) -> Lettering:
    """A random text of `lines` lines, each about `line_height` px high, mostly not wider than `width` px."""
    size = max(6, round(line_height * rng.uniform(0.8, 1.05)))
    count = max(1, min(40, int(rng.uniform(0.15, 1.3) * width / (size * 0.55))))
    texts = []
    text, face = random_text(rng, count)
    texts.append(text)
    glyphs = font(face, size)
    for _ in range(lines - 1):
        start = int(rng.integers(0, max(1, len(text) // 3)))
        texts.append(text[start:] + text[:start])
    stroke = max(1, round(size * rng.uniform(0.03, 0.1)))
    spacing = size * rng.uniform(-0.1, 0.3)
    content = "\n".join(texts)
    probe = ImageDraw.Draw(Picture.new("L", (1, 1)))
    box = probe.multiline_textbbox((0, 0), content, font=glyphs, spacing=spacing)
    room = stroke + max(3, size // 3)
    shape = (max(2, int(box[2] - box[0])) + 2 * room, max(2, int(box[3] - box[1])) + 2 * room)
    at = (room - box[0], room - box[1])
    align = str(rng.choice(["left", "center"]))
    planes = []
    for grown in (0, stroke):
        canvas = Picture.new("L", shape)
        ImageDraw.Draw(canvas).multiline_text(
            at, content, fill=255, font=glyphs, spacing=spacing, stroke_width=grown, align=align
        )
        planes.append(np.asarray(canvas, np.float32) / 255)
    bent = _bend(rng, planes)
    return _trim(Lettering(bent[0], bent[1], float(size), 0), stroke)


def _bend(rng: np.random.Generator, planes: list[Floats]) -> list[Floats]:
    """A little rotation and shear, now and then a lot: boxes of slanted text are drawn upright by many clients."""
    height, width = planes[0].shape
    large = rng.random() < 0.08
    angle = rng.normal(0, 12) if large else rng.normal(0, 0.8)
    shear = rng.normal(0, 0.08)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(angle), 1)
    turn[0, 1] += shear
    turn[0, 2] -= shear * height / 2
    grow = int(abs(np.sin(np.deg2rad(angle))) * width / 2 + abs(shear) * height / 2) + 1
    turn[:, 2] += grow
    size = (width + 2 * grow, height + 2 * grow)
    return [cv2.warpAffine(p, turn, size, flags=cv2.INTER_LINEAR) for p in planes]


def _trim(text: Lettering, stroke: int) -> Lettering:
    """Cuts to the inked box, leaving a bleed for outlines."""
    rows = np.flatnonzero(text.fill.max(axis=1) > 0.1)
    columns = np.flatnonzero(text.fill.max(axis=0) > 0.1)
    if not len(rows) or not len(columns):
        return text
    bleed = stroke + 1
    padded = [np.pad(p, bleed) for p in (text.fill, text.outlined)]
    cut = np.s_[rows[0] : rows[-1] + 1 + 2 * bleed, columns[0] : columns[-1] + 1 + 2 * bleed]
    return replace(text, fill=padded[0][cut], outlined=padded[1][cut], bleed=bleed)
