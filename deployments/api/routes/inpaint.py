"""The routes that answer with the result itself."""

from fastapi import APIRouter, Request, Response

from deployments.api.disconnect import while_connected
from deployments.api.job_builder import detect_job, erase_job, read_job
from deployments.api.ports import Backend
from deployments.api.replies import detection_response, image_response, statistics_response
from deployments.api.schema.bodies import DetectBody, InpaintBody, RegionsBody, RemoveTextBody
from deployments.api.schema.openapi import HEADERS, IMAGE_ANSWER, SUBMIT_ERRORS, Responses, body_of, json_answer
from deployments.api.schema.requests import Options
from deployments.api.schema.responses import DetectionAnswer, StatisticsAnswer
from deployments.config.api_settings import ApiSettings
from deployments.messages.jobs import Erased

DETECTION = json_answer(DetectionAnswer, "The texts found.")
STATISTICS: Responses = {200: json_answer(StatisticsAnswer, "What was done.")[200] | {"headers": HEADERS}}


def inpaint_routes(backend: Backend, settings: ApiSettings) -> APIRouter:
    router = APIRouter(tags=["inpainting"], default_response_class=Response)

    async def erase(request: Request, body_type: type[Options]) -> Erased:
        job, _ = await read_job(request, body_type, erase_job, settings)
        return await while_connected(request, backend.run(job))

    @router.post("/inpaint", openapi_extra=body_of(InpaintBody), responses=IMAGE_ANSWER | SUBMIT_ERRORS)
    async def inpaint(request: Request) -> Response:
        """Fill what a mask marks."""
        return image_response(await erase(request, InpaintBody))

    @router.post("/inpaint-regions", openapi_extra=body_of(RegionsBody), responses=IMAGE_ANSWER | SUBMIT_ERRORS)
    async def inpaint_regions(request: Request) -> Response:
        """Fill regions, or the text inside them."""
        return image_response(await erase(request, RegionsBody))

    @router.post("/inpaint-regions-json", openapi_extra=body_of(RegionsBody), responses=STATISTICS | SUBMIT_ERRORS)
    async def inpaint_regions_json(request: Request, include_image: bool = False) -> Response:
        """Fill regions and answer with the facts, and on demand with the image as base64."""
        return await statistics_response(await erase(request, RegionsBody), include_image)

    @router.post(
        "/detect-text",
        openapi_extra=body_of(DetectBody),
        responses=DETECTION | SUBMIT_ERRORS,
    )
    async def detect_text(request: Request) -> Response:
        """Find text and change nothing."""
        job, _ = await read_job(request, DetectBody, detect_job, settings)
        return detection_response(await while_connected(request, backend.run(job)))

    @router.post("/remove-text", openapi_extra=body_of(RemoveTextBody), responses=IMAGE_ANSWER | SUBMIT_ERRORS)
    async def remove_text(request: Request) -> Response:
        """Find text and remove it; `X-Regions-Count` says how many texts there were."""
        return image_response(await erase(request, RemoveTextBody))

    return router
