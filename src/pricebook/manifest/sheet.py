"""Tables that are no CSV: a workbook (.xlsx), JSON, and Parquet. Their rows are texts, as a CSV would have them.

A workbook is a zip of XML. Its numbers are binary doubles, of which spreadsheets show at most 15 significant digits, so
a price is what somebody typed: `2.5000000000000002E-6` in the file is 0.0000025. Dates are refused where a price or an
instant should stand, because they are numbers of days: format such columns as text.

JSON is a list of objects, or an object of objects, whose names are a column of their own. Its numbers are exact.
"""

import json
import re
from collections.abc import Iterator
from decimal import Context
from typing import Any, BinaryIO
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from pricebook.catalog.money import plain
from pricebook.manifest.parquet import parquet_rows
from pricebook.manifest.table_source import TableSource
from pricebook.manifest.text import MAX_YAML, read_text
from pricebook.problem import did_you_mean, quote, reject
from pricebook.span import Span

MAX_PART = 64 << 20
"""Bytes of one part of a workbook once it is unpacked."""
MAX_COLUMNS = 1000
_SHOWN_DIGITS = Context(prec=15)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_WORDS = {"0": "false", "1": "true"}


def rows_of(source: TableSource, stream: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each row of a table that is no CSV, the header first. Raises Rejected."""
    match source.path.suffix.lower():
        case ".json":
            return json_rows(read_text(source.path, source.shown, limit=MAX_YAML), source.shown, source.spec.key)
        case ".parquet":
            return parquet_rows(stream, source.shown)
    return sheet_rows(stream, source.shown, source.spec.sheet)


def sheet_rows(stream: BinaryIO, shown: str, sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each row that is not empty, the first one being the header, each as wide as it.

    Raises Rejected for what is no workbook, has no such sheet, or unpacks to more than it may.
    """
    try:
        with ZipFile(stream) as book:
            part = _sheet_part(book, shown, sheet)
            texts = _shared_texts(book, shown)
            width = 0
            for _, element in _elements(book, part, shown):
                if element.tag == f"{_MAIN}row":
                    row = _cells(element, texts, shown)
                    width = width or len(row)
                    if any(cell.strip() for cell in row):
                        yield int(element.get("r") or 0), row + [""] * (width - len(row))
                    element.clear()
    except (
        BadZipFile,
        ElementTree.ParseError,
        KeyError,
        IndexError,
        ValueError,
        NotImplementedError,
        ArithmeticError,
    ) as error:
        raise reject("not-a-workbook", f"the file is no workbook that can be read ({error})", Span(shown)) from None


def json_rows(text: str, shown: str, key: str | None) -> Iterator[tuple[int, list[str]]]:
    """The line at which each object begins, and its values; the first row is the header: `key`, which says what the
    names of the objects are, and every field that an object has. Raises Rejected."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    found: list[tuple[int, dict[str, object]]] = []
    header: dict[str, None] = {}
    try:
        at, line = _blank(text, 0), 1
        named, start = text[at : at + 1] == "{", at
        if text[at : at + 1] not in ("{", "["):
            raise ValueError("it is neither a list nor an object")
        at = _blank(text, at + 1)
        while text[at : at + 1] not in ("}", "]"):
            line, start = line + text.count("\n", start, at), at
            row: dict[str, object] = {}
            if named:
                name, at = decoder.raw_decode(text, at)
                at = _blank(text, at)
                if text[at : at + 1] != ":" or not isinstance(name, str):
                    raise ValueError(f"line {line}: a colon is missing")
                row, at = {key or "name": name}, _blank(text, at + 1)
            value, at = decoder.raw_decode(text, at)
            if not isinstance(value, dict):
                raise ValueError(f"line {line}: a row is an object")
            row |= value
            header |= dict.fromkeys(row)
            found.append((line, row))
            at = _blank(text, at)
            if text[at : at + 1] == ",":
                at = _blank(text, at + 1)
            elif text[at : at + 1] not in ("}", "]"):
                raise ValueError(f"line {line}: a comma is missing")
    except (ValueError, RecursionError) as error:
        raise reject("not-json", f"the file is no table in JSON: {error}", Span(shown)) from None
    yield 1, list(header)
    for line, row in found:
        yield line, [_json_text(row.get(name)) for name in header]


def _blank(text: str, at: int) -> int:
    """The first place from there on that is not white space."""
    while text[at : at + 1] in ("\t", "\n", "\r", " "):
        at += 1
    return at


def _json_text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return value
    return json.dumps(value, ensure_ascii=False)


def _sheet_part(book: ZipFile, shown: str, wanted: str | None) -> str:
    sheets = {
        str(element.get("name")): str(element.get(_RELATION))
        for _, element in _elements(book, "xl/workbook.xml", shown)
        if element.tag == f"{_MAIN}sheet"
    }
    if wanted is not None and wanted not in sheets:
        hint = did_you_mean(wanted, sheets) or f"sheets: {', '.join(list(sheets)[:10])}"
        raise reject("missing-sheet", f"the workbook has no sheet {quote(wanted)}", Span(shown), hint)
    chosen = sheets[wanted] if wanted is not None else next(iter(sheets.values()), "")
    for _, element in _elements(book, "xl/_rels/workbook.xml.rels", shown):
        if element.get("Id") == chosen:
            target = str(element.get("Target"))
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise reject("not-a-workbook", "the workbook has no sheet", Span(shown))


def _shared_texts(book: ZipFile, shown: str) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    found = []
    for _, element in _elements(book, "xl/sharedStrings.xml", shown):
        if element.tag == f"{_MAIN}si":
            found.append(_text_of(element))
            element.clear()
    return found


def _text_of(element: ElementTree.Element) -> str:
    """The text of a cell or a shared text, of all its runs; not how it is pronounced."""
    phonetic = {id(t) for run in element.iter(f"{_MAIN}rPh") for t in run.iter(f"{_MAIN}t")}
    return "".join(t.text or "" for t in element.iter(f"{_MAIN}t") if id(t) not in phonetic)


def _cells(row: ElementTree.Element, texts: list[str], shown: str) -> list[str]:
    found: list[str] = []
    for cell in row.iter(f"{_MAIN}c"):
        place = _PLACE.fullmatch(cell.get("r") or "")
        at = _column(place[1]) if place else len(found)
        if at >= MAX_COLUMNS:
            line = int(place[2]) if place else 1
            raise reject("too-large", f"the sheet has more than {MAX_COLUMNS:,} columns", Span(shown, line))
        found += [""] * (at - len(found))
        value = cell.findtext(f"{_MAIN}v") or ""
        match cell.get("t", "n"):
            case "s":
                found.append(texts[int(value)])
            case "inlineStr":
                found.append(_text_of(cell))
            case "b":
                found.append(_WORDS.get(value, value))
            case "n":
                found.append(plain(_SHOWN_DIGITS.create_decimal(value)) if value else "")
            case _:  # the text of a formula, an error, a date as text
                found.append(value)
    return found


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _elements(book: ZipFile, part: str, shown: str) -> Iterator[tuple[str, ElementTree.Element]]:
    """The elements of a part as they end. Raises Rejected for a part that is too large once it is unpacked, or declares
    entities."""
    if book.getinfo(part).file_size > MAX_PART:
        raise reject("too-large", f"{quote(part)} of the workbook has more than {MAX_PART:,} bytes", Span(shown))
    with book.open(part) as stream:
        # What a part declares of its size may be wrong, so it is counted.
        parser: ElementTree.XMLPullParser[Any] = ElementTree.XMLPullParser(["end"])
        read = 0
        while chunk := stream.read(1 << 20):
            read += len(chunk)
            if read > MAX_PART or (read <= len(chunk) and b"<!DOCTYPE" in chunk):
                raise reject("too-large", f"{quote(part)} of the workbook is more than a sheet", Span(shown))
            parser.feed(chunk)
            yield from parser.read_events()  # type: ignore[misc]
