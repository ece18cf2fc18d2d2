"""What takes long is decoded in a process that can be ended."""

import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image as Pillow

from models import stopping
from models.codec import apart
from models.codec.apart import decode_stoppably
from models.codec.images import decode
from models.errors import Cancelled, ImageTooLarge, InvalidImage
from tests.models.codec.test_images import LIMIT, file_of
from tests.pictures import photo

FILE = file_of(Pillow.fromarray(photo(64, 48)), "PNG", dpi=(300, 300))


@pytest.fixture
def everything_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LONG", 0)


@pytest.mark.usefixtures("everything_is_long")
def test_the_picture_is_the_same() -> None:
    here, there = decode(FILE, max_pixels=LIMIT), decode_stoppably(FILE, max_pixels=LIMIT)
    assert np.array_equal(here.rgb, there.rgb)
    assert (here.alpha, here.deep, here.metadata, here.format) == (
        there.alpha,
        there.deep,
        there.metadata,
        there.format,
    )
    assert there.rgb.flags["C_CONTIGUOUS"]


@pytest.mark.usefixtures("everything_is_long")
def test_what_is_wrong_with_a_file_is_told_all_the_same() -> None:
    with pytest.raises(InvalidImage, match="broken or cut short"):
        decode_stoppably(FILE[:-400], max_pixels=LIMIT)
    with pytest.raises(ImageTooLarge):
        decode_stoppably(FILE, max_pixels=10)


@pytest.mark.usefixtures("everything_is_long")
def test_a_library_that_crashes_takes_nobody_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "PROGRAM", "import os; os.abort()")
    with pytest.raises(InvalidImage):
        decode_stoppably(FILE, max_pixels=LIMIT)


@pytest.mark.usefixtures("everything_is_long")
def test_whoever_stops_it_ends_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Given: a file that takes for ever
    begun = tmp_path / "begun"
    monkeypatch.setattr(apart, "PROGRAM", f"import time; open({str(begun)!r}, 'w'); time.sleep(600)")
    stop, ended = threading.Event(), list[BaseException]()

    def check() -> None:
        if stop.is_set():
            raise Cancelled("enough")

    def work() -> None:
        stopping.under(check)
        try:
            decode_stoppably(FILE, max_pixels=LIMIT)
        except Cancelled as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until = time.monotonic() + 60
    while not begun.exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    children = [child for child in psutil.Process().children() if "time.sleep(600)" in " ".join(child.cmdline())]
    # When
    stop.set()
    thread.join(30)
    # Then
    assert len(ended) == 1
    assert len(children) == 1
    assert not children[0].is_running()


def test_what_is_quick_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "PROGRAM", "raise SystemExit(1)")
    assert decode_stoppably(FILE, max_pixels=LIMIT).rgb.shape == (48, 64, 3)
