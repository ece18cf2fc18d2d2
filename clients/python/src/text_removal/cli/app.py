"""The command line as it is typed. Exit codes: 0 all done, 1 some failed, 2 wrong usage, 3 no service, 130
interrupted."""

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from text_removal.cli import commands
from text_removal.cli.items import Place
from text_removal.cli.problems import INTERRUPTED, Stop
from text_removal.cli.remove import Removal
from text_removal.cli.service import Way
from text_removal.cli.where import Where, read_regions, some_regions

app = typer.Typer(
    name="text-removal",
    help="Remove text from pictures, whole folders of them, archives and PDFs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

FORMATS = ("same", "png", "jpeg", "webp", "avif")

Paths = Annotated[list[str], typer.Argument(help="Pictures, folders, patterns, zip, cbz, TIFF, PDF.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="A folder, or for one picture a file.")]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Folders with all that is below them.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, max=256, help="Pictures at once.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where an earlier run was stopped.")]
ReportFile = Annotated[Path | None, typer.Option("--report", help="Write a line of JSON for each file here.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show problems only.")]
Dpi = Annotated[int, typer.Option(min=36, max=1200, help="How finely PDF pages are drawn.")]
RegionsFile = Annotated[Path | None, typer.Option("--regions", help="JSON of all or by name, or of labelme or COCO.")]
MaskFile = Annotated[Path | None, typer.Option("--mask", help="A mask for all, or a folder with one for each.")]
Keep = Annotated[list[str] | None, typer.Option(help="Never touch this: x,y,width,height, or a JSON file.")]
Within = Annotated[list[str] | None, typer.Option(help="Look for text only here: x,y,width,height, or a JSON file.")]
Confidence = Annotated[float | None, typer.Option(min=0, max=1, help="Leave text that is less sure.")]
Model = Annotated[str | None, typer.Option(help="One of `text-removal models`.")]
MaskMode = Annotated[str | None, typer.Option(help="strokes: the glyphs only; box: all of a region.")]
Dilation = Annotated[int | None, typer.Option(min=0, max=256, help="Pixels by which the mask is grown.")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="Any other field of the service: name=value.")]
Url = Annotated[str | None, typer.Option(envvar="TEXT_REMOVAL_URL", help="Of the service.")]
Key = Annotated[str | None, typer.Option(envvar="TEXT_REMOVAL_API_KEY", help="If it asks for one.")]
Local = Annotated[bool, typer.Option("--local", help="Without a service: its pipeline, in this process.")]


def run(command: Callable[[], Awaitable[int]]) -> None:
    """Ends the process; what stops it is told in one line."""
    try:
        sys.exit(anyio.run(command))
    except Stop as stop:
        typer.echo(f"text-removal: {stop}", err=True)
        sys.exit(stop.code)
    except KeyboardInterrupt:
        typer.echo("text-removal: interrupted; --resume goes on", err=True)
        sys.exit(INTERRUPTED)


@app.command()
def remove(
    paths: Paths,
    output: Output = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write over the inputs.")] = False,
    recursive: Recursive = False,
    regions: RegionsFile = None,
    mask: MaskFile = None,
    keep: Keep = None,
    within: Within = None,
    format: Annotated[str, typer.Option(help="same, png, jpeg, webp or avif.")] = "same",
    quality: Annotated[int | None, typer.Option(min=1, max=100, help="Of jpeg, webp and avif.")] = None,
    model: Model = None,
    mask_mode: MaskMode = None,
    dilation: Dilation = None,
    min_confidence: Confidence = None,
    settings: Settings = None,
    dpi: Dpi = 200,
    jobs: Jobs = 4,
    resume: Resume = False,
    report: ReportFile = None,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and do what comes into the folders.")] = False,
    url: Url = None,
    api_key: Key = None,
    local: Local = False,
    quiet: Quiet = False,
) -> None:
    """Remove text, or what regions or a mask say, and write the pictures under --output."""

    async def work() -> int:
        if format not in FORMATS:
            raise Stop(f"--format {format}: one of {', '.join(FORMATS)} is wanted")
        if (output is None) != in_place:
            raise Stop("say where results go: --output FOLDER, or --in-place to write over the inputs")
        if in_place and resume and report is None:
            raise Stop("--in-place --resume goes by the report of the earlier run: give --report")
        named = {"model": model, "mask_mode": mask_mode, "dilation": dilation, "output_quality": quality}
        detecting = {"min_confidence": min_confidence} if regions is None and mask is None else {}
        removal = Removal(
            paths, Place(output, format), where_of(regions, mask, keep, within),
            options_of(settings, **named, **detecting), recursive, jobs, resume, dpi,
        )  # fmt: skip
        return await commands.remove(removal, Way(url, api_key, local), report, quiet=quiet, watch=watch)

    run(work)


@app.command()
def mask(
    paths: Paths,
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder, or for one picture a file.")],
    recursive: Recursive = False,
    regions: RegionsFile = None,
    keep: Keep = None,
    within: Within = None,
    mask_mode: MaskMode = None,
    dilation: Dilation = None,
    min_confidence: Confidence = None,
    settings: Settings = None,
    dpi: Dpi = 200,
    jobs: Jobs = 4,
    resume: Resume = False,
    report: ReportFile = None,
    url: Url = None,
    api_key: Key = None,
    local: Local = False,
    quiet: Quiet = False,
) -> None:
    """Write masks: PNG files, white where `remove` would fill."""

    async def work() -> int:
        named = {"mask_mode": mask_mode, "dilation": dilation, "result": "mask"}
        detecting = {"min_confidence": min_confidence} if regions is None else {}
        removal = Removal(
            paths, Place(output, "png"), where_of(regions, None, keep, within),
            options_of(settings, **named, **detecting), recursive, jobs, resume, dpi,
        )  # fmt: skip
        return await commands.remove(removal, Way(url, api_key, local), report, quiet=quiet, watch=False)

    run(work)


@app.command()
def detect(
    paths: Paths,
    recursive: Recursive = False,
    within: Within = None,
    min_confidence: Confidence = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file, instead of the terminal.")] = None,
    dpi: Dpi = 200,
    jobs: Jobs = 4,
    url: Url = None,
    api_key: Key = None,
    local: Local = False,
) -> None:
    """Find text: a line of JSON for each picture, which --regions reads."""

    async def work() -> int:
        options = options_of(None, min_confidence=min_confidence, within=some_regions(within or ()) or None)
        return await commands.detect(paths, Way(url, api_key, local), options, recursive, jobs, dpi, output)

    run(work)


@app.command()
def tasks(
    task_id: Annotated[str | None, typer.Argument(help="One of them; without it, how many there are.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show its progress until it ends.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop its work.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Wait for its result, and write it.")] = None,
    url: Url = None,
    api_key: Key = None,
) -> None:
    """See the tasks of the service, as JSON; watch one, cancel it, fetch its result."""

    async def work() -> int:
        way = Way(url, api_key)
        if task_id is None:
            return await commands.count_tasks(way)
        return await commands.one_task(way, task_id, watch=watch, cancel=cancel, output=output)

    run(work)


@app.command()
def models(url: Url = None, api_key: Key = None, local: Local = False) -> None:
    """Show the models that are served."""
    run(lambda: commands.models(Way(url, api_key, local)))


def where_of(regions: Path | None, mask: Path | None, keep: list[str] | None, within: list[str] | None) -> Where:
    """Raises: Stop."""
    if regions is not None and mask is not None:
        raise Stop("give either --regions or --mask")
    if within and (regions is not None or mask is not None):
        raise Stop("--within is where text is looked for: with --regions or --mask none is")
    if mask is not None and not mask.exists():
        raise Stop(f"{mask}: there is no such file or folder")
    return Where(
        None if regions is None else read_regions(regions), mask, some_regions(keep or ()), some_regions(within or ())
    )


def options_of(words: list[str] | None, **named: Any) -> dict[str, Any]:
    """Raises: Stop."""
    options = {name: value for name, value in named.items() if value is not None}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Stop(f"--set {word}: name=value is wanted")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options
