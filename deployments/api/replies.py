"""What is answered when all went well."""

from base64 import b64encode
from typing import Any

from anyio import to_thread
from pydantic_core import to_json
from starlette.responses import Response

from deployments.api.clock import iso
from deployments.messages.jobs import Detection, Erased, ErasedInfo

SERVER_TIMINGS = ("queue", "load", "decode", "inpaint", "encode")


def json_response(content: Any, status: int = 200) -> Response:
    return Response(to_json(content, inf_nan_mode="null"), status, media_type="application/json")


def image_response(erased: Erased) -> Response:
    return Response(erased.image, media_type=erased.info.media_type, headers=result_headers(erased.info))


def result_headers(info: ErasedInfo) -> dict[str, str]:
    headers = {
        "X-Processing-Time": f"{info.processing_time_s:.3f}",
        "X-Regions-Count": str(info.regions_count),
        "X-Total-Area": str(info.total_area_px),
        "X-Timestamp": iso(),
        "X-Model": info.model,
    }
    timings = [f"{name};dur={info.timings_s[name] * 1000:.1f}" for name in SERVER_TIMINGS if name in info.timings_s]
    if timings:
        headers["Server-Timing"] = ", ".join(timings)
    if info.fallback_for is not None:
        headers["X-Model-Fallback"] = info.fallback_for
    if info.stroke_fallbacks is not None:
        headers["X-Stroke-Fallbacks"] = str(info.stroke_fallbacks)
    if info.seed is not None:
        headers["X-Seed"] = str(info.seed)
    return headers


async def statistics_response(erased: Erased, include_image: bool) -> Response:
    """The facts as JSON; megabytes of base64 are written in a worker thread."""
    info = erased.info
    content: dict[str, Any] = {
        "success": True,
        "message": f"{info.regions_count} regions erased",
        "processing_stats": {
            "regions_processed": info.regions_count,
            "total_area": info.total_area_px,
            "processing_time": round(info.processing_time_s, 3),
            "image_dimensions": {"width": info.width, "height": info.height},
        },
        "timestamp": iso(),
    }

    def render() -> Response:
        if include_image:
            content["image"] = b64encode(erased.image).decode("ascii")
        response = json_response(content)
        response.headers.update(result_headers(info))
        return response

    return await to_thread.run_sync(render)


def detection_response(detection: Detection) -> Response:
    """Each text with its polygon and the upright rectangle around it."""
    regions = []
    for text in detection.texts:
        xs, ys = zip(*text.points, strict=True)
        regions.append(
            {
                "points": text.points,
                "x": min(xs),
                "y": min(ys),
                "width": max(xs) - min(xs),
                "height": max(ys) - min(ys),
                "confidence": text.confidence,
            }
        )
    return json_response(
        {"regions": regions, "image_dimensions": {"width": detection.width, "height": detection.height}}
    )
