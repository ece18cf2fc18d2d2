"""`python -m models.weights list | fetch NAME... | verify NAME...`; exit status 1 if anything is not in order."""

import logging
from typing import Annotated

import typer
from tqdm import tqdm  # type: ignore[import-untyped]

from models import registry
from models.base import ModelFacts
from models.errors import UnknownModel, WeightsUnavailable
from models.weights.ensure import State, digest, ensure, state
from models.weights.files import WeightsFile, file

app = typer.Typer(help="Weights files of the models.", no_args_is_help=True, add_completion=False)

Names = Annotated[list[str], typer.Argument(help="Names of models, as `list` prints them.")]


@app.callback()
def quiet() -> None:
    logging.getLogger("models.weights").addHandler(logging.NullHandler())  # errors are printed here, once


@app.command("list")
def list_() -> None:
    """Print every model with its files and whether they are here."""
    row = "{:<11} {:<29} {:>7}  {:<8} {}"
    typer.echo(row.format("MODEL", "FILE", "SIZE", "STATE", "LICENCE OF THE WEIGHTS"))
    for model in registry.MODELS:
        if not model.weights:
            typer.echo(row.format(model.name, "needs none", "", "", ""))
        for wanted in map(file, model.weights):
            typer.echo(row.format(model.name, wanted.name, _size(wanted), state(wanted), model.licence))


@app.command()
def fetch(names: Names) -> None:
    """Download what is missing or corrupt; a corrupt file is renamed, never deleted."""
    failed = False
    for model in _known(names):
        for wanted in map(file, model.weights):
            with tqdm(total=100, unit="%", desc=wanted.name, bar_format="{desc}: {percentage:3.0f}% {bar}") as bar:
                try:
                    ensure(wanted, lambda share, bar=bar: bar.update(share * 100 - bar.n))  # type: ignore[misc]
                    bar.update(100 - bar.n)
                except WeightsUnavailable as error:
                    bar.leave = False
                    typer.echo(f"{error.message} (folder: {wanted.path.parent})", err=True)
                    failed = True
    raise typer.Exit(failed)


@app.command()
def verify(names: Names) -> None:
    """Compare the checksums of files on disk; change nothing. Prints the SHA-256 of each, to be pinned."""
    failed = False
    for model in _known(names):
        for wanted in map(file, model.weights):
            found = state(wanted)
            typer.echo(f"{found:<8} {wanted.path}")
            if found is not State.MISSING:
                typer.echo(f"         sha256 {digest(wanted.path, 'sha256')}")
            failed |= found is not State.PRESENT
    raise typer.Exit(failed)


def _known(names: list[str]) -> list[ModelFacts]:
    """Diffusion models are whole folders: Hugging Face's own `hf download NAME` fetches them."""
    try:
        models = [registry.facts(name) for name in names]
    except UnknownModel as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(2) from None
    for model in models:
        if model.diffusion:
            typer.echo(f"{model.name} is a diffusion model: use `hf download {model.name}`", err=True)
            raise typer.Exit(2)
    return models


def _size(wanted: WeightsFile) -> str:
    if wanted.path.is_file():
        return f"{wanted.path.stat().st_size / 1e6:.0f} MB"
    return f"{wanted.size_mb} MB" if wanted.size_mb else "unknown"


if __name__ == "__main__":
    app(prog_name="python -m models.weights")
