"""The objects of the manifests as a list, and as a picture of what needs what (Mermaid, DOT)."""

import re
from collections.abc import Iterator

from pricebook.format.escape import escape_terminal
from pricebook.format.lookup import columns
from pricebook.format.page import Page, sheet, wrapped
from pricebook.view.objects import GraphView, ListedObject, ObjectsView
from pricebook.view.words import counted

_LABEL = 80
"""Characters of a name in a picture."""


def objects_text(view: ObjectsView, page: Page) -> Iterator[str]:
    """A line for each."""
    prices = (counted(each.prices, "price") if each.prices else "" for each in view.objects)
    yield from columns(
        [(each.ref, each.name, count, each.at) for each, count in zip(view.objects, prices, strict=True)],
        page.width,
    )
    yield counted(len(view.objects), "object")


def objects_csv(view: ObjectsView, _: Page) -> Iterator[str]:
    """A row for each, for a spreadsheet."""
    return sheet([ListedObject._fields, *([str(cell) for cell in each] for each in view.objects)])


def graph_text(view: GraphView, page: Page) -> Iterator[str]:
    """A line for each object, with what it needs."""
    needed: dict[str, list[str]] = {each.ref: [] for each in view.objects}
    for need in view.needs:
        needed[need.object].append(need.needs)
    for name, found in needed.items():
        yield escape_terminal(name)
        yield from (f"    {line}" for line in wrapped(escape_terminal(", ".join(found), 4000), page.width - 4) if found)


def graph_mermaid(view: GraphView, _: Page) -> Iterator[str]:
    """A flowchart for a page of Markdown."""
    yield "flowchart LR"
    number = {each.ref: index for index, each in enumerate(view.objects)}
    yield from (f'  n{index}["{_mermaid(_label(each))}"]' for index, each in enumerate(view.objects))
    yield from (f"  n{number[need.object]} --> n{number[need.needs]}" for need in view.needs)


def graph_dot(view: GraphView, _: Page) -> Iterator[str]:
    """A graph for Graphviz."""
    yield "digraph pricebook {"
    yield "  rankdir=LR; node [shape=box];"
    yield from (f"  {_dot(each.ref)} [label={_dot(_label(each))}];" for each in view.objects)
    yield from (f"  {_dot(need.object)} -> {_dot(need.needs)};" for need in view.needs)
    yield "}"


def _label(listed: ListedObject) -> str:
    """What it is called, after its kind; escaped already but for the format's own signs."""
    kind, _, name = listed.ref.partition(":")
    return escape_terminal(f"{kind.replace('-', ' ')}: {listed.name or name}", _LABEL)


def _mermaid(text: str) -> str:
    """The text within quotes: whatever Mermaid, or the page that it stands in, might take for its own is a number."""
    return re.sub(r"[^\w .,()/:+-]", lambda found: f"#{ord(found[0])};", text, flags=re.ASCII)


def _dot(text: str) -> str:
    """The text as a quoted string, in which nothing is an escape of Graphviz."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
