"""multipart/form-data as a list of parts, while it arrives. python-multipart finds the boundaries."""

from collections.abc import Collection
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
    file_name: str = ""


class FormReader:
    """Takes a body in pieces of any size. Of a part that nobody asked for not a byte is kept."""

    def __init__(self, content_type: str, names: Collection[str], max_parts: int = MAX_PARTS) -> None:
        """Raises: MalformedBody if the content type names no boundary."""
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise MalformedBody("the multipart content type names no boundary")
        self._names = names
        self._max_parts = max_parts
        self._parts: list[Part] = []
        self._count = 0
        self._complete = False
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value = bytearray(), bytearray()
        self._name: str | None = None
        self._is_file = False
        self._file_name = ""
        self._content: list[bytes] = []
        self._parser = self._new_parser(boundary)

    def _new_parser(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_begin": self._begin_header,
                    "on_header_field": self._read_header,
                    "on_header_value": self._read_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._read_content,
                    "on_part_end": self._end,
                    "on_end": self._end_all,
                },
            )
        except FormParserError:
            raise MalformedBody("the boundary of the multipart body is too long") from None

    def feed(self, data: bytes) -> None:
        """Raises: MalformedBody."""
        try:
            self._parser.write(data)
        except FormParserError:
            raise MalformedBody("the body is not valid multipart/form-data") from None

    def finish(self) -> list[Part]:
        """The parts asked for, in the order they came. Raises: MalformedBody if the end is missing."""
        if not self._complete:
            raise MalformedBody("the multipart body ends too early")
        return self._parts

    def _begin(self) -> None:
        self._count += 1
        if self._count > self._max_parts:
            raise MalformedBody(f"the form has more than {self._max_parts} parts")
        self._headers, self._content = {}, []

    def _begin_header(self) -> None:
        self._header, self._value = bytearray(), bytearray()

    def _read_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _read_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)

    def _end_headers(self) -> None:
        options = parse_options_header(self._headers.get(b"content-disposition"))[1]
        if b"name" not in options:
            raise MalformedBody("a part of the form has no name")
        name = options[b"name"].decode("utf-8", "replace")
        self._name = name if name in self._names else None
        content_type = self._headers.get(b"content-type", b"").lower()
        self._file_name = options.get(b"filename", b"").decode("utf-8", "replace")
        self._is_file = b"filename" in options or content_type.startswith(b"image/")

    def _read_content(self, data: bytes, start: int, end: int) -> None:
        if self._name is not None:
            self._content.append(data[start:end])

    def _end(self) -> None:
        if self._name is not None:
            self._parts.append(Part(self._name, b"".join(self._content), self._is_file, self._file_name))

    def _end_all(self) -> None:
        self._complete = True
