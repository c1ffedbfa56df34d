"""What is wrong with a table and its rows, in one sentence each."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pricebook.manifest.cell_amount import Unusable
from pricebook.manifest.table_source import TableSource
from pricebook.problem import Problem, Related, did_you_mean, quote
from pricebook.span import Span


@dataclass
class Mistake:
    """What is wrong with a product in whichever row: told once. `names` are the products, with the row of each."""

    error: Unusable
    names: dict[str, int] = field(default_factory=dict)
    rows: int = 0


def summary(source: TableSource, mistake: Mistake) -> Unusable:
    """One mistake about several products, in one sentence."""
    error, spec, names = mistake.error, source.spec, list(mistake.names)
    listed = ", ".join(map(quote, names[:5])) + (", …" if len(names) > 5 else "")
    if error.code == "pricing-group-key":
        wanted = {source.facts.group_key(name) for name in names}
        given = sorted({*spec.columns.pricing_group_values, *spec.defaults.pricing_group_values})
        words = " or ".join(sorted(", ".join(keys) or "nothing" for keys in wanted))
        message = f"{listed}: priced by {words}, and the table gives {', '.join(given) or 'nothing'}"
        hint = "name a column for each key of the products' pricing_group_key, or a constant under defaults"
        return Unusable(error.code, message, 1, hint, error.entry_path)
    if error.code == "unknown-reference" and len(names) > 1:
        column = spec.columns.product
        message = f"{len(names)} products do not exist: {listed}"
        pasted = ", ".join(f"{layout_key(name)}: PRODUCT" for name in names[:20])
        named = f"map: {{{layout_key(column or '')}: {{{pasted}}}}}"
        hint = f"say which products they are: {named}; or leave them out, under where"
        return Unusable(error.code, message, error.column, hint, error.entry_path if column is None else ())
    return error


def layout_key(text: str) -> str:
    """A text as a key of YAML in braces."""
    return text if re.fullmatch(r"[A-Za-z_][\w.-]*", text) else json.dumps(text, ensure_ascii=False)


def check_column(
    column: str, names: Sequence[str], shown: str, span_at: Callable[[], Span], under: str = ""
) -> Iterator[Problem]:
    """A column that something names stands in the header, and once. `span_at` is where it is named; `under` is what may
    say another delimiter."""
    if column not in names:
        hint = did_you_mean(column, names) or f"columns: {', '.join(names[:20])}"
        if under and len(names) == 1 and any(other in names[0] for other in ";\t|"):
            hint = f"the table seems to have another delimiter: say delimiter under {under}"
        related = (Related("named here", span_at()),)
        yield Problem("missing-column", f"the table has no column {quote(column)}", Span(shown), hint, related)
    elif names.count(column) > 1:
        yield Problem("duplicate-column", f"column {quote(column)} stands twice", Span(shown), "which one is meant?")


def csv_problem(error: csv.Error, shown: str, line: int) -> Problem:
    """Where a text is no CSV any more."""
    hint = "a quotation mark is not closed; inside of a quoted cell it is written twice"
    return Problem("csv-syntax", str(error), Span(shown, line or 1), hint)


def not_utf8(source: TableSource) -> Problem:
    """The place of the first byte that is not UTF-8."""
    hint = "save it as UTF-8"
    with source.path.open("rb") as file:
        for number, content in enumerate(file, 1):
            try:
                content.decode()
            except UnicodeDecodeError as found:
                message = f"the byte 0x{content[found.start]:02X} is not UTF-8"
                return Problem("encoding", message, Span(source.shown, number, found.start + 1), hint)
    return Problem("encoding", "the file is not UTF-8 text", Span(source.shown), hint)
