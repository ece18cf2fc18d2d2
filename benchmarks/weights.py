"""LaMa's own architecture with random weights, in the file IOPaint would have downloaded: it costs what LaMa costs."""

from dataclasses import dataclass
from pathlib import Path

from tests.standins import checksum_variable, make_lama


@dataclass(frozen=True, slots=True)
class StandIn:
    """`environment` makes IOPaint and this service find the file and take its checksum as right."""

    path: Path
    environment: dict[str, str]


def lama(torch_home: Path, *, true_size: bool = True) -> StandIn:
    """Made on first use; a few seconds and 206 MB."""
    folder = torch_home / "hub" / "checkpoints"
    path = folder / "big-lama.pt"
    if not path.exists():
        make_lama(folder, true_size=true_size)
    return StandIn(path, {"TORCH_HOME": str(torch_home), **checksum_variable(path)})
