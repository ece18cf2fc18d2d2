"""The web page: one file without anything from outside; all it does goes through the public routes."""

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import HTMLResponse

PAGE = Path(__file__).parent / "static" / "ui.html"


def ui_routes() -> APIRouter:
    router = APIRouter()
    page = PAGE.read_text()

    @router.get("/ui", include_in_schema=False)
    async def ui() -> HTMLResponse:
        return HTMLResponse(page)

    return router
