"""Where to erase: the --regions, --mask, --keep and --within of the command line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from text_removal.cli.documents import PICTURES
from text_removal.cli.problems import Spoiled, Stop
from text_removal.convert import from_coco, from_labelme

Regions = Sequence[Any]


@dataclass(frozen=True)
class Where:
    """`regions` are of all pictures, or by name; `mask` is one file for all, or a folder of files with the pictures'
    names. Neither: text is looked for."""

    regions: Regions | Mapping[str, Regions] | None = None
    mask: Path | None = None
    keep: Regions = ()
    within: Regions = ()
    _masks: dict[Path, bytes] = field(default_factory=dict)

    def of(self, name: str, page: str) -> Mapping[str, Any]:
        """Arguments of `erase` or `remove_text` for a page ("": the file itself) of the file `name`. Regions may be an
        empty list. Raises: Spoiled where no mask is found."""
        kept = {"keep": self.keep} if self.keep else {}
        if self.mask is not None:
            return {"mask": self._mask(name, page), **kept}
        if self.regions is not None:
            return {"regions": self._regions(name, page), **kept}
        return kept | ({"within": self.within} if self.within else {})

    def _regions(self, name: str, page: str) -> Regions:
        if not isinstance(self.regions, Mapping):
            return self.regions or ()
        keys = (f"{name}/{page}", name, Path(name).name)
        return next((self.regions[key] for key in keys if key in self.regions), ())

    def _mask(self, name: str, page: str) -> bytes:
        assert self.mask is not None
        found = self.mask
        if found.is_dir():
            stems = [Path(f"{name}/{page}"), Path(name)] if page else [Path(name)]
            candidates = [
                self.mask / stem.parent / f"{stem.stem}{ending}{suffix}"
                for stem in stems
                for ending in ("", "_mask")
                for suffix in (".png", *PICTURES)
            ]
            there = [path for path in candidates if path.is_file()]
            if not there:
                raise Spoiled(f"no mask of it in {self.mask}", "no_mask")
            found = there[0]
        if found not in self._masks:
            self._masks.clear()
            self._masks[found] = found.read_bytes()
        return self._masks[found]


def read_regions(path: Path) -> Regions | Mapping[str, Regions]:
    """A list of regions (for all pictures), {name: list}, what `text-removal detect` prints, or a file of labelme or
    COCO. Raises: Stop."""
    text = _text(path)
    try:
        return _by_kind(json.loads(text))
    except ValueError:
        pass
    try:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return {_name(line): line["regions"] for line in lines if "regions" in line}
    except (ValueError, KeyError, TypeError) as error:
        raise Stop(f"{path}: is neither JSON nor lines of JSON ({error})") from error


def _by_kind(document: Any) -> Regions | Mapping[str, Regions]:
    if isinstance(document, list):
        return document
    if not isinstance(document, Mapping):
        raise ValueError("neither a list nor an object")
    if "shapes" in document:
        return from_labelme(document)
    if "annotations" in document and "images" in document:
        return {image["file_name"]: from_coco(document, image["id"]) for image in document["images"]}
    if "regions" in document and "input" in document:
        return {_name(document): document["regions"]}
    return document


def _name(line: Mapping[str, Any]) -> str:
    return f"{line['name']}/{line['page']}" if line.get("page") else str(line["name"])


def some_regions(words: Sequence[str]) -> list[Any]:
    """Each `x,y,width,height`, or the path of a JSON file with a list of regions. Raises: Stop."""
    found: list[Any] = []
    for word in words:
        try:
            x, y, width, height = (float(number) for number in word.split(","))
            found.append({"x": x, "y": y, "width": width, "height": height})
            continue
        except ValueError:
            pass
        regions = read_regions(Path(word))
        if isinstance(regions, Mapping):
            raise Stop(f"{word}: a list of regions is wanted")
        found += regions
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise Stop(f"{path}: is neither x,y,width,height nor a file that can be read ({error})") from error
