"""Gathers photos to draw on: python -m training.collect FOLDER... --out DIR.

Skips icons, screenshots, plain pictures and duplicates (wallpapers come in many sizes).
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

_LONGEST_PX = 1600
_LEAST_BYTES = 60_000
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def collect(folders: list[Path], out: Path) -> int:
    """Writes 000.jpg, 001.jpg, ... and returns how many."""
    out.mkdir(parents=True, exist_ok=True)
    seen: list[np.ndarray] = []
    for path in sorted(p for folder in folders for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES):
        if path.stat().st_size < _LEAST_BYTES or "screenshot" in path.name:
            continue
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            continue
        thumbnail = cv2.resize(picture, (24, 16), interpolation=cv2.INTER_AREA).astype(float)
        if thumbnail.std() < 2 or any(np.abs(thumbnail - other).mean() < 2 for other in seen):
            continue
        scale = _LONGEST_PX / max(picture.shape[:2])
        if scale < 1:
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(out / f"{len(seen):03d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 94])
        seen.append(thumbnail)
    return len(seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(collect(options.folders, options.out), "photos")


if __name__ == "__main__":
    main()
