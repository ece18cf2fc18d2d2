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
    size in 10^6 bytes; None where it is not known. `known_sha256` is that of the file with the default MD5, as several
    projects publish it that fetched the file and compared both; `pinned_sha256` is what a configuration asks for.
    """

    name: str
    variable: str
    release: str
    default_md5: str
    size_mb: int | None = None
    known_sha256: str | None = None
    pinned_sha256: str | None = None

    @property
    def url(self) -> str:
        return os.environ.get(f"{self.variable}_URL", f"{RELEASES}/{self.release}/{self.name}")

    @property
    def md5(self) -> str:
        return os.environ.get(f"{self.variable}_MD5", self.default_md5)

    @property
    def sha256(self) -> str | None:
        """None where nobody has said what it must be."""
        known = self.known_sha256 if self.md5 == self.default_md5 else None
        return self.pinned_sha256 or os.environ.get(f"{self.variable}_SHA256", known)

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
    WeightsFile(
        "big-lama.pt",
        "LAMA_MODEL",
        "add_big_lama",
        "e3aa4aaa15225a33ec84f9f4bc47e500",
        206,
        "344c77bbcb158f17dd143070d1e789f38a66c04202311ae3a258ef66667a9ea9",
    ),
    WeightsFile(
        "anime-manga-big-lama.pt",
        "ANIME_LAMA_MODEL",
        "AnimeMangaInpainting",
        "29f284f36a0a510bcacf39ecf4c4d54f",
        206,
        "479d3afdcb7ed2fd944ed4ebcc39ca45b33491f0f2e43eb1000bd623cfb41823",
    ),
    WeightsFile("diffusion.pt", "LDM_DIFFUSION_MODEL", "add_ldm", "b0afda12bf790c03aba2a7431f11d22d"),
    WeightsFile("cond_stage_model_decode.pt", "LDM_DECODE_MODEL", "add_ldm", "fe419cd15a750d37a4733589d0d3585c"),
    WeightsFile("cond_stage_model_encode.pt", "LDM_ENCODE_MODEL", "add_ldm", "23239fc9081956a3e70de56472b3f296"),
    WeightsFile("zits-inpaint-0717.pt", "ZITS_INPAINT_MODEL", "add_zits", "9978cc7157dc29699e42308d675b2154"),
    WeightsFile("zits-edge-line-0717.pt", "ZITS_EDGE_LINE_MODEL", "add_zits", "55e31af21ba96bbf0c80603c76ea8c5f"),
    WeightsFile(
        "zits-structure-upsample-0717.pt",
        "ZITS_STRUCTURE_UPSAMPLE_MODEL",
        "add_zits",
        "3d88a07211bd41b2ec8cc0d999f29927",
    ),
    WeightsFile("zits-wireframe-0717.pt", "ZITS_WIRE_FRAME_MODEL", "add_zits", "a9727c63a8b48b65c905d351b21ce46b"),
    WeightsFile("Places_512_FullData_G.pth", "MAT_MODEL", "add_mat", "8ca927835fa3f5e21d65ffcb165377ed", 251),
    WeightsFile("places_512_G.pth", "FCF_MODEL", "add_fcf", "3323152bc01bf1c56fd8aba74435a211", 343),
    WeightsFile("manga_inpaintor.jit", "MANGA_INPAINTOR_MODEL", "manga", "7d8b269c4613b6b3768af714610da86c"),
    WeightsFile("erika.jit", "MANGA_LINE_MODEL", "manga", "0c926d5a4af8450b0d00bc5b9a095644"),
    WeightsFile("migan_traced.pt", "MIGAN_MODEL", "migan", "76eb3b1a71c400ee3290524f7a11b89c"),
)


def file(name: str) -> WeightsFile:
    """Raises KeyError for a name that is not in the table."""
    return {entry.name: entry for entry in FILES}[name]
