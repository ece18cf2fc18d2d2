"""What is answered when all went well."""

from base64 import b64encode

from anyio import to_thread
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from deployments.api.clock import iso
from deployments.api.schema.headers import CONTENT_DISPOSITION, result_headers
from deployments.api.schema.responses import DetectionAnswer, Dimensions, FoundText, ProcessingStats, StatisticsAnswer
from deployments.messages.jobs import DetectedText, Detection, Erased

SUFFIXES = {"image/jpeg": "jpg", "image/tiff": "tif"}
"""Where a file's suffix is not the second half of its media type."""


def suffix_of(media_type: str) -> str:
    """Of a file, without the dot."""
    return SUFFIXES.get(media_type, media_type.partition("/")[2])


def json_response(answer: BaseModel, status: int = 200) -> Response:
    return Response(to_json(answer, inf_nan_mode="null"), status, media_type="application/json")


def image_response(erased: Erased, name: str = "erased") -> Response:
    """`name` is what a browser saves the file as, without the suffix, which follows from what it is."""
    media_type = erased.info.media_type
    named = {CONTENT_DISPOSITION: f'inline; filename="{name}.{suffix_of(media_type)}"'}
    return Response(erased.image, media_type=media_type, headers=result_headers(erased.info) | named)


async def statistics_response(erased: Erased, include_image: bool) -> Response:
    """The facts as JSON; megabytes of base64 are written in a worker thread."""
    info = erased.info

    def render() -> Response:
        answer = StatisticsAnswer(
            success=True,
            message=f"{info.regions_count} regions erased",
            processing_stats=ProcessingStats(
                regions_processed=info.regions_count,
                total_area=info.total_area_px,
                processing_time=round(info.processing_time_s, 3),
                image_dimensions=Dimensions(width=info.width, height=info.height),
            ),
            timestamp=iso(),
            image=b64encode(erased.image).decode("ascii") if include_image else None,
        )
        response = json_response(answer)
        response.headers.update(result_headers(info))
        return response

    return await to_thread.run_sync(render)


def detection_response(detection: Detection) -> Response:
    answer = DetectionAnswer(
        regions=[_found(text) for text in detection.texts],
        image_dimensions=Dimensions(width=detection.width, height=detection.height),
    )
    return json_response(answer)


def _found(text: DetectedText) -> FoundText:
    xs, ys = zip(*text.points, strict=True)
    return FoundText(
        points=list(text.points),
        x=min(xs),
        y=min(ys),
        width=max(xs) - min(xs),
        height=max(ys) - min(ys),
        confidence=text.confidence,
    )
