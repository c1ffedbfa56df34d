"""Editing a table where it stands: cells are found in the text of their line, and nothing else of it changes."""

from collections.abc import Mapping

from pricebook.edit.rewrite import Unplaceable


def cells_of(line: str, delimiter: str) -> list[tuple[int, int]]:
    """Where each cell of a line begins and ends, quotes included. Raises Unplaceable for one that goes on in the next
    line."""
    found: list[tuple[int, int]] = []
    start, at = 0, 0
    while True:
        if line[at : at + 1] == '"' and at == start:
            at += 1
            while True:
                at = line.find('"', at)
                if at < 0:
                    raise Unplaceable(line[:60])
                if line[at + 1 : at + 2] != '"':
                    break
                at += 2
            at += 1
        stop = line.find(delimiter, at)
        found.append((start, stop if stop >= 0 else len(line)))
        if stop < 0:
            return found
        start = at = stop + 1


def with_cells(line: str, delimiter: str, values: Mapping[int, str]) -> str:
    """The line with other texts in some cells, by their number from 0."""
    for (start, end), new in sorted(
        ((cells_of(line, delimiter)[index], new) for index, new in values.items()), reverse=True
    ):
        quoted = line[start:end].startswith('"')
        line = line[:start] + (f'"{new}"' if quoted or delimiter in new else new) + line[end:]
    return line


def cell(line: str, delimiter: str, index: int) -> str:
    """The content of a cell."""
    start, end = cells_of(line, delimiter)[index]
    raw = line[start:end]
    return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
