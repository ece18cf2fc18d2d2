"""What logs look like, and what does not belong in them."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import MemoryHandler

import pytest

from deployments.config.logs import ExpectedErrors, JsonLines, as_json, configure_logging, facts
from models.errors import InferenceFailed, InvalidImage

NAMES = ("ray.serve", "deployments", "models")


@contextmanager
def serve_stream() -> Iterator[io.StringIO]:
    """Serve's logger as it is in a replica: one handler. Afterwards all loggers are as they were."""
    loggers = [logging.getLogger(name) for name in NAMES]
    before = [(logger.handlers, logger.filters, logger.propagate, logger.level) for logger in loggers]
    stream = io.StringIO()
    for logger in loggers:
        logger.handlers, logger.filters = [], []
    loggers[0].handlers = [logging.StreamHandler(stream)]
    loggers[0].setLevel("INFO")
    try:
        yield stream
    finally:
        for logger, (handlers, filters, propagate, level) in zip(loggers, before, strict=True):
            logger.handlers, logger.filters, logger.propagate = handlers, filters, propagate
            logger.setLevel(level)


def test_a_json_line_has_the_facts_beside_the_message() -> None:
    with serve_stream() as stream:
        # Given
        configure_logging("INFO", "json")
        # When
        told = facts(request_id="r", task_id="", client=None, status=200, seconds=0.25)
        logging.getLogger("deployments.gateway").info("request %s\n%d", "r", 200, extra=told)
    # Then
    (text,) = stream.getvalue().splitlines()
    line = json.loads(text)
    assert line.pop("time").endswith("+00:00")
    assert line.pop("pid") > 0
    assert line == {
        "level": "INFO", "logger": "deployments.gateway", "message": "request r\n200",
        "request_id": "r", "status": 200, "seconds": 0.25,
    }  # fmt: skip


def fail(error: Exception) -> None:
    """As Serve does when a call raises."""
    try:
        raise error
    except Exception:
        logging.getLogger("ray.serve").exception("Request failed.")


def test_a_trace_is_a_field_of_its_line() -> None:
    with serve_stream() as stream:
        configure_logging("INFO", "json")
        fail(RuntimeError("broken"))

    (text,) = stream.getvalue().splitlines()
    assert "RuntimeError: broken" in json.loads(text)["trace"]


@pytest.mark.parametrize(
    ("error", "logged"), [(InvalidImage("no image"), False), (InferenceFailed("broken"), True), (OSError("?"), True)]
)
def test_errors_of_clients_are_no_errors_of_the_service(error: Exception, logged: bool) -> None:
    with serve_stream() as stream:
        configure_logging("INFO")
        configure_logging("INFO")
        fail(error)
        filters = [type(known) for known in logging.getLogger("ray.serve").filters]

    assert ("Traceback" in stream.getvalue()) is logged
    assert filters == [ExpectedErrors]


def test_serve_s_file_behind_its_buffer_gets_json_too() -> None:
    file = logging.StreamHandler(io.StringIO())
    with serve_stream():
        logging.getLogger("ray.serve").handlers = [MemoryHandler(1, target=file)]
        configure_logging("INFO", "json")

    assert isinstance(file.formatter, JsonLines)


def test_what_other_processes_print_is_json_too() -> None:
    assert as_json('{"level": "INFO"}') == '{"level": "INFO"}'
    assert json.loads(as_json('Traceback "of" \N{SNOWMAN}')) == {"message": 'Traceback "of" \N{SNOWMAN}'}


def test_lines_of_ray_s_processes_come_out_as_they_are_and_not_once_for_many(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from ray._private.ray_logging import global_worker_stdstream_dispatcher as printed

    from deployments.__main__ import _print_json

    before = list(printed.handlers)
    printed.add_handler("ray_print_logs", lambda batch: print("(ServeReplica pid=1)", *batch["lines"]))
    handlers = [handler for name in ("ray", "ray.serve") for handler in logging.getLogger(name).handlers]
    formatters = [(handler, handler.formatter) for handler in handlers]
    try:
        _print_json()
        batch = {"lines": ['{"level": "INFO"}', '{"level": "INFO"}', "no JSON"], "pid": 1}
        printed.emit(batch)  # type: ignore[no-untyped-call]
    finally:
        printed.handlers = before
        for handler, formatter in formatters:
            handler.setFormatter(formatter)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"level": "INFO"}, {"level": "INFO"}, {"message": "no JSON"}]
