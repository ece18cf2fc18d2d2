"""The page as a person sees it: what is on it by its name, and what the hands do."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def picture(colour: str, size: tuple[int, int] = (600, 400), format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, format)
    return file.getvalue()


def wait_until(condition: Callable[[], object], timeout_s: float = 15) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


class EditorPage:
    def __init__(self, page: "Page") -> None:
        self.page = page

    def visit(self, url: str) -> None:
        self.page.goto(f"{url}/ui")
        self.page.locator(".brand").wait_for()

    def open(self, *files: tuple[str, bytes]) -> None:
        """Name and content of each."""
        chosen = [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in files]
        self.page.locator("input[type=file][multiple]").first.set_input_files(chosen)  # type: ignore[arg-type]

    def button(self, name: str, exact: bool = False) -> "Locator":
        return self.page.get_by_role("button", name=name, exact=exact)

    @property
    def primary(self) -> "Locator":
        return self.page.locator(".panel .button.primary")

    def see(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def marks(self) -> int:
        return int((self.page.locator("#marks-count").text_content() or "0").split()[0])

    def wait_for_marks(self, count: int) -> None:
        wait_until(lambda: self.marks() == count)

    def wait_for_result(self, step: int = 1) -> None:
        self.page.locator(".chip[aria-pressed=true]", has_text=f"Step {step}").wait_for()

    def at(self, x: float, y: float, size: tuple[int, int] = (600, 400)) -> tuple[float, float]:
        """Where this place of a picture that is seen as a whole lies in the window; as shares of the picture."""
        box = self.page.locator(".board-host").bounding_box()
        assert box is not None
        scale = min((box["width"] - 32) / size[0], (box["height"] - 32) / size[1], 2)
        left = box["x"] + (box["width"] - size[0] * scale) / 2
        top = box["y"] + (box["height"] - size[1] * scale) / 2
        return left + x * size[0] * scale, top + y * size[1] * scale

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.at(x, y))

    def drag(self, start: tuple[float, float], *through: tuple[float, float]) -> None:
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        for place in through:
            self.page.mouse.move(*self.at(*place), steps=4)
        self.page.mouse.up()

    def download(self) -> tuple[str, "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"]:
        """The name and the pixels of what the button gives."""
        with self.page.expect_download() as got:
            self.button("Download", exact=True).click()
        path = Path(got.value.path())
        return got.value.suggested_filename, np.asarray(Image.open(path).convert("RGB"))
