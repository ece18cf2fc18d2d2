"""JSON schemas as generators of clients take them: plainer than pydantic writes them, and no less true."""

import json
from typing import Any


def plain(schema: Any) -> Any:
    """A list of fixed length whose items are alike says so with `items`, and alternatives are `anyOf`: some generators
    know neither `prefixItems` without `items` nor alternatives that both fit."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: plain(item) for name, item in schema.items()}
    first, *others = made.get("prefixItems") or [None]
    if first is not None and all(item == first for item in others):
        del made["prefixItems"]
        made["items"] = first
    if isinstance(made.get("oneOf"), list):
        made["anyOf"] = made.pop("oneOf")
    return made


def without_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object whose defaults stand in the descriptions: TypeScript's generator takes a field with a
    default for one that is always there, and in a request it need not be."""
    fields = {name: _told_default(field) for name, field in schema.get("properties", {}).items()}
    return {**schema, "properties": fields}


def _told_default(field: dict[str, Any]) -> dict[str, Any]:
    if field.get("default") is None:
        return {name: item for name, item in field.items() if name != "default"}
    told = f"Default: {json.dumps(field['default'])}."
    description = f"{field['description'].rstrip()} {told}" if field.get("description") else told
    return {**{name: item for name, item in field.items() if name != "default"}, "description": description}
