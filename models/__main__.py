"""`python -m models` prints the table of models that the README shows."""

from models.base import ModelFacts
from models.registry import MODELS
from models.weights.files import file

HEAD = ("model", "what it is", "speed", "batched", "licence of the weights", "weights")


def table() -> str:
    """Markdown, one row for each model of the registry, in its order."""
    rows = [HEAD, ("---",) * len(HEAD), *(_row(facts) for facts in MODELS)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _row(facts: ModelFacts) -> tuple[str, ...]:
    licence = facts.licence if facts.weights else "none needed"
    return facts.name, facts.summary, facts.speed, "yes" if facts.batchable else "no", licence, _weights(facts)


def _weights(facts: ModelFacts) -> str:
    sizes = [file(name).size_mb for name in facts.weights]
    known = [size for size in sizes if size is not None]
    if not sizes:
        return "none"
    if len(known) == len(sizes):
        return f"{sum(known)} MB"
    return "1 file" if len(sizes) == 1 else f"{len(sizes)} files"


if __name__ == "__main__":
    print(table())
