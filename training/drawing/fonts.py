"""Fonts installed on this machine, by script, and random texts they can draw. See README.md for the packages."""

import subprocess
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from PIL import ImageFont

EVALUATION_FAMILIES = ("dejavu", "liberation", "lobster", "wqy", "carlito", "comfortaa", "caladea", "nanum")
"""Parts of file names kept out of training: benchmarks/quality draws with these only."""

_UNWANTED = (
    "symbol",
    "emoji",
    "music",
    "math",
    "d050000l",
    "keyboard",
    "initials",
    "signwriting",
    "egyptian",
    "duployan",
)

_ALPHABETS = {
    "latin": "abcdefghijklmnopqrstuvwxyz" * 3 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 2 + "0123456789äöüéèçñß&%$€!?.,:;-+()'/",
    "cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЭЮЯ",
    "greek": "αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔΕΖΗΘΛΞΠΣΦΨΩ",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "devanagari": "अआइईउऊएऐओकखगघचछजझटठडढतथदधनपफबभमयरलवशषसह" + "ािीुूेैोंँ्" * 2,
    "thai": "กขคงจฉชซดตถทธนบปผฝพฟมยรลวศษสหอะาเแโใไ" + "ัิีืึุู่้๊๋์" * 2,
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשת" * 2 + "ְִֵֶַָֹּ",
    "cjk": "".join(chr(c) for c in range(0x4E00, 0x9FA0, 7)) + "的一是不了人我在有他这中大来上国" * 20,
    "kana": "".join(chr(c) for c in (*range(0x3041, 0x3094), *range(0x30A1, 0x30F7))) + "日本語東京大阪" * 4,
    "hangul": "".join(chr(c) for c in range(0xAC00, 0xD7A4, 11)),
}
_LANGUAGES = {
    "latin": "en", "cyrillic": "ru", "greek": "el", "arabic": "ar", "devanagari": "hi", "thai": "th", "hebrew": "he",
    "cjk": "zh-cn", "kana": "ja", "hangul": "ko",
}  # fmt: skip
_SHARES = {
    "latin": 0.54, "cyrillic": 0.06, "greek": 0.02, "arabic": 0.04, "devanagari": 0.03, "thai": 0.03, "hebrew": 0.02,
    "cjk": 0.14, "kana": 0.07, "hangul": 0.05,
}  # fmt: skip

_HEAVY = ("black", "heavy", "bold", "bebas", "spartan", "reggae", "ultra")


@dataclass(frozen=True, slots=True)
class Face:
    path: str
    index: int


@cache
def faces(script: str) -> tuple[Face, ...]:
    """Every training face that fontconfig says covers the script."""
    listing = subprocess.run(
        ["fc-list", f":lang={_LANGUAGES[script]}", "--format", "%{file}|%{index}\n"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found: set[tuple[str, int]] = set()
    for line in listing.splitlines():
        path, _, index = line.partition("|")
        name = path.lower()
        scalable = Path(path).suffix.lower() in (".ttf", ".otf", ".ttc")
        if scalable and not any(part in name for part in (*_UNWANTED, *EVALUATION_FAMILIES)):
            found.add((path, int(index) & 0xFFFF))
    return tuple(Face(path, index) for path, index in sorted(found))


@cache
def _families(script: str) -> tuple[tuple[Face, ...], ...]:
    """Faces grouped by folder and family stem, so that one family of 18 weights does not crowd out the others."""
    groups: dict[str, list[Face]] = {}
    for face in faces(script):
        groups.setdefault(Path(face.path).stem.split("-")[0].lower(), []).append(face)
    return tuple(tuple(group) for group in groups.values())


@cache
def _heavy(script: str) -> tuple[tuple[Face, ...], ...]:
    """Families of `_families`, cut down to their heavy faces; all of them where none is heavy."""
    cut = (tuple(face for face in group if _is_heavy(face)) for group in _families(script))
    return tuple(group for group in cut if group) or _families(script)


def _is_heavy(face: Face) -> bool:
    name = Path(face.path).stem.lower()
    return any(part in name for part in _HEAVY)


@lru_cache(maxsize=256)
def font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    """Shaped by raqm where Pillow has it: Arabic joins its letters, Thai and Devanagari stack their marks."""
    return ImageFont.truetype(face.path, size, index=face.index)


def random_text(rng: np.random.Generator, characters: int, heavy: bool) -> tuple[str, Face]:
    """A text of about `characters` characters in a random script, and a face to draw it with.

    `heavy` asks for the bold and condensed faces and the capitals of memes and posters.
    """
    script = str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
    families = _heavy(script) if heavy else _families(script)
    family = families[int(rng.integers(len(families)))]
    letters = list(_ALPHABETS[script])
    text = "".join(rng.choice(letters, size=characters))
    if script not in ("cjk", "kana", "thai"):
        position = int(rng.integers(2, 8))
        while position < len(text) - 1:
            text = text[:position] + " " + text[position + 1 :]
            position += int(rng.integers(2, 10))
        kind = rng.random()
        kind = kind if not heavy else kind * 0.4
        text = text.upper() if kind < 0.2 else text.title() if kind < 0.5 else text.lower() if kind < 0.8 else text
    return text, family[int(rng.integers(len(family)))]
