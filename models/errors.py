"""The root of the one error tree, and what models raise. What only the service around them raises stands in
deployments/errors.py. How each leaf looks over HTTP stands in one table: deployments/api/errors.py.

Every error survives pickling with its message and details, because it crosses process boundaries.
"""

from typing import Any, Self


class TextRemovalError(Exception):
    """Base of everything this service raises on purpose. `details` holds public facts only: no paths, no traces."""

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def again(self) -> Self:
        """A new error that says the same. To raise one object twice is a leak: its traceback grows by the frames of
        every call that it passes, and they hold images."""
        return type(self)(self.message, **self.details)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.details)


def _rebuild(cls: type[TextRemovalError], message: str, details: dict[str, Any]) -> TextRemovalError:
    return cls(message, **details)


class InvalidRequest(TextRemovalError):
    """The request is well-formed but asks for something that makes no sense; `details["field"]` names it."""


class InvalidRegion(InvalidRequest):
    """A region lies outside the image or has no area; `details["index"]` is its place in the list, from 0."""


class InvalidMask(InvalidRequest):
    """The mask has another size than the image, or marks no pixel."""


class UnknownModel(InvalidRequest):
    """The request names a model this service does not serve."""


class InvalidImage(TextRemovalError):
    """The bytes are not base64, or not a decodable image."""


class UnsupportedImage(TextRemovalError):
    """A decodable image, but of a format other than JPEG, PNG, WebP, BMP or TIFF."""


class ImageTooLarge(TextRemovalError):
    """The file or its pixel count is over the limit."""


class ModelUnavailable(TextRemovalError):
    """The model is served but cannot answer now: still loading, or it failed to load."""


class WeightsUnavailable(ModelUnavailable):
    """The weights file is not there and cannot be fetched, or what is there is corrupt."""


class LoraUnavailable(TextRemovalError):
    """The model works, but the weights a request adds to it are not there and cannot be fetched. No other model answers
    instead, and the next request may well be served."""


class Cancelled(TextRemovalError):
    """The work was cancelled by its owner."""


class InferenceFailed(TextRemovalError):
    """The model raised while it ran; the cause is in the log of the replica."""


class OutOfDeviceMemory(InferenceFailed):
    """The forward did not fit into the device's memory. A smaller one may."""
