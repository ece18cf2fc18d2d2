"""Which image format answers which Accept header."""

import pytest

from deployments.api.negotiation import output_format
from deployments.messages.jobs import OutputFormat


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "png"),
        ("*/*", "png"),
        ("image/*", "png"),
        ("application/json", "png"),
        ("image/webp", "webp"),
        ("IMAGE/JPEG", "jpeg"),
        ("image/jpg", "jpeg"),
        ("image/avif,image/webp,image/apng,*/*;q=0.8", "avif"),
        ("image/webp,image/avif;q=0.9", "webp"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "png"),
        ("image/gif, image/jpeg;q=0.5", "png"),
        ("image/png;q=0.5, image/jpeg;q=0.9", "jpeg"),
        ("image/jpeg;q=0.5, image/*;q=0.7", "png"),
        ("image/webp;q=0, */*", "png"),
        ("image/png;q=0, image/webp;q=0, */*", "png"),
        ("image/png;q=0", "png"),
        ("image/webp;q=rubbish, image/jpeg;level=1;q=0.2", "jpeg"),
    ],
)
def test_the_format_the_client_likes_best_is_chosen(accept: str, expected: str) -> None:
    assert output_format(accept) is OutputFormat(expected)
