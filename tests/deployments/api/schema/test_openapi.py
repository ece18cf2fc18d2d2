"""What OpenAPI says is true."""

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from deployments.api.ports import BatchEntry
from deployments.api.schema import responses
from deployments.api.schema.batch_bodies import BatchBody
from deployments.api.schema.bodies import BODIES
from deployments.api.schema.requests import Body
from deployments.config.api_settings import ApiSettings
from deployments.messages.batch import Refusal
from tests.deployments.fakes import FakeBackend

WITH_EXAMPLES: list[type[Body]] = [*BODIES, BatchBody]


@pytest.fixture
def schema(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, item) for path, methods in schema["paths"].items() for method, item in methods.items()]


async def test_every_example_works_against_the_service(
    client: httpx.AsyncClient, schema: dict[str, Any], backend: FakeBackend
) -> None:
    tried = 0
    for path, method, operation in operations(schema):
        body = operation.get("requestBody")
        if body is None:
            continue
        for name, example in body["content"]["application/json"]["examples"].items():
            # When
            response = await client.request(method, path, json=example["value"])
            # Then
            assert response.status_code in (200, 202), (path, name, response.text)
            tried += 1
    assert tried >= sum(len(body.examples) for body in WITH_EXAMPLES)


def test_the_examples_fit_their_own_schemas(schema: dict[str, Any]) -> None:
    checked = 0
    for path, _, operation in operations(schema):
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]["application/json"]
            validator = Draft202012Validator(content["schema"] | {"components": schema["components"]})
            for name, example in content["examples"].items():
                assert list(validator.iter_errors(example["value"])) == [], (path, name)
                checked += 1
    assert checked >= sum(len(body.examples) for body in WITH_EXAMPLES)


def test_bodies_are_described_as_json_and_as_form(schema: dict[str, Any]) -> None:
    bodies = [operation["requestBody"] for _, _, operation in operations(schema) if "requestBody" in operation]
    assert len(bodies) == 7
    for body in bodies:
        assert set(body["content"]) - {"application/zip"} == {"application/json", "multipart/form-data"}
        name = body["content"]["multipart/form-data"]["schema"]["$ref"].rpartition("/")[2]
        image = schema["components"]["schemas"][name]["properties"]["image"]
        assert image.get("items", image)["format"] == "binary"


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for item in node.values() for found in references(item)]
        return [found for item in node for found in references(item)] if isinstance(node, list) else []

    found = references(schema)
    assert found
    assert {ref.rpartition("/")[2] for ref in found} <= set(schema["components"]["schemas"])


def test_every_error_answer_has_the_one_shape(schema: dict[str, Any]) -> None:
    described = 0
    for path, _, operation in operations(schema):
        statuses = {int(status) for status in operation["responses"]}
        if "requestBody" in operation:
            assert statuses >= {400, 401, 413, 415, 422, 429, 500, 503, 504}, path
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and not (path.endswith("/health") and status == "503"):
                ref = answer["content"]["application/json"]["schema"]["$ref"]
                assert ref.endswith("/ErrorAnswer"), (path, status)
                described += 1
    assert described > len(operations(schema))


def test_image_answers_are_described_with_their_headers(schema: dict[str, Any]) -> None:
    answer = schema["paths"]["/api/v1/inpaint"]["post"]["responses"]["200"]
    assert set(answer["content"]) == {"image/png", "image/jpeg", "image/webp", "image/avif"}
    assert {"X-Processing-Time", "X-Model-Fallback", "X-Seed", "Server-Timing"} <= set(answer["headers"])


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/", responses.RootAnswer),
        ("/api/v1/health", responses.HealthAnswer),
        ("/api/v1/model", responses.ModelAnswer),
        ("/api/v1/models", responses.ModelsAnswer),
        ("/api/v1/models/cv2", responses.ModelAnswer),
        ("/api/v1/info", responses.InfoAnswer),
        ("/api/v1/tasks", responses.TaskCountsAnswer),
        ("/api/v1/task-status/a", responses.TaskStatusAnswer),
        ("/api/v1/batches/b", responses.BatchAnswer),
        ("/api/v1/nothing", responses.ErrorAnswer),
    ],
)
async def test_json_answers_are_as_described(
    client: httpx.AsyncClient, backend: FakeBackend, path: str, model: type[responses.Answer]
) -> None:
    backend.tasks.add("a")
    await backend.tasks.submit_batch("b", (BatchEntry("a", refusal=Refusal("invalid_image", "no", "image")),))
    model.model_validate_json((await client.get(path)).content)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
async def test_the_documentation_is_served(client: httpx.AsyncClient, path: str, settings: ApiSettings) -> None:
    assert (await client.get(path)).status_code == 200


def nodes(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        return [node, *(found for item in node.values() for found in nodes(item))]
    return [found for item in node for found in nodes(item)] if isinstance(node, list) else []


def test_lists_of_fixed_length_name_their_items(schema: dict[str, Any]) -> None:
    arrays = [node for node in nodes(schema) if node.get("type") == "array"]
    assert arrays
    assert [node for node in arrays if "items" not in node] == []


def test_the_choices_of_a_field_differ_in_more_than_case_and_signs(schema: dict[str, Any]) -> None:
    choices = [node["enum"] for node in nodes(schema) if isinstance(node.get("enum"), list)]
    assert choices
    for words in choices:
        names = [re.sub(r"[^a-z0-9]+", "_", str(word).lower()) for word in words]
        assert len(set(names)) == len(names), words


def test_a_field_that_may_be_left_out_has_no_default_in_a_request(schema: dict[str, Any]) -> None:
    for body in BODIES:
        described = schema["components"]["schemas"][body.__name__]
        assert [name for name, field in described["properties"].items() if "default" in field] == []
        assert set(described["required"]) == {name for name, field in body.model_fields.items() if field.is_required()}
    assert (
        "Default: 0.6." in schema["components"]["schemas"]["DetectBody"]["properties"]["min_confidence"]["description"]
    )


def test_operations_have_short_names_and_a_place(schema: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(schema)]
    tags = {tag["name"] for tag in schema["tags"]}
    assert len(set(ids)) == len(ids)
    assert "inpaint_regions" in ids
    assert [operation for _, _, operation in operations(schema) if not set(operation["tags"]) <= tags] == []


def test_the_document_says_where_and_with_which_key(schema: dict[str, Any]) -> None:
    assert schema["servers"] == [{"url": "/"}]
    assert schema["info"]["license"]["identifier"] == "Apache-2.0"
    assert schema["components"]["securitySchemes"].keys() == {"bearer", "apiKey"}
    assert schema["security"] == [{}, {"bearer": []}, {"apiKey": []}]
