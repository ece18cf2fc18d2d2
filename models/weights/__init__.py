"""Weights files: found, verified, fetched. `python -m models.weights` is the command line."""

from models.weights.ensure import ensure, ensure_all
from models.weights.files import WeightsFile, file

__all__ = ["WeightsFile", "ensure", "ensure_all", "file"]
