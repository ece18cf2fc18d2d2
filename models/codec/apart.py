"""Files that take long are decoded in a process of their own: native code cannot be stopped, a process can."""

import pickle
import subprocess
import sys
from pathlib import Path

from models.codec.decoding import DecodedImage, decode
from models.codec.headers import PEAK_BYTES, open_lazily, peak_bytes, reading
from models.codec.scans import scans_of
from models.errors import InvalidImage, TextRemovalError
from models.stopping import go_on

LONG = 60_000_000
"""Plain pixels, gone over once or a few times: more than phones take. They take a second or more; to start a process
takes half a one."""

FEW_SCANS = 12
LOOK_S = 0.05

ROOT = Path(__file__).parents[2]
PROGRAM = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from models.codec.apart import main; main()"


def decode_stoppably(data: bytes, *, max_pixels: int, page: int = 0) -> DecodedImage:
    """As `decode`; what takes long ends where `stopping.go_on` raises, and a file that makes a library crash is only a
    broken file.

    Raises: as `decode`; what `go_on` raises.
    """
    with reading():
        image = open_lazily(data, max_pixels=max_pixels, page=page)
        rounds = max(1, scans_of(data) // FEW_SCANS if image.format == "JPEG" else page + 1)
        cost = image.width * image.height * peak_bytes(image) // PEAK_BYTES * rounds
        del image
    if cost <= LONG:
        return decode(data, max_pixels=max_pixels, page=page)
    return _in_a_process(data, max_pixels, page)


def _in_a_process(data: bytes, max_pixels: int, page: int) -> DecodedImage:
    arguments = [sys.executable, "-c", PROGRAM, str(max_pixels), str(page)]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            unsent: bytes | None = data
            while True:
                go_on()
                try:
                    told, _ = process.communicate(unsent, timeout=LOOK_S)
                    break
                except subprocess.TimeoutExpired:
                    unsent = None  # the same call goes on with what it has begun
        finally:
            process.kill()
    if process.returncode != 0:
        raise InvalidImage("the file is broken: decoding it failed")
    result: DecodedImage | TextRemovalError = pickle.loads(told)  # by our own code, in the process above
    if isinstance(result, TextRemovalError):
        raise result
    return result


def main() -> None:
    """The process: a file on standard input, a pickled DecodedImage or error of ours on standard output."""
    max_pixels, page = map(int, sys.argv[1:])
    data = sys.stdin.buffer.read()
    result: DecodedImage | TextRemovalError
    try:
        result = decode(data, max_pixels=max_pixels, page=page)
    except TextRemovalError as error:
        result = error
    pickle.dump(result, sys.stdout.buffer, protocol=5)
