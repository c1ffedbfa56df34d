"""The text of a file, or why there is none: what somebody named is a small UTF-8 file, or is refused."""

import codecs
import os
import re
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pricebook import trace
from pricebook.machine import open_regular
from pricebook.problem import Rejected, quote, reject
from pricebook.span import Span

MAX_YAML = 64 << 20
"""Bytes of a manifest; a longer rate list belongs into a table."""
_MARK = "\ufeff"
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_BYTE_ORDER_MARKS = {  # UTF-32 first: its little-endian mark begins with that of UTF-16
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def read_text(path: Path, shown: str, *, limit: int) -> str:
    """The text of a UTF-8 file without its byte order mark. `shown` names it in problems.

    Raises Rejected when it is no file that can be read, has more than `limit` bytes, is binary or in another encoding.
    """
    try:
        with open_file(path) as stream:
            size = os.fstat(stream.fileno()).st_size
            data = stream.read() if size <= limit else b""
    except (OSError, ValueError) as error:
        raise unreadable(path, shown, error) from None
    if max(size, len(data)) > limit:
        message = f"the file has {max(size, len(data)):,} bytes, the limit is {limit:,}"
        raise reject("too-large", message, Span(shown), "put long rate lists in a CSV table with rates_from")
    check_bytes(BytesIO(data), shown)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        message = f"the byte 0x{data[error.start]:02X} is not UTF-8"
        raise reject(
            "encoding", message, offset_span(shown, data[: error.start].decode()), "save it as UTF-8"
        ) from None


def is_below(path: Path, root: Path) -> bool:
    """Whether a path is in the folder, wherever links lead; one that leads nowhere is where it says."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """The bytes of a file, as `machine.open_regular` opens it."""
    stream = open_regular(path)
    trace.tell("file.opened", file=os.fspath(path), bytes=os.fstat(stream.fileno()).st_size)
    return stream


def check_bytes(stream: BinaryIO, shown: str) -> None:
    """Raises Rejected for a file that is plainly no UTF-8: it has another byte order mark, or a NUL byte.

    The file is read from its start, a piece at a time, and left there.
    """
    seen = 0
    while chunk := stream.read(1 << 20):
        for mark, encoding in _BYTE_ORDER_MARKS.items():
            if not seen and chunk.startswith(mark):
                raise reject("encoding", f"the file is in {encoding}", Span(shown), "save it as UTF-8")
        if (nul := chunk.find(0)) >= 0:
            stream.seek(0)
            before = stream.read(seen + nul).removeprefix(codecs.BOM_UTF8).decode(errors="replace")
            raise reject("binary", "the file is binary: it has a NUL byte", offset_span(shown, before))
        seen += len(chunk)
    stream.seek(0)


def unreadable(path: Path, shown: str, error: OSError | ValueError) -> Rejected:
    """The refusal of a file that `open_file` could not open, or of which nothing could be read."""
    match error:
        case FileNotFoundError() if path.is_symlink():
            message = f"{quote(shown)} is a link to {quote(os.readlink(path))}, which is not there"
            return reject("missing-file", message, Span(shown))
        case FileNotFoundError() | NotADirectoryError():
            return reject("missing-file", f"there is no file {quote(shown)}", Span(shown))
        case IsADirectoryError():
            return reject("not-a-file", f"{quote(shown)} is a directory", Span(shown))
        case PermissionError():
            return reject("no-permission", f"{quote(shown)} may not be read", Span(shown))
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if "\0" in os.fspath(path):  # which every Python says in other words
        reason = "a path has no NUL character"
    return reject("unreadable-file", f"{quote(shown)} cannot be read: {reason}", Span(shown))


def editable(written: str) -> str:
    """The text of a file as it is edited: without its byte order mark, its lines ended by line feeds. A text whose
    lines end in several ways keeps them."""
    text = written.removeprefix(_MARK)
    return text.replace("\r\n", "\n") if _ends_alike(text) else text


def as_written(text: str, before: str) -> str:
    """An edited text in the form of the file that it was made from."""
    mark = _MARK if before.startswith(_MARK) else ""
    return mark + (text.replace("\n", "\r\n") if _ends_alike(before) else text)


def _ends_alike(text: str) -> bool:
    """Whether every line ends with a carriage return and a line feed."""
    return "\r\n" in text and text.count("\n") == text.count("\r\n")


def offset_span(file: str, before: str) -> Span:
    """The place right behind the text `before` of a file."""
    lines = _LINE_BREAK.split(before)
    return Span(file, len(lines), len(lines[-1]) + 1)
