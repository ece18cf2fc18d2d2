"""The fonts of the evaluation set. They come from Debian packages and are kept out of training by name."""

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

PACKAGES = (
    "fonts-dejavu-core fonts-dejavu-extra fonts-liberation fonts-lobster fonts-crosextra-carlito "
    "fonts-crosextra-caladea fonts-comfortaa fonts-wqy-microhei fonts-nanum"
)
LATIN = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSansCondensed.ttf", "DejaVuSerif-Italic.ttf",
    "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LiberationSerif-Regular.ttf",
    "LiberationMono-Regular.ttf", "LiberationSansNarrow-Bold.ttf", "Carlito-Regular.ttf", "Carlito-BoldItalic.ttf",
    "Caladea-Bold.ttf", "Comfortaa-Bold.ttf", "lobster.otf",
)  # fmt: skip
CHINESE = ("wqy-microhei.ttc",)
KOREAN = ("NanumGothicBold.ttf", "NanumMyeongjo.ttf")
_FOLDER = Path("/usr/share/fonts")


class FontsMissing(Exception):
    """A font of the evaluation set is not installed; the message names the packages."""


@lru_cache(maxsize=1)
def _installed() -> dict[str, Path]:
    return {path.name: path for path in sorted(_FOLDER.rglob("*")) if path.suffix in (".ttf", ".otf", ".ttc")}


@lru_cache(maxsize=128)
def font(name: str, size_px: int) -> ImageFont.FreeTypeFont:
    """Raises FontsMissing."""
    path = _installed().get(name)
    if path is None:
        raise FontsMissing(f"{name} is not installed; on Debian: apt-get install {PACKAGES}")
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.BASIC)
