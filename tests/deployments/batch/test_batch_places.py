"""Folders and object stores, alike."""

import os
import uuid
from pathlib import Path

import pytest

from deployments.batch.places import Place, result_path


@pytest.fixture(params=["folder", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "place") if request.param == "folder" else f"memory://{uuid.uuid4().hex}"


def test_what_was_written_is_there_under_its_path(url: str) -> None:
    place = Place(url)
    assert place.paths() == []

    place.write("a/b.png", b"one")
    place.write("a/b.png", b"two")
    place.write("c.TXT", b"words")

    assert place.paths() == ["a/b.png", "c.TXT"]
    assert place.read("a/b.png") == b"two"
    assert (place.has("a/b.png"), place.has("a/c.png")) == (True, False)
    with pytest.raises(OSError, match=r"nothing\.png"):
        place.read("nothing.png")


def test_pictures_are_what_is_named_so_outside_of_a_folder(url: str) -> None:
    place = Place(url)
    for path in ("out/a.png", "outer.JPG", "x/b.heic", "words.txt", "no-suffix"):
        place.write(path, b"")

    inside = Place(f"{url}/out").inside(place)

    assert inside == "out"
    assert place.pictures(without=inside) == ["outer.JPG", "x/b.heic"]
    assert Place(url).pictures(without=None) == ["out/a.png", "outer.JPG", "x/b.heic"]
    assert place.inside(Place(f"{url}/out")) is None


def test_a_folder_is_local_and_an_object_store_is_not(tmp_path: Path) -> None:
    assert Place(str(tmp_path)).folder == tmp_path
    assert Place("memory://x").folder is None


def test_a_write_that_breaks_off_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    place = Place(str(tmp_path))
    place.write("a.png", b"whole")

    def break_off(descriptor: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", break_off)
    # When
    with pytest.raises(OSError, match="full"):
        place.write("a.png", b"half")
    # Then
    assert place.read("a.png") == b"whole"
    assert place.paths() == ["a.png"]


@pytest.mark.parametrize(
    ("path", "suffix", "expected"),
    [
        ("a.png", ".png", "a.png"),
        ("a/B.PNG", ".png", "a/B.PNG"),
        ("a.jpeg", ".jpg", "a.jpeg"),
        ("a.JFIF", ".jpg", "a.JFIF"),
        ("a.jpg", ".png", "a.jpg.png"),
        ("a.heic", ".jpg", "a.heic.jpg"),
    ],
)
def test_a_result_is_named_after_its_picture(path: str, suffix: str, expected: str) -> None:
    assert result_path(path, suffix) == expected
