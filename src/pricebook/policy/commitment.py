"""Rules about what contracts commit to: what is paid for is granted, and all of it happens while they last."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pricebook.catalog.declared import fields_of, role_at
from pricebook.catalog.leaf import amounts
from pricebook.catalog.model import Model
from pricebook.catalog.money import EXACT, plain
from pricebook.catalog.path import named
from pricebook.catalog.role import Role
from pricebook.catalog.term import RelativeDate
from pricebook.catalog.violation import Path
from pricebook.policy.balance import PAID, WITH_COMMIT, balances
from pricebook.policy.fact import Facts
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import AFTER_CREDIT

LONG = 5 * 365
"""Days that a contract hardly ever lasts."""


def _overpriced(facts: Facts) -> Iterator[Finding]:
    for offer, path, term in balances(facts, *PAID):
        field = _paid_by(term)
        recurs, invoice = field == "invoice_amount", getattr(term, field)
        access = term.access_amount if recurs else term.access_schedule
        if invoice is None or access.access_type != "SPEND" or access.credit_type != invoice.credit_type:
            continue
        if not recurs:
            granted = sum((item.amount for item in access.schedule_items), Decimal(0))
            paid = sum((item.total for item in invoice.schedule_items), Decimal(0))
        elif access.quantity is None:
            continue  # as many as its subscription
        else:
            granted = EXACT.multiply(access.unit_price, access.quantity)
            paid = EXACT.multiply(invoice.unit_price, invoice.quantity)
        if paid > granted:
            unit = access.credit_type
            message = f"the customer pays {facts.money(paid, unit)} for {facts.money(granted, unit)}"
            yield offer.finding((*path, field), message, "is a decimal point, or the number of payments, wrong?")


def _paid_by(term: Any) -> str:
    """The field that says what a commit costs."""
    return next(name for name in PAID if hasattr(term, name))


def _free(facts: Facts) -> Iterator[Finding]:
    for offer, path, term in balances(facts, *PAID):
        field = _paid_by(term)
        if getattr(term, field) is None and getattr(term, "type", "PREPAID") == "PREPAID":
            message = f"the commit has no {field}: it is free"
            hint = f"say what it costs in {field}; what is given away is a credit"
            yield offer.finding(path, message, hint)


def _outside(facts: Facts) -> Iterator[Finding]:
    for offer in facts.offers:
        package = offer.package
        if package.duration is None:
            continue
        end = package.duration.days
        for path, offset, last in _offsets(package):
            days = offset.days
            if days > end or (days == end and not last):
                message = (
                    f"it begins {offset.value} {offset.unit} after the start, but contracts last"
                    f" {package.duration.value} {package.duration.unit}: it never happens"
                )
                hint = "let it begin earlier, or contracts last longer"
                yield offer.finding(path, message, hint)


def _offsets(model: Model, at: Path = (), role: Role = Role.PLAIN) -> Iterator[tuple[Path, RelativeDate, bool]]:
    """Where something begins, counted from the start; whether it may fall on the end, as a charge may."""
    for name, field in fields_of(type(model)).items():
        value = getattr(model, name)
        if type(value) is RelativeDate:
            yield (*at, name), value, role is Role.CHARGES
        elif isinstance(value, Model):
            yield from _offsets(value, (*at, name), field.role or role)
        elif field.model is not None and field.many:
            for index, term in enumerate(value):
                yield from _offsets(term, (*at, name, index), field.role or role)


def _nothing(facts: Facts) -> Iterator[Finding]:
    for offer in facts.offers:
        for path, amount, unit, model in amounts(offer.package):
            role = role_at(type(offer.package), named(offer.package, path))
            quantity = getattr(model, "quantity", None)
            if path[0] == "overrides" or role not in (Role.CHARGES, Role.GRANTS) or (amount and quantity != 0):
                continue
            times = f" times {plain(quantity)}" if quantity is not None else ""
            message = f"{facts.money(amount, unit)}{times} is nothing"
            yield offer.finding(path[:-1], message, "correct the price or the quantity")


def _long(facts: Facts) -> Iterator[Finding]:
    for offer in facts.offers:
        duration = offer.package.duration
        if duration is not None and duration.days > LONG:
            message = f"contracts last {duration.value} {duration.unit}"
            hint = "MONTHS rather than YEARS? Prices and credits are promised for that long"
            yield offer.finding(("duration",), message, hint)


_CHARGE = """\
  scheduled_charges:
    - key: setup
      product: gift
      schedule: {schedule_items: [{unit_price: $500.00, quantity: 1, date_offset: {value: 0, unit: DAYS}}]}
"""
_WITH_CHARGE = ("  recurring_credits:\n", _CHARGE + "  recurring_credits:\n")

RULES = (
    Rule(
        id="overpriced-commit",
        severity="warning",
        title="A commit costs more than it grants.",
        why="Nobody buys that knowingly: a decimal point, or a yearly price that is charged every month.",
        way_out="Compare the invoice with the access, with all their items.",
        example=Example(bad=(WITH_COMMIT, ("unit_price: $1000.00", "unit_price: $10000.00")), good=(WITH_COMMIT,)),
        check=_overpriced,
    ),
    Rule(
        id="free-commit",
        severity="warning",
        title="A commit says nothing about what it costs, so it is free.",
        why="A commit without invoice is given away; what was meant is mostly that somebody fills the price in later.",
        way_out="Say what it costs, or make it a credit.",
        example=Example(
            bad=(
                WITH_COMMIT,
                (
                    "      invoice_schedule:\n        schedule_items: [{unit_price: $1000.00, quantity: 1,"
                    " date_offset: {value: 0, unit: MONTHS}}]\n",
                    "",
                ),
            ),
            good=(WITH_COMMIT,),
        ),
        check=_free,
        source="The vendor's OpenAPI document: without invoice schedule or amount a commit is free.",
    ),
    Rule(
        id="outside-contract",
        severity="error",
        title="A term begins after the contract has ended.",
        why="It is in the package and never happens: a charge that is not made, a credit that nobody gets.",
        way_out="Mind the unit: 12 MONTHS, not 12 YEARS.",
        example=Example(
            bad=(("{value: 0, unit: MONTHS}\n" + AFTER_CREDIT, "{value: 12, unit: MONTHS}\n" + AFTER_CREDIT),)
        ),
        check=_outside,
    ),
    Rule(
        id="nothing-charged",
        severity="warning",
        title="A charge or a grant comes to nothing.",
        why="A unit price or a quantity of 0 makes an invoice line of $0.00, or a credit that nobody can use.",
        way_out="Correct the price or the quantity, or take it out.",
        example=Example(
            bad=(_WITH_CHARGE, ("unit_price: $500.00, quantity: 1", "unit_price: $500.00, quantity: 0")),
            good=(_WITH_CHARGE,),
        ),
        check=_nothing,
    ),
    Rule(
        id="long-contract",
        severity="warning",
        title="Contracts last more than five years.",
        why="`12 YEARS` where `12 MONTHS` was meant cannot be taken back once somebody has signed.",
        way_out="Check the unit of the duration.",
        example=Example(bad=(("duration: {value: 12, unit: MONTHS}", "duration: {value: 12, unit: YEARS}"),)),
        check=_long,
    ),
)
