"""The web page: one file without anything from outside; all it does goes through the public routes."""

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2563eb"/>'
    '<path d="M3 4h10v2H9v7H7V6H3z" fill="#fff"/><path d="M2 13 14 3" stroke="#f59e0b" stroke-width="2"/></svg>'
)
PAGE = Path(__file__).parent / "static" / "ui.html"


def ui_routes() -> APIRouter:
    router = APIRouter()
    page = PAGE.read_text()

    @router.get("/ui", include_in_schema=False)
    async def ui() -> HTMLResponse:
        return HTMLResponse(page)

    @router.get("/favicon.ico", include_in_schema=False)
    async def icon() -> Response:
        """What browsers ask for beside every page."""
        return Response(ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})

    return router
