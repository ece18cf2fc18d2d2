"""Logs of every process: a line per state change, with ids and seconds, as text or as JSON."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from models.errors import InferenceFailed, OutOfDeviceMemory, TextRemovalError


def facts(**named: Any) -> dict[str, Any]:
    """For `extra=` of a call to a logger: what the line says as fields of JSON. None and "" are left out."""
    return {"facts": {name: value for name, value in named.items() if value not in (None, "")}}


def configure_logging(level: str, form: str = "text") -> None:
    """Send our loggers to the handlers that Ray Serve (or pytest, or a shell) has put on its own, at `level`. `form`
    "json": those handlers write a line of JSON for each record, Serve's own too."""
    serve = logging.getLogger("ray.serve")
    if form == "json":
        for handler in serve.handlers:
            (getattr(handler, "target", None) or handler).setFormatter(JsonLines())  # Serve's file is behind a buffer
    if not any(isinstance(known, ExpectedErrors) for known in serve.filters):
        serve.addFilter(ExpectedErrors())
    for name in ("deployments", "models"):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        if serve.handlers and not logger.handlers:
            for handler in serve.handlers:
                logger.addHandler(handler)
            logger.propagate = False


class ExpectedErrors(logging.Filter):
    """Serve logs whatever a call raises as an error with its trace. What is raised on purpose, because of the client or
    because something passing is in the way, is told to the client, and is no error of the service."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, InferenceFailed | OutOfDeviceMemory):
            return True
        return not isinstance(error, TextRemovalError)


class JsonLines(logging.Formatter):
    """One object a line: time (ISO 8601, UTC), level, logger, message, the facts of the record, and the trace if there
    is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
        }
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def as_json(line: str) -> str:
    """What a process has printed, as a line of JSON; if it is one, as it is."""
    return line if line.startswith("{") and line.endswith("}") else json.dumps({"message": line}, ensure_ascii=False)
