"""Price tests: what a scenario expects against what a bill says, invoice by invoice and line by line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from difflib import SequenceMatcher
from typing import Any

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.money import MAX_DIGITS, plain
from pricebook.catalog.scenario import ExpectedInvoice, ExpectedLine, Scenario
from pricebook.catalog.scenario_check import package_of
from pricebook.catalog.violation import Path
from pricebook.preview.bill import bill
from pricebook.preview.invoice import Bill, Invoice, InvoiceLine
from pricebook.preview.materialise import materialise
from pricebook.preview.notified import Mismatch, Notified, not_notified, notified
from pricebook.preview.price import EXACT
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import ContractTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioVerdict:
    """A scenario that was run."""

    name: str
    scenario: Scenario
    package: str
    card: str | None
    terms: ContractTerms
    bill: Bill
    notified: tuple[Notified, ...]
    """Every message about the customer, where the scenario expects any; else none is looked for."""
    mismatches: tuple[Mismatch, ...]


def judge(name: str, scenario: Scenario, catalog: Catalog) -> ScenarioVerdict:
    """Bill the scenario's contract and compare."""
    package_name = package_of(scenario, catalog) or ""
    package, start = catalog.packages[package_name], scenario.starting_at
    terms = materialise(package, start, scenario.billing_anchor_date)
    card = catalog.card_at(package.rate_card, package.rate_card_alias, start)
    prices = Prices(Tariff(catalog, card), terms)
    made = bill(prices, scenario.quantities(), [s.change() for s in scenario.seats], scenario.end)
    expected = scenario.expect.notifications if scenario.expect is not None else None
    sent = notified(scenario, catalog, prices) if expected is not None else ()
    mismatches = [*_mismatches(scenario, made), *not_notified(expected or (), sent)]
    return ScenarioVerdict(
        name=name,
        scenario=scenario,
        package=package_name,
        card=card,
        terms=terms,
        bill=made,
        notified=sent,
        mismatches=tuple(mismatches),
    )


def _mismatches(scenario: Scenario, made: Bill) -> Iterator[Mismatch]:
    expect = scenario.expect
    if expect is None or (expect.total is None and expect.invoices is None and expect.notifications is None):
        yield Mismatch(("expect",), None, "nothing is expected", None, None)
        return
    fiat = made.invoices[0].unit if made.invoices else expect.credit_type
    if expect.total is not None:
        at: Path = ("expect", "total")
        yield from _different(at, None, "total of all invoices", expect.total, made.total, fiat)
        if made.invoices:
            yield from _different(("expect",), None, "credit_type", expect.credit_type, fiat)
    if expect.invoices is None:
        return
    left = list(made.invoices)
    for index, wanted in enumerate(expect.invoices):
        path: Path = ("expect", "invoices", index)
        same = (i for i in left if i.issued_at == wanted.issued_at and (wanted.type or i.kind).lower() == i.kind)
        found = next(same, None)
        if found is None:
            yield Mismatch(path, wanted.issued_at, "invoice", _text(wanted.issued_at), None)
            continue
        left.remove(found)
        yield from _invoice(path, wanted, found)
    for invoice in left:
        yield Mismatch(("expect", "invoices"), invoice.issued_at, "invoice", None, _text(invoice.issued_at))


def _invoice(path: Path, wanted: ExpectedInvoice, found: Invoice) -> Iterator[Mismatch]:
    at = found.issued_at
    yield from _different((*path, "total"), at, "total", wanted.total, found.total, found.unit)
    yield from _different(path, at, "credit_type", wanted.credit_type, found.unit)
    if wanted.due_at is not None:
        due = _text(found.due_at) if found.due_at is not None else None
        yield from _different((*path, "due_at"), at, "due_at", _text(wanted.due_at), due)
    if wanted.lines is not None:
        yield from _lines((*path, "lines"), at, wanted.lines, found.lines)


def _lines(
    path: Path, at: datetime, wanted: Sequence[ExpectedLine], found: Sequence[InvoiceLine]
) -> Iterator[Mismatch]:
    """Lines are told by what they are, in their order; the amounts of those that are there are compared."""
    matcher = SequenceMatcher(None, [_key(w) for w in wanted], [_came(f, wanted) for f in found], autojunk=False)
    for tag, i, i2, j, j2 in matcher.get_opcodes():
        pairs = min(i2 - i, j2 - j) if tag == "equal" else 0
        for step in range(pairs):
            yield from _line((*path, i + step), at, wanted[i + step], found[j + step])
        for index in range(i + pairs, i2):
            line = wanted[index]
            yield Mismatch((*path, index), at, name_of(line.type, line.product), line.amount, None, line.credit_type)
        for index in range(j + pairs, j2):
            came = found[index]
            yield Mismatch(path, at, name_of(came.kind, came.product), None, came.amount, came.unit)


def _key(line: ExpectedLine) -> Any:
    return line.type, line.product or "", tuple(sorted(line.group_values.items()))


def _came(line: InvoiceLine, wanted: Iterable[ExpectedLine]) -> Any:
    """The line as a scenario tells it, with only so much as the scenario says of such lines."""
    values = (*line.pricing, *line.presentation)
    for one in wanted:
        told = one.product in (None, line.product) and one.group_values.items() <= dict(values).items()
        if one.type == line.kind and told:
            return _key(one)
    return line.kind, line.product, tuple(sorted(values))


def _line(path: Path, at: datetime, wanted: ExpectedLine, found: InvoiceLine) -> Iterator[Mismatch]:
    name = name_of(found.kind, found.product)
    yield from _different((*path, "amount"), at, name, wanted.amount, found.amount, found.unit)
    yield from _different(path, at, f"{name}: credit_type", wanted.credit_type, found.unit)
    if wanted.quantity is not None:
        yield from _different((*path, "quantity"), at, f"{name}: quantity", wanted.quantity, found.quantity)
    if wanted.balance is not None:
        yield from _different((*path, "balance"), at, f"{name}: balance", wanted.balance, found.balance)


def name_of(kind: str, product: str | None) -> str:
    """A line in two words: `usage input-tokens`."""
    return f"{kind} {product}" if product else kind


PLACES = Decimal("1e-10")
"""Amounts and quantities are compared to ten decimal places (of a cent), and the digits that a manifest carries."""
_CARRIED = Context(prec=MAX_DIGITS)


def writable(value: Decimal) -> Decimal:
    """The value as precisely as a scenario can say it."""
    return Decimal(plain(_CARRIED.plus(value if abs(value) >= _HUGE else EXACT.quantize(value, PLACES))))


_HUGE = Decimal(10) ** 20


def _different(
    path: Path, at: datetime | None, what: str, wanted: Decimal | str, found: Decimal | str | None, unit: str = ""
) -> Iterator[Mismatch]:
    found = writable(found) if isinstance(found, Decimal) else found
    wanted = writable(wanted) if isinstance(wanted, Decimal) else wanted
    if wanted != found:
        yield Mismatch(path, at, what, wanted, found, unit)


def _text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d}" if not instant.hour else f"{instant:%Y-%m-%dT%H:00:00Z}"
