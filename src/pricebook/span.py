"""Where something stands in a file. Lines and columns count from 1, as editors show them."""

from typing import NamedTuple


class Span(NamedTuple):
    """A place in a source file: `file` as the user named it, 1-based `line` and `column`.

    In a table the line is the line of the row and the column is the number of the cell, from 1.
    """

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
