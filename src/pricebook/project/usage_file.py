"""Usage files: quantities that are aggregated already, as CSV, JSON lines or YAML, read into what is billed.

An entry says `product` and `quantity`, and `timestamp` (an instant) or `period` (`2025-10`, `2025-10-05`: its start);
`customer` where there are several; group values under `group_values`, in CSV in columns of their own. An entry with
`subscription` instead of `product` is a change of seats. Bad entries are listed with their lines, and counted.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import read_moment
from pricebook.catalog.money import read_number
from pricebook.catalog.package import Package
from pricebook.catalog.path import labels
from pricebook.catalog.usage import Quantity, SeatChange, sorted_values
from pricebook.manifest.cell_amount import Unusable
from pricebook.manifest.locate import locate
from pricebook.manifest.row import SHOWN
from pricebook.manifest.syntax import read_documents
from pricebook.manifest.text import read_text
from pricebook.problem import Problem, Rejected, did_you_mean, quote, reject, unlisted
from pricebook.project.table import csv_rows
from pricebook.span import Span

MAX_BYTES = 1 << 28
_FIELDS = ("customer", "product", "subscription", "quantity", "timestamp", "period", "seats")
_PERIOD = re.compile(r"\d{4}-\d{2}(-\d{2})?\Z")


@dataclass
class CustomerUsage:
    """What one customer used, and how the quantities of their subscriptions changed."""

    quantities: list[Quantity] = field(default_factory=list)
    seats: list[SeatChange] = field(default_factory=list)


Entries = Iterator[tuple[Span, Mapping[str, Any] | Unusable]]


def read_usage(path: Path, shown: str, catalog: Catalog, package: Package) -> dict[str, CustomerUsage]:
    """The usage by customer, in the order of their names; the name is empty where the file names none.

    Raises Rejected with the first bad entries, and how many more there are.
    """
    text = read_text(path, shown, limit=MAX_BYTES)
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        hint = f"name it {', '.join(sorted(_FORMS))}, after what is in it"
        raise reject("usage-format", f"{quote(shown)} is no usage file that is known", Span(shown), hint)
    reader = _Reader(catalog, package)
    problems: list[Problem] = []
    bad = 0
    for at, entry in form(shown, text):
        try:
            if isinstance(entry, Unusable):
                raise entry
            reader.add(entry)
        except Unusable as error:
            bad += 1
            if len(problems) < SHOWN:
                problems.append(Problem(error.code, error.message, at, error.hint))
    problems += unlisted(bad - SHOWN, "bad entries of this file", Span(shown))
    if problems:
        raise Rejected(problems)
    return dict(sorted(reader.found.items()))


class _Reader:
    """Entries become quantities, checked against the products and the package that they are about."""

    def __init__(self, catalog: Catalog, package: Package) -> None:
        self.products = catalog.products
        self.keys = [label.text for label in labels(package.subscriptions)]
        self.groups: set[str] = set()
        for product in catalog.products.values():
            self.groups.update(product.pricing_group_key, product.presentation_group_key)
        for metric in catalog.metrics.values():
            self.groups.update(key for group in metric.group_keys for key in group)
        self.found: dict[str, CustomerUsage] = {}

    def add(self, entry: Mapping[str, Any]) -> None:
        """Take one entry. Raises Unusable."""
        values = entry.get("group_values") or {}
        for name in entry:
            if name not in _FIELDS and name != "group_values":
                hint = did_you_mean(name, (*_FIELDS, *self.groups)) or f"fields: {', '.join(_FIELDS)}, group_values"
                raise Unusable("unknown-field", f"{quote(name)} is not a field of a usage entry", hint=hint)
        customer = entry.get("customer") or ""
        if not isinstance(customer, str):
            raise Unusable("type", f"customer {quote(customer)} is not text", hint="in quotes it is text")
        known = self.found.setdefault(customer, CustomerUsage())
        product, subscription = entry.get("product"), entry.get("subscription")
        if bool(product) == bool(subscription):
            hint = "product for usage, subscription for a change of seats"
            raise Unusable("missing-field", "an entry names either a product or a subscription", hint=hint)
        padded = next((str(v) for v in (customer, *_texts(values)) if str(v) != str(v).strip()), None)
        if padded is not None:
            raise Unusable("blank", f"{quote(padded)} has a blank around it", hint="take it out; nothing would find it")
        at = _instant(entry)
        if subscription:
            known.seats.append(self._seats(str(subscription), at, entry))
        else:
            known.quantities.append(self._quantity(str(product), at, entry, values))

    def _seats(self, key: str, at: datetime, entry: Mapping[str, Any]) -> SeatChange:
        if key not in self.keys:
            hint = did_you_mean(key, self.keys) or f"known keys: {', '.join(self.keys) or 'none'}"
            raise Unusable("unknown-key", f"none of the package's subscriptions has the key {quote(key)}", hint=hint)
        seats = entry.get("seats") or ()
        names = tuple(str(s) for s in seats) if isinstance(seats, (list, tuple)) else tuple(str(seats).split())
        # An empty list names all of the seats, which are none; an empty cell of a table says nothing.
        named = names or isinstance(entry.get("seats"), (list, tuple))
        quantity = Decimal(len(names)) if named and entry.get("quantity") in (None, "") else _number(entry)
        if quantity < 0:
            hint = "it is the quantity from then on, not a difference"
            raise Unusable("out-of-range", f"quantity {quantity} is less than 0", hint=hint)
        return SeatChange(key, at, quantity, names)

    def _quantity(self, name: str, at: datetime, entry: Mapping[str, Any], values: Any) -> Quantity:
        product = self.products.get(name)
        if product is None:
            raise Unusable(
                "unknown-reference", f"product {quote(name)} does not exist", hint=did_you_mean(name, self.products)
            )
        if product.type != "USAGE":
            hint = "a subscription's quantity is an entry with subscription instead of product"
            raise Unusable(
                "product-type", f"product {quote(name)} is {product.type}; only USAGE products are used", hint=hint
            )
        if not isinstance(values, Mapping) or not all(isinstance(v, str) for v in values.values()):
            raise Unusable("type", "group_values is not a mapping of text", hint="in quotes a number is text")
        missing = [key for key in product.pricing_group_key if not values.get(key)]
        if missing:
            keys = ", ".join(product.pricing_group_key)
            raise Unusable(
                "pricing-group-key", f"product {quote(name)} is priced by {keys}", hint=f"give {missing[0]} a value"
            )
        strange = next((key for key in values if key not in self.groups), None)
        if strange is not None:
            hint = did_you_mean(strange, self.groups)
            raise Unusable("group-key", f"{quote(strange)} is no group key of any product or metric", hint=hint)
        return Quantity(name, sorted_values((k, v) for k, v in values.items() if v), at, _number(entry))


def _texts(values: Any) -> Iterable[str]:
    return values.values() if isinstance(values, Mapping) else ()


def _number(entry: Mapping[str, Any]) -> Decimal:
    value = entry.get("quantity")
    if value is None or value == "":
        raise Unusable("missing-field", "quantity is required")
    number = value if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else read_number(str(value))
    if number is None or not Decimal(number).is_finite():
        raise Unusable("type", f"quantity {quote(value)} is not a number", hint="digits, a point, and no separators")
    if abs(Decimal(number).adjusted()) > MOST_DIGITS:
        raise Unusable("too-precise", f"quantity {quote(value)} has more digits than can be carried")
    return Decimal(number)


MOST_DIGITS = 30
"""A quantity has its first digit at most so many places from the point: a bound on hostile input."""


def _instant(entry: Mapping[str, Any]) -> datetime:
    timestamp, period = entry.get("timestamp") or "", entry.get("period") or ""
    if bool(timestamp) == bool(period):
        raise Unusable(
            "missing-field", "an entry has either a timestamp or a period", hint="timestamp: 2025-10-05T14:30:00Z"
        )
    text = str(timestamp or period)
    try:
        if period:
            if not _PERIOD.match(text):
                raise ValueError
            text = text if len(text) > 7 else f"{text}-01"
        return read_moment(text)
    except ValueError:
        hint = "a period is written 2025-10 or 2025-10-05" if period else "write 2025-10-05 or 2025-10-05T14:30:00Z"
        raise Unusable("instant", f"{quote(text)} is no {'period' if period else 'instant'}", hint=hint) from None


def _csv(shown: str, text: str) -> Entries:
    rows = csv_rows(shown, text)
    _, header = next(rows)
    if not header:
        raise reject("empty-table", "the file is empty", Span(shown), "the first line names the columns")
    if len(set(header)) < len(header):
        raise reject("duplicate-column", "two columns have the same name", Span(shown))
    for at, row in rows:
        if len(row) != len(header):
            yield at, Unusable("row-width", f"{len(row)} cells instead of {len(header)}")
            continue
        cells = dict(zip(header, row, strict=True))
        entry: dict[str, Any] = {name: cells.pop(name) for name in _FIELDS if name in cells}
        yield at, {**entry, "group_values": {name: value for name, value in cells.items() if value}}


def _json_lines(shown: str, text: str) -> Entries:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        at = Span(shown, number)
        try:
            data = json.loads(line, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            yield at, Unusable("json-syntax", f"not JSON: {error}", hint="one object on each line")
            continue
        yield at, data if isinstance(data, dict) else Unusable("type", "the line is no object")


def _yaml(shown: str, text: str) -> Entries:
    documents, problems = read_documents(shown, text)
    if problems:
        raise Rejected(problems)
    for document in documents:
        if not isinstance(document.data, tuple):
            raise reject("type", "a usage file is a list of entries", document.at, "the entries of a list start with -")
        places = locate(shown, text, document.index, [(index,) for index in range(len(document.data))])
        for index, data in enumerate(document.data):
            yield places[(index,)], data if isinstance(data, dict) else Unusable("type", "the entry is no mapping")


_FORMS = {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines, ".yaml": _yaml, ".yml": _yaml}
