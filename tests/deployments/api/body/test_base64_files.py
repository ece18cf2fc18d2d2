"""Files as base64 text."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.api.body import base64_files
from deployments.api.body.base64_files import decode
from models.errors import InvalidImage


@given(st.binary(max_size=200), st.sampled_from(["", "data:image/png;base64,", "DATA:;base64,"]), st.booleans())
def test_what_was_encoded_is_decoded(content: bytes, prefix: str, urlsafe: bool) -> None:
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    text = encode(content).decode()
    assert decode(prefix + text) == content
    assert decode(prefix + text.rstrip("=")) == content
    assert decode(prefix + text + "==") == content
    assert decode(" \n" + prefix + text) == content
    assert decode(prefix + quote(text, safe="")) == content
    assert decode(prefix + "\r\n".join(text[i : i + 76] for i in range(0, len(text), 76)) + "\n") == content


@pytest.mark.parametrize("length", [11, 12, 13, 24, 25])
def test_a_text_longer_than_a_step_is_decoded_in_steps(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    # Given
    monkeypatch.setattr(base64_files, "STEP", 16)
    content = bytes(range(length))
    # Then
    assert decode(base64.b64encode(content).decode()) == content


@pytest.mark.parametrize(
    "text",
    ["A", "AAA*", "AA==AAAA", "=AAA", "AAAAA", "AA%", "AA%zz", "Aé==", "data:image/png,AA==", "data:;base64"],
)
def test_rubbish_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(base64_files, "STEP", 4)
    with pytest.raises(InvalidImage):
        decode(text)
