"""What a benchmark says, as Markdown: ratios first, then the table they come from."""

from collections.abc import Sequence
from dataclasses import dataclass, field

NOT_RUN = "—"


@dataclass(frozen=True, slots=True)
class Report:
    """`ratios` are sentences; every row has as many cells as `header`."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    ratios: Sequence[str] = ()
    notes: Sequence[str] = field(default_factory=tuple)

    def markdown(self) -> str:
        lines = [f"## {self.title}", ""]
        lines += [*(f"- {ratio}" for ratio in self.ratios), ""] if self.ratios else []
        lines += [_row(self.header), _row(["---"] * len(self.header)), *map(_row, self.rows), ""]
        lines += [*self.notes, ""] if self.notes else []
        return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def seconds(values: Sequence[float]) -> str:
    """Least and median; one value alone stands alone."""
    if not values:
        return NOT_RUN
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{min(values):.2f} / {median(values):.2f}"


def median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
