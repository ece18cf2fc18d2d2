"""Which image format to answer with."""

from deployments.messages.jobs import OutputFormat


def output_format(accept: str) -> OutputFormat:
    """The format an `Accept` header asks for (RFC 9110, 12.5.1): the type it ranks highest, the first of equals.

    PNG, which loses nothing, if that is no image type this service writes: a browser that takes everything, or pages
    before pictures, has not asked for a lossy answer.
    """
    ranked = sorted(_ranges(accept).items(), key=lambda item: -item[1])
    if ranked and ranked[0][1] > 0:
        for candidate in OutputFormat:
            if candidate.media_type == ranked[0][0]:
                return candidate
    return OutputFormat.PNG


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
