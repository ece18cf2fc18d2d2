"""Prints a table for each set and writes contact sheets: python -m benchmarks.quality [--set captured] [--out DIR]."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import cv2

from benchmarks.quality.captured.report import CapturedMeasure, measure_captured, report_captured
from benchmarks.quality.captured.scenes import captured_scenes
from benchmarks.quality.captured.styles import STYLES
from benchmarks.quality.fonts import FontsMissing
from benchmarks.quality.report import Measured, measure, report
from benchmarks.quality.scenes import scenes
from benchmarks.quality.sheet import row, write_sheet
from models import registry
from models.base import InpaintModel
from models.detection import detector
from models.types import Image

SETS = ("synthetic", "captured")
_SHOWN = (1, 5, 7, 18)
"""Scenes of the small sheet: a face, fine detail, sharp edges, and one with missed strokes."""

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=SETS, action="append", help="only this one; twice: both, as without")
    parser.add_argument("--scenes", type=int, default=40, help="of the synthetic set")
    parser.add_argument("--each", type=int, default=6, help="scenes of each style of the captured set")
    parser.add_argument("--model", default="mend", help="what fills: mend, cv2, or any model whose weights are here")
    parser.add_argument("--out", type=Path, default=Path("data/quality"), help="where tables and sheets go")
    parser.add_argument("--picture", type=Path, help="also write a small sheet of a few synthetic scenes here")
    parser.add_argument("--captured-picture", type=Path, help="and one of a captured scene of each style here")
    options = parser.parse_args()
    filler = registry.load(options.model, "cpu")
    cv2.setNumThreads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        if "synthetic" in (options.set or SETS):
            _synthetic(options.scenes, filler, options.out, options.picture)
        if "captured" in (options.set or SETS):
            _captured(options.each, filler, options.out, options.captured_picture)
    except FontsMissing as missing:
        sys.exit(str(missing))


def _synthetic(count: int, filler: InpaintModel, out: Path, picture: Path | None) -> None:
    finder = detector.load("cpu", threads=1)
    evaluated = scenes(count)
    measured = [measure(scene, finder, filler) for scene in _counted(evaluated, len(evaluated))]
    _publish("Synthetic set", report(measured), out / "table.md")
    write_sheet([_row(one) for one in measured], out / "sheet.png")
    if picture:
        write_sheet([_row(measured[number]) for number in _SHOWN if number < count], picture, width_px=250)


def _captured(each: int, filler: InpaintModel, out: Path, picture: Path | None) -> None:
    evaluated = captured_scenes(each)
    measured = [measure_captured(scene, filler) for scene in _counted(evaluated, len(evaluated))]
    title = f"Captured set ({len(STYLES)} styles, {each} pictures each)"
    _publish(title, report_captured(measured), out / "captured.md")
    write_sheet([_captured_row(one) for one in measured], out / "captured.png", width_px=400)
    if picture:
        pairs = [(one.scene.image, one.left["strokes"].result) for one in measured[::each]]
        write_sheet([left + right for left, right in zip(pairs[::2], pairs[1::2], strict=True)], picture, width_px=320)


def _row(one: Measured) -> tuple[Image, ...]:
    done = one.outcomes["strokes, verified"]
    return row(one.scene, done.mask, one.outcomes["boxes"].result, done.result)


def _captured_row(one: CapturedMeasure) -> tuple[Image, ...]:
    done = one.left["strokes"]
    return row(one.scene, done.mask, one.left["boxes"].result, done.result)


def _publish(title: str, table: str, file: Path) -> None:
    print(f"{title}\n\n{table}\n")
    file.write_text(table + "\n", encoding="utf-8")


def _counted(some: Iterable[T], total: int) -> Iterator[T]:
    for number, one in enumerate(some, 1):
        yield one
        print(f"\r{number}/{total} pictures", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
