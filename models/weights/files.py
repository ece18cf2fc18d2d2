"""IOPaint's weights files: where they come from, what they must be, where they lie."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

RELEASES = "https://github.com/Sanster/models/releases/download"


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file of a model, as IOPaint 1.6.0 names it.

    `variable` is the stem of IOPaint's names for it: the environment variables `<variable>_URL` and `<variable>_MD5`
    point to a mirror or another file, and module constants of the same names hold the result. `size_mb` is about the
    size in 10^6 bytes; None where it is not known.
    """

    name: str
    variable: str
    release: str
    default_md5: str
    size_mb: int | None = None

    @property
    def url(self) -> str:
        return os.environ.get(f"{self.variable}_URL", f"{RELEASES}/{self.release}/{self.name}")

    @property
    def md5(self) -> str:
        return os.environ.get(f"{self.variable}_MD5", self.default_md5)

    @property
    def path(self) -> Path:
        """Where IOPaint looks: `<variable>_URL` itself if it is a path that exists, else torch.hub's cache."""
        local = Path(self.url)
        return local if local.exists() else checkpoints() / Path(urlsplit(self.url).path).name

    @property
    def public_url(self) -> str:
        """The URL without user, password and query, which may hold secrets of a mirror."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else self.name


def checkpoints() -> Path:
    """torch.hub's folder for downloaded weights, by torch.hub's rules, without importing torch."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", str(Path(cache) / "torch"))
    return Path(home).expanduser() / "hub" / "checkpoints"


FILES = (
    WeightsFile("big-lama.pt", "LAMA_MODEL", "add_big_lama", "e3aa4aaa15225a33ec84f9f4bc47e500", 206),
    WeightsFile(
        "anime-manga-big-lama.pt", "ANIME_LAMA_MODEL", "AnimeMangaInpainting", "29f284f36a0a510bcacf39ecf4c4d54f"
    ),
)


def file(name: str) -> WeightsFile:
    """Raises KeyError for a name that is not in the table."""
    return {entry.name: entry for entry in FILES}[name]
