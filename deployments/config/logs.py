"""One log format for every process: a line per state change, with ids and seconds."""

import logging


def configure_logging(level: str) -> None:
    """Send our loggers to the handlers that Ray Serve (or pytest, or a shell) has put on its own, at `level`."""
    serve = logging.getLogger("ray.serve")
    for name in ("deployments", "models"):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        if serve.handlers and not logger.handlers:
            for handler in serve.handlers:
                logger.addHandler(handler)
            logger.propagate = False
