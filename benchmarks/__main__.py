"""`python -m benchmarks`: the short form, under ten minutes on two quiet cores. Each part is a command too.

The peer, the soak, the cost model and the GPU are commands only: they take longer.
"""

import typer

from benchmarks import machine, scale
from benchmarks.commands import devices, parts, peers, services
from benchmarks.commands.options import show

app = typer.Typer(add_completion=False, help=__doc__)
for commands in (parts.app, services.app, peers.app, devices.app):
    app.registered_commands += commands.registered_commands

SHORT_SCALE = scale.Scope((scale.OVERHEAD, scale.REPLICAS), requests=100, replicas=(1, 8), seconds=8.0)


@app.callback(invoke_without_command=True)
def short(context: typer.Context) -> None:
    """Without a command: codecs, tracker, batcher, planner, overhead, scale and service in their short forms."""
    typer.echo(f"{machine.describe()}\n")
    if context.invoked_subcommand is None:
        parts.codecs()
        parts.tracker()
        parts.batcher()
        parts.planner()
        show(services.scale_reports(SHORT_SCALE))
        services.service()


if __name__ == "__main__":
    app()
