"""Files to text: what is no UTF-8 file of a bearable size is refused, with the place of what is wrong in it."""

import os
from pathlib import Path

import pytest

from pricebook.manifest.text import read_text
from pricebook.problem import Problem, Rejected
from pricebook.span import Span

F = "m.yaml"


def rejection(path: Path, limit: int = 1000) -> Problem:
    with pytest.raises(Rejected) as caught:
        read_text(path, F, limit=limit)
    (problem,) = caught.value.problems
    return problem


def test_a_text_is_read_as_it_stands_without_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / F
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\r\n")
    assert read_text(path, F, limit=10) == "a: é\r\n"


SAVE = "save it as UTF-8"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a: 1\nb: \xc3\xa9\xff\n", Problem("encoding", "the byte 0xFF is not UTF-8", Span(F, 2, 5), SAVE)),
        (b"\xef\xbb\xbfa: \xe4", Problem("encoding", "the byte 0xE4 is not UTF-8", Span(F, 1, 4), SAVE)),
        (b"a: \xed\xa0\x80", Problem("encoding", "the byte 0xED is not UTF-8", Span(F, 1, 4), SAVE)),
        ("a: 1".encode("utf-16"), Problem("encoding", "the file is in UTF-16", Span(F), SAVE)),
        (b"\xfe\xff\0a", Problem("encoding", "the file is in UTF-16", Span(F), SAVE)),
        ("a: 1".encode("utf-32"), Problem("encoding", "the file is in UTF-32", Span(F), SAVE)),
        (b"\0\0\xfe\xff\0\0\0a", Problem("encoding", "the file is in UTF-32", Span(F), SAVE)),
        (b"a\r\nbc\0\xff", Problem("binary", "the file is binary: it has a NUL byte", Span(F, 2, 3))),
    ],
)
def test_a_file_that_is_not_utf_8_text(tmp_path: Path, data: bytes, problem: Problem) -> None:
    path = tmp_path / F
    path.write_bytes(data)
    assert rejection(path) == problem


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / F
    path.write_bytes(b"x" * 12345)
    assert read_text(path, F, limit=12345) == "x" * 12345
    assert rejection(path, 1000) == Problem(
        "too-large",
        "the file has 12,345 bytes, the limit is 1,000",
        Span(F),
        "put long rate lists in a CSV table with rates_from",
    )


def test_a_pipe_or_a_device_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refused = Problem("unreadable-file", '"m.yaml" cannot be read: it is a pipe or a device, not a file', Span(F))
    assert [rejection(path) for path in (tmp_path / "pipe", Path("/dev/zero"))] == [refused, refused]


def test_a_path_that_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert [rejection(tmp_path / name) for name in ("missing", "file/x", "", "a\0b")] == [
        Problem("missing-file", 'there is no file "m.yaml"', Span(F)),
        Problem("missing-file", 'there is no file "m.yaml"', Span(F)),
        Problem("not-a-file", '"m.yaml" is a directory', Span(F)),
        Problem("unreadable-file", '"m.yaml" cannot be read: a path has no NUL character', Span(F)),
    ]


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:  # file modes do not stop root, who runs many a CI
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert rejection(tmp_path / F) == Problem("no-permission", '"m.yaml" may not be read', Span(F))
