"""`--local`: the service's own HTTP layer, pipeline and models in this process. No port is opened, no Ray started."""

import sys
from pathlib import Path

import httpx

from text_removal.cli.problems import NoService

HERE_OR_NOWHERE = (
    "--local needs the service itself: call it in the folder of the service, with its environment "
    "(.venv/bin/python -m text_removal ...)"
)


def transport() -> httpx.ASGITransport:
    """Instead of the network. Raises: NoService where the service cannot be imported."""
    if Path("deployments/api/app.py").is_file() and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        from text_removal.cli import local_backend
    except ImportError as error:
        raise NoService(f"{HERE_OR_NOWHERE}: {error}") from error
    try:
        return httpx.ASGITransport(local_backend.application())
    except ValueError as error:  # its ConfigurationError: one line that names the setting
        raise NoService(str(error)) from error
