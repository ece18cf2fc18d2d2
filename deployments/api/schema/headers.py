"""Every header an answer may carry, in one list: what OpenAPI says of it, what CORS exposes, what is sent."""

from collections.abc import Callable
from dataclasses import dataclass

from deployments.api.clock import iso
from deployments.messages.jobs import ErasedInfo

SERVER_TIMINGS = ("queue", "decode", "detect", "mask", "fit", "load", "inpaint", "verify", "encode")


@dataclass(frozen=True, slots=True)
class ResultHeader:
    """`value` None: the header is left out."""

    name: str
    meaning: str
    value: Callable[[ErasedInfo], str | None]


def _server_timing(info: ErasedInfo) -> str | None:
    """The Server-Timing recommendation of the W3C; None without timings."""
    timings = [f"{name};dur={info.timings_s[name] * 1000:.1f}" for name in SERVER_TIMINGS if name in info.timings_s]
    return ", ".join(timings) or None


def _fill(info: ErasedInfo) -> str | None:
    if info.fitted_count is None:
        return None
    return f"fitted={info.fitted_count}, model={info.regions_count - info.fitted_count}"


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)


RESULT_HEADERS = (
    ResultHeader("X-Processing-Time", "Seconds of work.", lambda info: f"{info.processing_time_s:.3f}"),
    ResultHeader("X-Regions-Count", "Regions erased.", lambda info: _number(info.regions_count)),
    ResultHeader("X-Total-Area", "Pixels filled.", lambda info: _number(info.total_area_px)),
    ResultHeader("X-Timestamp", "When it was answered, ISO 8601.", lambda _: iso()),
    ResultHeader("X-Model", "The model that answered.", lambda info: info.model),
    ResultHeader(
        "X-Model-Fallback",
        "The wanted model, only if the fallback answered in its place.",
        lambda info: info.fallback_for,
    ),
    ResultHeader(
        "X-Stroke-Fallbacks",
        "Regions filled as boxes although strokes were asked for; only then.",
        lambda info: _number(info.stroke_fallbacks),
    ),
    ResultHeader(
        "X-Fill",
        "Regions fitted without the model because they lie on smooth ground, and those the model filled.",
        _fill,
    ),
    ResultHeader(
        "X-Pages",
        "Pages or frames of the file, if it has more than one; the answer is one of them.",
        lambda info: _number(info.pages) if info.pages > 1 else None,
    ),
    ResultHeader("X-Seed", "The seed used; only diffusion models.", lambda info: _number(info.seed)),
    ResultHeader(
        "Server-Timing", "Milliseconds of each part of the work: " + ", ".join(SERVER_TIMINGS) + ".", _server_timing
    ),
)
"""Of every answer that is, or is about, a finished image."""

REQUEST_ID = "X-Request-ID"
REQUEST_ID_MEANING = "The client's, or made up."
"""On every answer."""

CONTENT_DISPOSITION = "Content-Disposition"
CONTENT_DISPOSITION_MEANING = "A file name with the right suffix."
"""On every image."""

RETRY_AFTER = "Retry-After"
RETRY_AFTER_MEANING = "Seconds to wait before trying again."
"""On errors where waiting helps."""

EXPOSED = (*(header.name for header in RESULT_HEADERS), REQUEST_ID, CONTENT_DISPOSITION, RETRY_AFTER)
"""What a browser lets a page of another origin read."""


def result_headers(info: ErasedInfo) -> dict[str, str]:
    values = {header.name: header.value(info) for header in RESULT_HEADERS}
    return {name: value for name, value in values.items() if value is not None}
