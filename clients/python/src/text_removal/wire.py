"""Answers of the service as dataclasses."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def from_wire(cls: type[Answer], answer: Mapping[str, Any]) -> Answer:
    """The fields `cls`, a dataclass, knows; a newer service may send more."""
    dataclass: Any = cls
    known = {item.name for item in fields(dataclass)}
    found = {name: value for name, value in answer.items() if name in known}
    return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in found.items()})
