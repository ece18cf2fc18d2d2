"""The web page: built from ui/ into static/ui, served from memory. All it does goes through the public routes."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#1d4ed8"/>'
    '<path d="M4 4.5h8v2H9V12H7V6.5H4z" fill="#fff"/><path d="M3 13 13 3" stroke="#fbbf24" stroke-width="1.6"/></svg>'
)
FOLDER = Path(__file__).parent / "static" / "ui"
PAGE = "index.html"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".jpg": "image/jpeg",
}

HEADERS = {
    # Looked at again each time: the names stay when the content changes, and an unchanged one costs a 304.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
    # Scripts, styles and requests of this service only; pictures also out of the page's own memory.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file of the page, and the same as gzip."""

    content: bytes
    packed: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "File":
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        return cls(content, gzip.compress(content, mtime=0), media_type, etag)


def ui_routes() -> APIRouter:
    router = APIRouter()
    files = _built()
    page = files[PAGE].content

    @router.get("/ui", include_in_schema=False)
    async def ui(request: Request) -> Response:
        """The page names its parts from the root, wherever a proxy has put that."""
        root = request.scope.get("root_path", "").encode()
        content = page.replace(b'="/ui/', b'="' + root + b"/ui/").replace(b'="/favicon', b'="' + root + b"/favicon")
        return _answer(request, File.of(content, TYPES[".html"]))

    @router.get("/ui/{name}", include_in_schema=False)
    async def part(request: Request, name: str) -> Response:
        """Scripts, styles, pictures."""
        if name not in files or name == PAGE:
            raise HTTPException(404)
        return _answer(request, files[name])

    @router.get("/favicon.ico", include_in_schema=False)
    async def icon() -> Response:
        """What browsers ask for beside every page."""
        return Response(ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})

    return router


@cache
def _built() -> dict[str, File]:
    return {path.name: File.of(path.read_bytes(), TYPES[path.suffix]) for path in sorted(FOLDER.iterdir())}


def _answer(request: Request, file: File) -> Response:
    headers = HEADERS | {"ETag": file.etag}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if file.etag in known:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", "") and len(file.packed) < len(file.content):
        return Response(file.packed, media_type=file.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(file.content, media_type=file.media_type, headers=headers)
