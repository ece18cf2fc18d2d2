"""multipart/form-data as a list of parts. python-multipart finds the boundaries."""

from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from deployments.api.errors import MalformedBody

MAX_PARTS = 200


@dataclass(frozen=True, slots=True)
class Part:
    """`is_file`: the client sent a file name or an image content type with it."""

    name: str
    content: bytes
    is_file: bool


class _Reader:
    """Collects the parts from the parser's callbacks."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value, self._content = bytearray(), bytearray(), bytearray()

    def on_part_begin(self) -> None:
        if len(self.parts) == MAX_PARTS:
            raise MalformedBody(f"the form has more than {MAX_PARTS} parts")
        self._headers, self._content = {}, bytearray()

    def on_header_begin(self) -> None:
        self._header, self._value = bytearray(), bytearray()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += memoryview(data)[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += memoryview(data)[start:end]

    def on_header_end(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._content += memoryview(data)[start:end]

    def on_part_end(self) -> None:
        options = parse_options_header(self._headers.get(b"content-disposition"))[1]
        if b"name" not in options:
            raise MalformedBody("a part of the form has no name")
        is_file = b"filename" in options or self._headers.get(b"content-type", b"").lower().startswith(b"image/")
        self.parts.append(Part(options[b"name"].decode("utf-8", "replace"), bytes(self._content), is_file))

    def on_end(self) -> None:
        self.complete = True


def parse_multipart(body: bytes | bytearray, content_type: str) -> list[Part]:
    """Raises: MalformedBody."""
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise MalformedBody("the multipart content type names no boundary")
    reader = _Reader()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": reader.on_part_begin,
                "on_header_begin": reader.on_header_begin,
                "on_header_field": reader.on_header_field,
                "on_header_value": reader.on_header_value,
                "on_header_end": reader.on_header_end,
                "on_part_data": reader.on_part_data,
                "on_part_end": reader.on_part_end,
                "on_end": reader.on_end,
            },
        )
        parser.write(bytes(body))
    except FormParserError:
        raise MalformedBody("the body is not valid multipart/form-data") from None
    if not reader.complete:
        raise MalformedBody("the multipart body ends too early")
    return reader.parts
