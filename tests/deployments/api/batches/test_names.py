"""Names that come from outside."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.api.batches.names import MAX_NAME, Names, safe_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", "a.png"),
        ("sub/b c.png", "sub/b c.png"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\pictures\\a.png", "C_/pictures/a.png"),
        ("a/./b/../c.png", "a/b/c.png"),
        ("naïve ☃.png", "naïve ☃.png"),
        ("a\0b\n.png", "a_b_.png"),
        ("", "image-0008"),
        ("../..", "image-0008"),
    ],
)
def test_a_name_becomes_a_path_within_a_folder(name: str, expected: str) -> None:
    assert safe_name(name, 7) == expected


@given(st.text(max_size=400))
def test_no_name_leads_out_of_a_folder(name: str) -> None:
    safe = safe_name(name, 0)
    for path in (PurePosixPath(safe), PureWindowsPath(safe)):
        assert not path.is_absolute()
        assert not path.drive
        assert ".." not in path.parts
    assert 0 < len(safe) <= MAX_NAME


def test_each_name_is_given_once_with_the_suffix_of_the_result() -> None:
    names = Names()
    given_names = [names.unique(name, "png") for name in ("a.jpg", "a.png", "A.PNG", "b", "sub/a.webp", "v1.2.jpg")]
    assert given_names == ["a.png", "a-2.png", "A-3.png", "b.png", "sub/a.png", "v1.2.png"]
