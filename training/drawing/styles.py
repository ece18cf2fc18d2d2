"""How letters are painted: outlines, shadows, glows, veils."""

from dataclasses import dataclass

import cv2
import numpy as np

from models.masking.stroke_network import Floats

_KINDS = {
    "plain": 0.27, "outlined": 0.13, "meme": 0.20, "shadow": 0.13, "veil": 0.12, "glow": 0.10, "hollow": 0.02,
    "double": 0.03,
}  # fmt: skip
"""`veil` is a watermark, `meme` heavy black or white letters with a thick outline, `double` has two outlines."""

Layer = tuple[Floats, Floats]
"""Alpha 0-1 (h, w) and paint 0-255, (3,) or (h, w, 3)."""


@dataclass(frozen=True, slots=True)
class Style:
    """`outline` is a share of the letters' size; `opaque` whether an outline encloses the bodies of the letters."""

    kind: str
    outline: float

    @property
    def heavy(self) -> bool:
        return self.kind in ("meme", "double")

    @property
    def opaque(self) -> bool:
        return self.kind in ("outlined", "meme", "double")


def random_style(rng: np.random.Generator) -> Style:
    kind = str(rng.choice(list(_KINDS), p=list(_KINDS.values())))
    thick = kind in ("meme", "double")
    return Style(kind, float(rng.uniform(0.05, 0.14) if thick else rng.uniform(0.03, 0.1)))


def contrasting(rng: np.random.Generator, local: Floats, least: float = 28) -> Floats:
    """A colour (3,) that differs from `local` by at least `least` levels in a channel, mostly by much more."""
    wanted = rng.uniform(least, max(160, least))
    for _ in range(30):
        kind = rng.random()
        if kind < 0.35:
            colour = np.full(3, rng.choice([0.0, 255.0, 20.0, 240.0]))
        elif kind < 0.5:
            colour = np.full(3, rng.uniform(0, 255))
        else:
            colour = rng.uniform(0, 255, 3)
        if np.abs(colour - local).max() > wanted:
            return colour.astype(np.float32)
    return np.full(3, 255 if local.mean() < 128 else 0, np.float32)


def layers(
    rng: np.random.Generator, style: Style, fill: Floats, outlined: Floats, local: Floats, line_height: float
) -> list[Layer]:
    """From the bottom to the top; `local` (3,) is the mean colour below the letters."""
    colour = contrasting(rng, local)
    match style.kind:
        case "meme":
            body, edge = _meme_colours(rng)
            return [*_dropped(rng, outlined, line_height, 0.15), (outlined, edge), (fill, body)]
        case "double":
            body, edge = _meme_colours(rng)
            wider = cv2.GaussianBlur(outlined, (0, 0), max(0.5, line_height * style.outline * 0.6))
            outer = np.clip(wider * 6, 0, 1).astype(np.float32)
            return [(outer, contrasting(rng, edge, 80)), (outlined, edge), (fill, body)]
        case "outlined":
            edge = contrasting(rng, colour, 60)
            return [*_dropped(rng, outlined, line_height, 0.2), (outlined, edge), (fill, _paint(rng, colour, fill))]
        case "shadow":
            return [*_dropped(rng, fill, line_height, 1), (fill, _paint(rng, colour, fill))]
        case "veil":
            grey = np.full(3, 255 if local.mean() < 170 else 0, np.float32)
            tone = grey if rng.random() < 0.6 else colour
            opacity = np.float32(rng.uniform(0.3, 0.7))
            below = [(outlined * opacity, contrasting(rng, tone, 80))] if rng.random() < 0.15 else []
            return [*below, (fill * opacity, tone)]
        case "glow":
            return [*_glow(rng, outlined, colour, line_height), (fill, _core(rng, colour))]
        case "hollow":
            return [(np.clip(outlined - fill, 0, 1).astype(np.float32), colour)]
    return [(fill, _paint(rng, colour, fill))]


def _meme_colours(rng: np.random.Generator) -> tuple[Floats, Floats]:
    bright = np.array([255, 255, 255], np.float32)
    if rng.random() < 0.3:
        bright = np.array([255, rng.uniform(200, 255), rng.uniform(0, 120)], np.float32)
    dark = np.zeros(3, np.float32) if rng.random() < 0.75 else rng.uniform(0, 110, 3).astype(np.float32)
    kind = rng.random()
    if kind < 0.72:
        return bright, dark
    if kind < 0.87:
        return dark, bright
    body = rng.uniform(0, 255, 3).astype(np.float32)
    return body, contrasting(rng, body, 100)


def _paint(rng: np.random.Generator, colour: Floats, fill: Floats) -> Floats:
    """One colour, now and then a gradient over the crop."""
    if rng.random() > 0.15:
        return colour
    height, width = fill.shape
    ramp = np.linspace(0, 1, height)[:, None, None] if rng.random() < 0.6 else np.linspace(0, 1, width)[None, :, None]
    other = np.clip(colour + rng.normal(0, 60, 3), 0, 255)
    return np.asarray(np.broadcast_to(colour * (1 - ramp) + other * ramp, (*fill.shape, 3)), np.float32)


def _dropped(rng: np.random.Generator, plane: Floats, line_height: float, chance: float) -> list[Layer]:
    """A shadow, hard or soft."""
    if rng.random() > chance:
        return []
    step, angle = max(0.6, line_height * rng.uniform(0.02, 0.1)), rng.uniform(0, 2 * np.pi)
    move = np.array([[1, 0, step * np.cos(angle)], [0, 1, step * np.sin(angle)]], np.float32)
    shadow = cv2.warpAffine(plane, move, plane.shape[::-1])
    if rng.random() < 0.6:
        shadow = cv2.GaussianBlur(shadow, (0, 0), max(0.4, line_height * float(rng.uniform(0.01, 0.06))))
    dark = np.zeros(3) if rng.random() < 0.75 else rng.uniform(0, 255, 3)
    return [(np.asarray(shadow * rng.uniform(0.3, 1.0), np.float32), dark.astype(np.float32))]


def _glow(rng: np.random.Generator, plane: Floats, colour: Floats, line_height: float) -> list[Layer]:
    """A halo in the letters' own colour or another, narrow or as wide as neon's."""
    halo = colour if rng.random() < 0.7 else rng.uniform(0, 255, 3).astype(np.float32)
    sigma = max(0.5, line_height * float(np.exp(rng.uniform(np.log(0.03), np.log(0.2)))))
    wide = cv2.GaussianBlur(plane, (0, 0), sigma)
    return [(np.asarray(np.clip(wide * rng.uniform(1, 1.8), 0, 1) * rng.uniform(0.4, 1), np.float32), halo)]


def _core(rng: np.random.Generator, colour: Floats) -> Floats:
    """Neon tubes are nearly white inside."""
    white = rng.uniform(0.4, 1) if rng.random() < 0.6 else 0.0
    return np.asarray(colour * (1 - white) + 255 * white, np.float32)
