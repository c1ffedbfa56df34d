"""Rules as a list, and the page of one."""

from collections.abc import Iterable, Iterator

from pricebook.catalog.canonical import encode
from pricebook.format.escape import escape_json, escape_terminal, padded
from pricebook.format.page import wrapped

Row = tuple[str, str, str, str]
"""Id, severity, what it is about, title."""
_SEVERITY, _ABOUT = 8, 10


def draw_rules(rows: Iterable[Row], width: int = 100) -> Iterator[str]:
    """One rule a line, the title wrapped below its column."""
    listed = [tuple(escape_terminal(cell) for cell in row) for row in rows]
    column = max((len(row[0]) for row in listed), default=0)
    left = column + _SEVERITY + _ABOUT + 6
    for id_, severity, about, title in listed:
        first, *rest = wrapped(title, max(width - left, 20))
        yield f"{padded(id_, column)}  {severity:<{_SEVERITY}}  {about:<{_ABOUT}}  {first}"
        yield from (" " * left + line for line in rest)


def rules_json(rows: Iterable[Row]) -> str:
    """The same as JSON."""
    fields = ("id", "severity", "about", "title")
    return escape_json(encode({"rules": [dict(zip(fields, row, strict=True)) for row in rows]}))


def draw_page(page: str) -> Iterator[str]:
    """A page as it is written, each line inert."""
    yield from (escape_terminal(line, 2000) for line in page.rstrip("\n").split("\n"))


def page_json(word: str, page: str) -> str:
    """The same as JSON."""
    return escape_json(encode({"rule": word, "markdown": page}))
