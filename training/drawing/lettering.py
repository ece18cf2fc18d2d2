"""Draws a text in a random face, colour and style onto an image."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw

from models.masking.stroke_network import Floats
from models.types import Image
from training.drawing.fonts import font, random_text
from training.drawing.styles import Style, layers


@dataclass(frozen=True, slots=True)
class Lettering:
    """Alpha planes 0-1 (h, w) of one text, inked box without padding: the glyphs, and glyphs grown by an outline."""

    fill: Floats
    outlined: Floats
    line_height: float
    bleed: int

    @property
    def height(self) -> int:
        return int(self.fill.shape[0]) - 2 * self.bleed

    @property
    def width(self) -> int:
        return int(self.fill.shape[1]) - 2 * self.bleed

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

    def draw(self, rng: np.random.Generator, style: Style, clean: Image, left: float, top: float) -> "Drawn":
        """A copy of `clean` with the text's inked box at (left, top)."""
        out = clean.astype(np.float32)
        covered = np.zeros(clean.shape[:2], np.float32)
        move = np.array([[1, 0, left - self.bleed], [0, 1, top - self.bleed]], np.float32)
        size = clean.shape[1::-1]
        fill, outlined = (
            np.asarray(cv2.warpAffine(p, move, size, flags=cv2.INTER_LINEAR), np.float32)
            for p in (self.fill, self.outlined)
        )
        spot = clean[fill > 0.2]
        local = spot.mean(axis=0) if len(spot) else np.full(3, 128.0)
        for alpha, paint in layers(rng, style, fill, outlined, np.asarray(local, np.float32), self.line_height):
            out = out * (1 - alpha[..., None]) + paint * alpha[..., None]
            covered = np.maximum(covered, alpha)
        bodies = outlined if style.opaque else np.zeros_like(fill)
        covered = np.maximum(covered, fill)
        return Drawn(np.asarray(np.clip(out + 0.5, 0, 255), np.uint8), covered, bodies)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture with a text, the alpha 0-1 (h, w) of all its layers together, and of bodies an outline encloses."""

    image: Image
    covered: Floats
    bodies: Floats


def letter(rng: np.random.Generator, style: Style, line_height: float, lines: int, width: float) -> Lettering:
    """A random text of `lines` lines, each about `line_height` px high, mostly not wider than `width` px."""
    size = max(6, round(line_height * rng.uniform(0.8, 1.05)))
    count = max(1, min(40, int(rng.uniform(0.15, 1.3) * width / (size * 0.55))))
    texts = []
    text, face = random_text(rng, count, heavy=style.heavy and rng.random() < 0.85)
    texts.append(text)
    glyphs = font(face, size)
    for _ in range(lines - 1):
        start = int(rng.integers(0, max(1, len(text) // 3)))
        texts.append(text[start:] + text[:start])
    stroke = max(1, round(size * style.outline))
    spacing = size * rng.uniform(-0.1, 0.3)
    content = "\n".join(texts)
    probe = ImageDraw.Draw(Picture.new("L", (1, 1)))
    box = probe.multiline_textbbox((0, 0), content, font=glyphs, spacing=spacing)
    room = stroke + max(3, size // 3)
    shape = (max(2, int(box[2] - box[0])) + 2 * room, max(2, int(box[3] - box[1])) + 2 * room)
    at = (room - box[0], room - box[1])
    align = str(rng.choice(["left", "center"]))
    planes: list[Floats] = []
    for grown in (0, stroke):
        canvas = Picture.new("L", shape)
        ImageDraw.Draw(canvas).multiline_text(
            at, content, fill=255, font=glyphs, spacing=spacing, stroke_width=grown, align=align
        )
        planes.append(np.asarray(np.asarray(canvas, np.float32) / 255, np.float32))
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
    return [np.asarray(cv2.warpAffine(p, turn, size, flags=cv2.INTER_LINEAR), np.float32) for p in planes]


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
