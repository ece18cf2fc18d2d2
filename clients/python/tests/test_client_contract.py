"""The client's names, fields and choices are those of the service's openapi.json: neither can drift from the other."""

import dataclasses
import types
import typing
from typing import Any

import pytest
from typer.main import get_command
from typing_extensions import get_type_hints

import text_removal
from clients.python import make_sync
from deployments.api.app import create_api
from deployments.api.errors import HTTP_CODES, TABLE
from deployments.api.live.protocol import FROM_SERVER
from deployments.api.schema.iopaint_fields import Unserved
from tests.deployments.api.conftest import SETTINGS
from tests.deployments.fakes import FakeBackend
from tests.service import ROOT
from text_removal import Client, Model, Models, Task, TaskCounts, TaskStatus, errors, options, progress, service
from text_removal.cli.app import app

SCHEMAS: dict[str, Any] = create_api(FakeBackend(), SETTINGS).openapi()["components"]["schemas"]
ARGUMENTS = {"image", "mask", "regions", "detect", "task_id"}
"""Of the methods themselves."""


def choices(hint: Any) -> set[str] | None:
    """The words of a Literal, alone or in a union with None."""
    parts = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    found = [set(typing.get_args(part)) for part in parts if typing.get_origin(part) is typing.Literal]
    return found[0] if found else None


def enumerated(schema: dict[str, Any]) -> set[str] | None:
    found = [set(part["enum"]) for part in (schema, *schema.get("anyOf", ())) if "enum" in part]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (options.EraseOptions, "InpaintBody"),
        (options.RegionOptions, "RegionsBody"),
        (options.RemoveTextOptions, "RemoveTextBody"),
        (options.DetectOptions, "DetectBody"),
        (options.TaskOptions, "TaskBody"),
    ],
)
def test_options_are_the_fields_of_the_body(options: Any, body: str) -> None:
    fields = {
        name: schema
        for name, schema in SCHEMAS[body]["properties"].items()
        if name not in ARGUMENTS and name not in Unserved.model_fields
    }
    hints = get_type_hints(options)

    assert set(hints) == set(fields)
    for name, schema in fields.items():
        if name != "sd_sampler":  # 19 names that IOPaint may add to: a text
            assert choices(hints[name]) == enumerated(schema), name


@pytest.mark.parametrize(
    ("answer", "schema"),
    [
        (TaskStatus, "TaskStatusAnswer"),
        (progress.CallbackStatus, "CallbackAnswer"),
        (TaskCounts, "TaskCountsAnswer"),
        (Model, "ModelAnswer"),
        (Models, "ModelsAnswer"),
        (service.Health, "HealthAnswer"),
        (service.Limits, "Limits"),
        (service.Info, "InfoAnswer"),
    ],
)
def test_answers_have_the_fields_of_the_schema(answer: Any, schema: str) -> None:
    fields = SCHEMAS[schema]["properties"]
    hints = typing.get_type_hints(answer)

    assert {field.name for field in dataclasses.fields(answer)} == set(fields)
    for name in fields:
        assert choices(hints[name]) == enumerated(fields[name]), name
    with_default = {field.name for field in dataclasses.fields(answer) if field.default is not dataclasses.MISSING}
    assert with_default == set(fields) - set(SCHEMAS[schema]["required"])


def test_events_have_the_fields_of_the_messages() -> None:
    kinds = set(typing.get_args(progress.EventType))
    messages = {kind: FROM_SERVER[kind]["payload"]["properties"] for kind in kinds}
    told = {field.name for field in dataclasses.fields(progress.Event)}
    ours = {
        "progress",
        "session_id",
        "result",
    }  # another name of a field that is there, nothing, and facts of the result
    of_status = {"created_at", "started_at", "completed_at"}  # in answers to get_task_status only

    assert {kind for kind, message in FROM_SERVER.items() if "seq" in message["payload"]["properties"]} == kinds
    assert {name for fields in messages.values() for name in fields} - ours - of_status == told
    assert set(typing.get_args(progress.Status)) == set(messages["progress_update"]["status"]["enum"])
    assert set(typing.get_args(progress.Stage)) == set(messages["progress_update"]["stage"]["enum"])


def test_every_error_of_the_service_has_a_class_and_no_other() -> None:
    served = {row.code for row in TABLE.values()} | set(HTTP_CODES.values())

    assert set(errors.BY_CODE) - {errors.Unavailable.code} == served


def test_what_is_worth_another_try_is_what_the_service_says_a_time_for() -> None:
    waiting_helps = {row.code for row in TABLE.values() if row.retry_after_s is not None}

    assert {code for code, error in errors.BY_CODE.items() if error.retryable} - {"unavailable"} == waiting_helps


def test_the_blocking_client_is_made_of_the_async_one() -> None:
    assert len(make_sync.sources()) >= 3
    assert make_sync.stale() == [], "run clients/python/make_sync.py"


def test_the_guide_names_every_verb_every_option_of_the_command_line_and_every_converter() -> None:
    # Given
    guide = (ROOT / "docs/clients.md").read_text()
    methods = [item for kind in (Client, Task) for item in vars(kind).items()]
    verbs = {name for name, value in methods if callable(value) and not name.startswith("_")}
    converters = {name for name in vars(text_removal) if name.startswith("from_")}
    remove = get_command(app).commands["remove"]  # type: ignore[attr-defined]
    options = {word for option in remove.params for word in option.opts if word.startswith("--")}
    # Then
    assert {name for name in verbs - {"close", "request"} if f"{name}(" not in guide} == set()
    assert {name for name in converters if f"`{name}`" not in guide} == set()
    assert len(options) > 20
    assert {option for option in options - {"--quiet", "--output"} if option not in guide} == set()
