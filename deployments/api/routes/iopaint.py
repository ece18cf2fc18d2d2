"""For clients of IOPaint and of lama-cleaner, its former name. IOPaint's `POST /api/v1/inpaint` is one of our own."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from deployments.api.disconnect import while_connected
from deployments.api.job_builder import erase_job, read_job
from deployments.api.ports import Backend
from deployments.api.replies import image_response
from deployments.api.schema.bodies import LamaCleanerBody
from deployments.api.schema.choices import SD_SAMPLERS
from deployments.api.views import PREFIX
from deployments.config.api_settings import ApiSettings


def iopaint_routes(backend: Backend, settings: ApiSettings) -> APIRouter:
    router = APIRouter(default_response_class=Response)

    @router.post("/inpaint", include_in_schema=False)
    async def lama_cleaner(request: Request) -> Response:
        """lama-cleaner's only route that matters: a form with `image`, `mask` and its parameters."""
        job, _ = await read_job(request, LamaCleanerBody, erase_job, settings)
        return image_response(await while_connected(request, backend.run(job)))

    @router.get(f"{PREFIX}/server-config", include_in_schema=False)
    async def server_config() -> Response:
        """In IOPaint's words: no plugins, no files, no switching."""
        return JSONResponse(
            {
                "plugins": [],
                "modelInfos": [_model_info(name) for name in settings.model_names],
                "enableFileManager": False,
                "enableAutoSaving": False,
                "enableControlnet": False,
                "controlnetMethod": None,
                "disableModelSwitch": True,
                "isDesktop": False,
                "samplers": list(SD_SAMPLERS.values()),
            }
        )

    @router.get(f"{PREFIX}/samplers", include_in_schema=False)
    async def samplers() -> Response:
        return JSONResponse(list(SD_SAMPLERS.values()))

    return router


def _model_info(name: str) -> dict[str, Any]:
    """A model as IOPaint describes those that erase."""
    unsupported = ("strength", "outpainting", "lcm_lora", "controlnet", "brushnet", "powerpaint_v2")
    return {
        "name": name,
        "path": name,
        "model_type": "inpaint",
        "is_single_file_diffusers": False,
        "need_prompt": False,
        "controlnets": [],
        "brushnets": [],
        **{f"support_{what}": False for what in unsupported},
    }
