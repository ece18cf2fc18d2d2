"""Which image format to answer with."""

from deployments.messages.jobs import OutputFormat

PREFERENCE = (OutputFormat.PNG, OutputFormat.WEBP, OutputFormat.JPEG)
"""Lossless first: it is what a client gets that accepts everything."""


def output_format(accept: str) -> OutputFormat:
    """The format an `Accept` header ranks highest (RFC 9110, 12.5.1).

    Equal weights go to the format that is named over one that a wildcard lets in, then to `PREFERENCE`. A client that
    accepts none of them gets PNG: it asked for an image.
    """
    ranges = _ranges(accept)
    ranked = []
    for place, candidate in enumerate(PREFERENCE):
        for precision, pattern in ((2, candidate.media_type), (1, "image/*"), (0, "*/*")):
            if pattern in ranges:
                ranked.append((ranges[pattern], precision, -place, candidate))
                break
    weight, _, _, best = max(ranked, default=(0.0, 0, 0, OutputFormat.PNG))
    return best if weight > 0 else OutputFormat.PNG


def _ranges(accept: str) -> dict[str, float]:
    ranges: dict[str, float] = {}
    for part in accept.split(","):
        media_range, *parameters = (word.strip().lower() for word in part.split(";"))
        weights = [word.removeprefix("q=") for word in parameters if word.startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            continue
        ranges[media_range.replace("image/jpg", "image/jpeg")] = min(weight, 1.0)
    return ranges
