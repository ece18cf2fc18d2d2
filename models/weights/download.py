"""One HTTP download into a file beside its destination: resumed where it stopped, tried again where that may help."""

import logging
from collections.abc import Callable
from pathlib import Path

import httpx
from tenacity import Retrying, before_sleep_log, retry_if_exception, stop_after_attempt, wait_exponential

from models.errors import WeightsUnavailable

log = logging.getLogger(__name__)

ATTEMPTS = 4
FIRST_WAIT_S = 0.5
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
CHUNK_BYTES = 1 << 20


def part_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def download(url: str, path: Path, progress: Callable[[float], None] | None = None) -> Path:
    """Fetches `url` into `part_path(path)` and returns that. A part left by an earlier attempt is continued.

    `progress` gets the share (0-1) that has arrived, where the server says how much there is.
    Raises: WeightsUnavailable, with one line that says why.
    """
    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(FIRST_WAIT_S),
        retry=retry_if_exception(_may_pass),
        before_sleep=before_sleep_log(log, logging.INFO),
        reraise=True,
    )
    try:
        retrying(_attempt, url, part_path(path), progress)
    except httpx.HTTPStatusError as error:
        raise WeightsUnavailable(f"the server answered {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WeightsUnavailable(f"no connection ({error})" if str(error) else "no connection") from error
    return part_path(path)


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code == 429 or error.response.status_code >= 500
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _attempt(url: str, part: Path, progress: Callable[[float], None] | None) -> None:
    have = part.stat().st_size if part.exists() else 0
    # identity: with a compressed answer, bytes on the wire and bytes in the file would not be the same count.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with (
        httpx.Client(timeout=TIMEOUT, follow_redirects=True) as client,
        client.stream("GET", url, headers=headers) as answer,
    ):
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is left to fetch; the checksum will tell whether that is true
        answer.raise_for_status()
        if answer.status_code != httpx.codes.PARTIAL_CONTENT:
            have = 0
        total = have + int(answer.headers.get("Content-Length", 0))
        with part.open("ab" if have else "wb") as stream:
            for chunk in answer.iter_bytes(CHUNK_BYTES):
                stream.write(chunk)
                have += len(chunk)
                if progress is not None and total:
                    progress(min(1.0, have / total))
