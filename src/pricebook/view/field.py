"""What changes in a noun's fields, in words: money as money, a whole term with everything that it says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from pricebook.catalog.canonical import encode
from pricebook.catalog.declared import declared_at
from pricebook.catalog.fingerprint import tupled
from pricebook.catalog.instant import instant_words
from pricebook.catalog.leaf import LENGTH, Leaf, leaves
from pricebook.catalog.model import Model
from pricebook.catalog.money import ratio
from pricebook.catalog.path import FieldPath, path_text
from pricebook.catalog.unit import money, number
from pricebook.plan.change import FieldChange
from pricebook.view.plain import hidden
from pricebook.view.price import Units, change_text

NOT_SET = "not set"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field: where, from what to what, and by how much.

    `sign` is `+` for what is added, `-` for what is removed, empty for what changes. The lines of a term that comes or
    goes as a whole follow its own line, with `depth` 1. `observed_value` and `desired_value` are the plain data,
    amounts in API units of `unit`. `at` is the path, and `path` its text.
    """

    path: str
    observed: str
    desired: str
    change: str = ""
    sign: str = ""
    depth: int = 0
    cosmetic: bool = False
    observed_value: object = None
    desired_value: object = None
    unit: str | None = None
    at: FieldPath = hidden(default=())

    @property
    def moved(self) -> str:
        """Before and after; of what came or went, its sign and what it is."""
        if not self.sign:
            return f"{self.observed} -> {self.desired}"
        return f"{self.sign} {self.desired or self.observed}".rstrip()


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """What of a field one version says and what another; `row` is the same for drawing."""

    path: str
    from_: str
    to: str
    change: str
    row: FieldRow = hidden()

    @classmethod
    def of(cls, rows: Iterable[FieldRow]) -> "tuple[FieldDifference, ...]":
        """Those of rows."""
        return tuple(cls(row.path, row.observed, row.desired, row.change, row) for row in rows)


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One part of an offer: what people call it, what was offered and what is; empty where it is not there. `term` is
    where it stands in the package."""

    term: str
    name: str
    before: str
    after: str
    section: str = hidden()
    """The field of the package in which it stands."""

    @property
    def differs(self) -> bool:
        """Whether it is another one."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedTerm:
    """What one contract comes to of one kind whatever is used, in major units: a year of what recurs, and what comes
    once; and what it came to before. `each`: for each of a quantity that customers choose."""

    kind: str
    unit: str
    a_year: Decimal
    once: Decimal
    a_year_before: Decimal
    once_before: Decimal
    each: bool
    words: str = hidden()


@dataclass(frozen=True, slots=True)
class OfferView:
    """A package beside what it takes the place of. `before` is that one's ref, None where there was nothing; the names
    are those that people know, each of its own version. `since` is when it begins, in words. `fixed` is what of it is
    known without any usage."""

    name: str
    before: str | None
    before_name: str | None
    since: str
    lines: tuple[OfferLine, ...]
    fixed: tuple[FixedTerm, ...] = ()
    ref: str = hidden(default="")
    place: int = hidden(default=0)
    """Its place among those of one plan, as declared."""

    @property
    def money(self) -> str:
        """What is fixed, in words: `fees $50.00 a month ($600.00 a year), charges $2,500.00 one-off`; of another offer
        what differs."""
        return ", ".join(one.words for one in self.fixed if one.words)

    @property
    def changed(self) -> tuple[OfferLine, ...]:
        """The parts that differ; all of them where nothing was before."""
        return tuple(line for line in self.lines if line.differs)


def offer_matrix(offers: Sequence[OfferView]) -> list[tuple[str, ...]]:
    """Offers side by side: a head with their names, then a row for each part that one of them has."""
    said = [line for offer in offers for line in offer.lines if line.after]
    parts = dict.fromkeys(line.name for line in sorted(said, key=lambda line: line.section != "subscriptions"))
    rows = [("", *(offer.name for offer in offers))]
    for name in parts:
        found = ([line.after for line in offer.lines if line.name == name and line.after] for offer in offers)
        rows.append((name, *map("; ".join, found)))
    return rows


def field_rows(noun: type[Model], changes: Iterable[FieldChange], units: Units) -> Iterator[FieldRow]:
    """The rows of a noun's field changes, in their order."""
    for change in changes:
        path, was, now, unit, cosmetic = change.path, change.observed, change.desired, change.unit, change.cosmetic
        term = was if now is None else now if was is None else None
        parsed = _parsed(declared_at(noun, path).model, term) if isinstance(term, Mapping) else None
        if parsed is not None:
            sign, word = ("+", "added") if was is None else ("-", "removed")
            yield FieldRow(
                path=path_text(path),
                observed="",
                desired="",
                change=word,
                sign=sign,
                cosmetic=cosmetic,
                observed_value=was,
                desired_value=now,
                at=path,
            )
            yield from _rows(parsed, units, sign, cosmetic)
        else:
            yield _row(path, was, now, unit, units, cosmetic)


def rows_of_new(noun: Model, units: Units, without: Iterable[str] = ()) -> Iterator[FieldRow]:
    """Everything that a new noun says, apart from some of its own fields."""
    hidden = set(without)
    for path, leaf in leaves(noun).items():
        if path[0] not in hidden:
            yield _line(path, leaf, units, "+", 0, False)


def _rows(model: Model, units: Units, sign: str, cosmetic: bool) -> Iterator[FieldRow]:
    for path, leaf in leaves(model).items():
        yield _line(path, leaf, units, sign, 1, cosmetic)


def _line(path: FieldPath, leaf: Leaf, units: Units, sign: str, depth: int, cosmetic: bool) -> FieldRow:
    value, unit = leaf.value, leaf.unit
    text = _text(value, unit, units)
    return FieldRow(
        path=path_text(path),
        observed=text if sign == "-" else "",
        desired=text if sign == "+" else "",
        sign=sign,
        depth=depth,
        cosmetic=cosmetic,
        observed_value=value if sign == "-" else None,
        desired_value=value if sign == "+" else None,
        unit=unit,
        at=path,
    )


def _row(path: FieldPath, was: Any, now: Any, unit: str | None, units: Units, cosmetic: bool) -> FieldRow:
    change = ""
    numbers = all(isinstance(v, (int, Decimal)) and not isinstance(v, bool) for v in (was, now))
    if numbers:
        relative = ratio(Decimal(was), Decimal(now))
        change = change_text(relative) if relative is not None and unit is not None else ""
    observed, desired = _text(was, unit, units), _text(now, unit, units)
    if observed == desired:  # true and "true", 1 and "1"
        observed, desired = encode(was), encode(now)
    return FieldRow(
        path=path_text(path),
        observed=observed,
        desired=desired,
        change=change,
        cosmetic=cosmetic,
        observed_value=was,
        desired_value=now,
        unit=unit,
        at=path,
    )


def _text(value: Any, unit: str | None, units: Units) -> str:
    if value is None:
        return NOT_SET
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return number(Decimal(value)) if unit is None else money(Decimal(value), units[unit])
    if isinstance(value, datetime):
        return instant_words(value)
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and value.keys() == LENGTH:
        return f"{_text(value['value'], None, units)} {value['unit']}"
    if isinstance(value, (tuple, list)) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or "none"
    return encode(value)


def _parsed(model: type[Model] | None, term: Mapping[str, Any]) -> Model | None:
    if model is None or term.keys() == LENGTH:
        return None  # a length of time reads best on one line
    try:
        return model.model_validate(tupled(term))
    except ValidationError:
        return None
