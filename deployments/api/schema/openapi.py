"""What OpenAPI says of bodies, answers and errors. Bodies are read by hand (body.py), so they are described by hand."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from deployments.api.errors import TABLE
from deployments.api.schema.batch_bodies import BatchBody, ItemBody, form_schema, json_schema
from deployments.api.schema.bodies import BODIES
from deployments.api.schema.fields import FILE_FIELDS, JSON_FIELDS
from deployments.api.schema.headers import (
    CONTENT_DISPOSITION,
    CONTENT_DISPOSITION_MEANING,
    REQUEST_ID,
    REQUEST_ID_MEANING,
    RESULT_HEADERS,
    RETRY_AFTER,
    RETRY_AFTER_MEANING,
)
from deployments.api.schema.plain import plain, without_defaults
from deployments.api.schema.requests import Body
from deployments.api.schema.responses import ErrorAnswer
from deployments.messages.jobs import OutputFormat

Responses = dict[int | str, dict[str, Any]]

REF = "#/components/schemas/{model}"

STATUS_WORDS = {
    400: "The body does not parse, or the bytes are no base64 or no image.",
    401: "An API key is asked for.",
    404: "Unknown task or model.",
    409: "It does not fit the task's state, or the task id is taken.",
    410: "The result has expired.",
    413: "The body, the file or its pixel count is over the limit.",
    415: "The content type or the image format is not supported.",
    422: "The request makes no sense; the message names the field.",
    429: "The queue is full; `Retry-After` says when to come back.",
    500: "The model or the service failed.",
    503: "No model can answer now, or the service is shutting down; `Retry-After` where waiting helps.",
    504: "The request's time is over; the work was stopped.",
}


def errors(*statuses: int) -> Responses:
    """The error answers of a route; 500 is always among them, and 422 because FastAPI would describe it otherwise."""
    return {status: _error(status) for status in sorted({*statuses, 422, 500})}


def _error(status: int) -> dict[str, Any]:
    rows = {row.code: row for row in TABLE.values() if row.status == status}
    headers = {REQUEST_ID: _header(REQUEST_ID_MEANING)}
    if any(row.retry_after_s for row in rows.values()):
        headers[RETRY_AFTER] = _header(RETRY_AFTER_MEANING)
    codes = ", ".join(f"`{code}`" for code in rows)
    return {
        "model": ErrorAnswer,
        "description": f"{STATUS_WORDS[status]} `error` is one of: {codes}.",
        "headers": headers,
    }


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def json_answer(model: type[BaseModel], description: str, status: int = 200) -> Responses:
    return {status: {"model": model, "description": description}}


HEADERS = {header.name: _header(header.meaning) for header in RESULT_HEADERS} | {
    REQUEST_ID: _header(REQUEST_ID_MEANING)
}
IMAGE_ANSWER: Responses = {
    200: {
        "description": "The image.",
        "content": {f.media_type: {"schema": {"type": "string", "format": "binary"}} for f in OutputFormat},
        "headers": HEADERS | {CONTENT_DISPOSITION: _header(CONTENT_DISPOSITION_MEANING)},
    }
}


def text_answer(media_type: str, description: str) -> Responses:
    return {200: {"description": description, "content": {media_type: {"schema": {"type": "string"}}}}}


SUBMIT_ERRORS = errors(400, 401, 413, 415, 422, 429, 503, 504)


def body_of(model: type[Body]) -> dict[str, Any]:
    """`openapi_extra` of a route that reads such a body, as JSON or as a form."""
    examples = {name: {"value": value} for name, value in model.examples.items()}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": REF.format(model=model.__name__)}, "examples": examples},
                "multipart/form-data": {
                    "schema": {"$ref": REF.format(model=_form_name(model))},
                    "encoding": {
                        name: {"contentType": "application/json"} for name in JSON_FIELDS if name in model.model_fields
                    },
                },
            },
        }
    }


def batch_body() -> dict[str, Any]:
    """`openapi_extra` of the one route that also reads a zip."""
    extra = body_of(BatchBody)
    zipped = {"schema": {"type": "string", "format": "binary", "description": "All else stands in the query."}}
    extra["requestBody"]["content"]["application/zip"] = zipped
    return extra


def describe_app(app: FastAPI) -> None:
    """Put the schemas of the bodies beside those FastAPI finds by itself."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, routes=app.routes, description=DESCRIPTION, tags=TAGS,
                servers=[{"url": "/"}], license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            )  # fmt: skip
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {}).update(_body_schemas())
            components["securitySchemes"] = SECURITY_SCHEMES
            schema["security"] = [{}, *({name: []} for name in SECURITY_SCHEMES)]
            app.openapi_schema = plain(schema)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


TAGS = [
    {"name": "inpainting", "description": "Answered with the result itself."},
    {"name": "tasks", "description": "In the background, with progress, cancel and callback."},
    {"name": "batches", "description": "Many pictures at once; each is a task."},
    {"name": "service", "description": "What the service is and how it is."},
]
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, where the service asks for one."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same, in its own header."},
}

DESCRIPTION = "Removes text, and anything else under a mask, from images. Only the pixels asked for change."


def _form_name(model: type[Body]) -> str:
    return model.__name__.replace("Body", "Form")


def _body_schemas() -> dict[str, Any]:
    described: tuple[type[Body], ...] = (*BODIES, ItemBody, BatchBody)
    _, top = models_json_schema([(model, "validation") for model in described], ref_template=REF)
    schemas: dict[str, Any] = top["$defs"]
    for model in BODIES:
        schemas[model.__name__] = without_defaults(schemas[model.__name__])
        schemas[_form_name(model)] = _form_schema(schemas[model.__name__], _form_name(model))
    schemas["ItemBody"] = without_defaults(schemas["ItemBody"])
    common = without_defaults(schemas["BatchBody"])
    schemas["BatchBody"] = json_schema(common, REF.format(model="ItemBody"))
    schemas["BatchForm"] = form_schema(_form_schema(common, "BatchForm"))
    return schemas


def _form_schema(schema: dict[str, Any], title: str) -> dict[str, Any]:
    """The same fields as a form has them: files as they are."""
    properties = {
        name: {"type": "string", "format": "binary", "description": "The file itself, or its base64 text."}
        if name in FILE_FIELDS
        else field
        for name, field in schema["properties"].items()
    }
    return schema | {"properties": properties, "title": title}
