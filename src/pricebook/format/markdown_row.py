"""The rows of a comment's table: what, from, to, by how much, from when, and who is reached.

A row is for somebody who decides about prices: an object that moves no money has none, it stands in the details.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from pricebook.format.escape import code_markdown, escape_markdown
from pricebook.view.field import FieldRow
from pricebook.view.object import ObjectView
from pricebook.view.price import change_words
from pricebook.view.rate_row import RateRow
from pricebook.view.rate_shape import RateShape
from pricebook.view.rate_terms import NOT_ENTITLED
from pricebook.view.words import counted

HEAD = (
    "| what | from | to | change | from when | who is reached |",
    "|:-----|-----:|----:|-------:|:----------|:---------------|",
)
FEW = 20
"""A card's rows are all in the table when there are at most so many."""
KEY = 120
"""Characters of a name."""
_MOVES = 5
"""Rises, and falls, that are listed beside those that are tenfold."""
_PRICE = 200
_FIELDS = 8
"""Changed terms of one package that have a row; the details have all of them."""
_NONE = "–"


def card_rows(item: ObjectView, shape: RateShape) -> Iterator[str]:
    """The rows of one card: all when they are there and few, else what stands out and a sample of the rest."""
    whom = card_reach(item)
    if all_listed(shape):
        yield from (price_row(row, whom) for row in shape.rows)
        return
    listed: set[tuple[str, str]] = set()
    n = shape.tenfold_total
    worst = f", the worst {len(shape.tenfold)}" if n > len(shape.tenfold) else ""
    tenfold = [suspect.row for suspect in shape.tenfold]
    groups: tuple[tuple[str, Sequence[RateRow]], ...] = (
        (f"{n:,} tenfold or more{worst}", tenfold),
        ("largest rises", shape.largest_rises),
        ("largest falls", shape.largest_falls),
        (f"{shape.counts.ended:,} {'ends' if shape.counts.ended == 1 else 'end'}, for example", shape.ended),
        (f"{shape.counts.new:,} {'is' if shape.counts.new == 1 else 'are'} new, for example", shape.started),
    )
    for title, rows in groups:
        fresh = [row for row in rows if (row.key, row.starting_at) not in listed]
        fresh = fresh if rows is tenfold else fresh[:_MOVES]
        listed |= {(row.key, row.starting_at) for row in fresh}
        if fresh:
            yield f"| **{title}** | | | | | |"
            yield from (price_row(row, whom) for row in fresh)


def all_listed(shape: RateShape) -> bool:
    """Whether every row of a card is in the table."""
    return shape.rows_total <= min(len(shape.rows), FEW)


def price_row(row: RateRow, whom: str) -> str:
    """One price."""
    per = f" {row.per}" if row.per else ""
    was = f"{escape_markdown(row.observed, _PRICE)}{per}" if row.observed else _NONE
    now = f"{escape_markdown(row.desired, _PRICE)}{per}"
    until = f" until {row.ending_before}" if row.ending_before else ""
    who = whom if row.observed else new_reach(row)
    return _row(code_markdown(row.key, KEY), was, now, change_words(row.change), f"{row.starting_at}{until}", who)


def object_rows(item: ObjectView) -> Iterator[str]:
    """The rows of an object that is no list of rates; none when no money moves."""
    ref = code_markdown(item.ref, KEY)
    match item.action:
        case "version":
            whom = _version_reach(item)
            since = item.since or "when applied"
            told = list(_terms(item.fields))
            for field, amounts in told[:_FIELDS]:
                yield _row(f"{ref} {code_markdown(field.path, KEY)}", *_sides(field, amounts), since, whom)
            if len(told) > _FIELDS:
                yield _row(f"{ref} {counted(len(told) - _FIELDS, 'more term')}", _NONE, "see details", "", since, whom)
            if not told:
                yield _row(ref, _NONE, "new version, same terms", "", since, whom)
        case "create" if item.kind == "package":
            yield _row(ref, _NONE, "new package", "new", item.since or "when applied", "contracts made from then on")
        case "repoint" if item.since:
            yield _row(
                ref,
                _NONE,
                "; ".join(escape_markdown(note, KEY) for note in item.notes[:3]),
                "",
                item.since,
                "new contracts",
            )
        case "archive":
            yield _row(ref, "live", "archived for good", "", "when applied", "nobody can be sold it any more")
        case _:
            return


def card_reach(item: ObjectView) -> str:
    """Who a change of existing prices on a card reaches."""
    if item.contracts is None:
        return "every contract on the card"
    if not item.contracts:
        return "nobody: no contract is on the card"
    return (
        f"the contract on the card ({item.contracts})"
        if item.contracts == 1
        else f"all {item.contracts:,} contracts on the card"
    )


def new_reach(row: RateRow) -> str:
    """Who a price reaches that is new."""
    sold = not row.desired.endswith(NOT_ENTITLED)
    return "whoever uses it from then on" if sold else "nobody until a package enables it"


def _version_reach(item: ObjectView) -> str:
    if item.contracts is None:
        return "contracts made from then on"
    if not item.contracts:
        return "contracts made from then on; none was made before"
    stay = "stays" if item.contracts == 1 else "stay"
    return f"contracts made from then on; {counted(item.contracts, 'contract')} made before {stay} as they are"


def _terms(fields: Sequence[FieldRow]) -> Iterator[tuple[FieldRow, str]]:
    """The changed terms that move money; of one that comes or goes as a whole also the amounts in it."""
    for index, field in enumerate(fields):
        if not field.cosmetic and not field.depth:
            inside = takewhile(lambda row: row.depth, fields[index + 1 :])
            yield field, ", ".join(row.desired or row.observed for row in inside if row.unit is not None)


def _sides(field: FieldRow, amounts: str) -> tuple[str, str, str]:
    if field.sign == "+":
        return _NONE, escape_markdown(field.desired or amounts, _PRICE) or "there", "added"
    if field.sign == "-":
        return escape_markdown(field.observed or amounts, _PRICE) or "there", _NONE, "removed"
    return escape_markdown(field.observed, _PRICE), escape_markdown(field.desired, _PRICE), change_words(field.change)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
