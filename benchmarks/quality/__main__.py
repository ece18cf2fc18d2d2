"""Prints the quality table and writes the contact sheet: python -m benchmarks.quality [--scenes N] [--out DIR]."""

import argparse
import sys
from pathlib import Path

from benchmarks.quality.fonts import FontsMissing
from benchmarks.quality.report import measure, report
from benchmarks.quality.scenes import SEED, scenes
from benchmarks.quality.sheet import write_sheet
from models.detection import detector

_SHOWN = (1, 5, 7, 18)
"""Scenes of the small sheet: a face, fine detail, sharp edges, and one with missed strokes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path("data/quality"), help="where the table and the sheet go")
    parser.add_argument("--picture", type=Path, help="also write a small sheet of a few scenes here, for the README")
    options = parser.parse_args()
    try:
        evaluated = scenes(options.scenes, options.seed)
    except FontsMissing as missing:
        sys.exit(str(missing))
    finder = detector.load("cpu", threads=1)
    measured = []
    for number, scene in enumerate(evaluated, 1):
        measured.append(measure(scene, finder))
        print(f"\r{number}/{len(evaluated)} images", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    table = report(measured)
    print(table)
    write_sheet(measured, options.out / "sheet.png")
    if options.picture:
        write_sheet([measured[number] for number in _SHOWN if number < len(measured)], options.picture, width_px=250)
    (options.out / "table.md").write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
