"""The terms of a contract in words, with their dates: what a package became on the day on which the contract started.

Text is as it came: whoever draws it escapes it. Names of products are those that people know, not keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.instant import instant_words
from pricebook.catalog.money import EXACT
from pricebook.catalog.override import Override
from pricebook.catalog.specifier import Applicable, UsageSpecifier
from pricebook.catalog.terms import is_fraction
from pricebook.catalog.unit import Unit, money, number
from pricebook.plan.offered import PackageOffer
from pricebook.preview.terms import (
    ContractTerms,
    DatedCharge,
    DatedOverride,
    DatedSubscription,
    Grant,
    Recurrence,
    Statement,
)
from pricebook.view.plain import hidden
from pricebook.view.price import EVERY, Units, percentage, rounded
from pricebook.view.rate_terms import terms_text
from pricebook.view.words import counted

_STATEMENTS = {"WEEKLY": "weekly", "MONTHLY": "monthly", "QUARTERLY": "quarterly", "ANNUAL": "yearly"}
_KINDS = {"CREDIT": "credit", "PREPAID": "prepaid commit", "POSTPAID": "postpaid commit"}
UNITS_USED = Unit("", " units used", 0, 0)
"""Of a balance that counts units instead of money."""


@dataclass(frozen=True, slots=True)
class TermView:
    """One term: where it stands in the package (`subscriptions[fee]`), what people call it, what it says, and its time;
    of what is charged on a date both ends are that date."""

    term: str
    name: str
    text: str
    starting_at: datetime
    ending_before: datetime
    section: str = hidden(default="")
    """The field of the package in which it stands."""

    @property
    def when(self) -> str:
        """Its time in words."""
        return span(self.starting_at, self.ending_before)


def term_views(
    terms: ContractTerms, products: Mapping[str, str], units: Units, offer: PackageOffer | None = None
) -> tuple[TermView, ...]:
    """Every term, in the order in which a package lists them, the statements first. `products` are the names of
    products, and `offer` has what the card says, where that is to be told."""
    said, whole = _Words(products, units, offer), (terms.starting_at, terms.ending_before)
    statements = _statements(terms, terms.statement)
    found = [TermView("usage_statement_schedule", "Invoices of usage", statements, *whole, "usage_statement_schedule")]
    found += [said.subscription(one) for one in terms.subscriptions]
    found += [said.grant(one) for one in terms.grants]
    found += [said.recurrence(one) for one in terms.recurrences]
    found += [said.override(one) for one in terms.overrides]
    found += [said.charge(one) for one in terms.charges]
    return tuple(found)


def span(start: datetime, end: datetime) -> str:
    """`2025-10-01 to 2025-11-01`, `2025-10-01 on` where there is no end, `2025-10-01` for an instant."""
    if start == end:
        return instant_words(start)
    return f"{instant_words(start)} to {instant_words(end)}" if end < FOREVER else f"{instant_words(start)} on"


def _statements(terms: ContractTerms, statement: Statement) -> str:
    text = f"{_STATEMENTS[statement.frequency]}, at the end of each period"
    if terms.net_payment_terms_days is not None:
        text += f", due {counted(terms.net_payment_terms_days, 'day')} later"
    if statement.first > terms.starting_at:
        text += f"; none for periods that start before {instant_words(statement.first)}"
    return text + ("; scheduled charges stand on them where the dates meet" if terms.consolidated else "")


class _Words:
    """The words of terms, by the names of products and the units of amounts."""

    def __init__(self, products: Mapping[str, str], units: Units, offer: PackageOffer | None) -> None:
        self.products, self.units, self.offer = products, units, offer

    def _product(self, name: str) -> str:
        return self.products.get(name, name)

    def subscription(self, one: DatedSubscription) -> TermView:
        term = one.term
        product, frequency = term.subscription_rate.product, term.subscription_rate.billing_frequency
        seats = term.initial_quantity
        if term.seat_config is not None and seats is None:
            seats = term.seat_config.initial_unassigned_seats
        many = f"{number(seats)} × " if seats is not None else ""
        fee = self.offer.fee(product, frequency) if self.offer is not None else None
        what = f"{self._product(product)} {EVERY[frequency]}"
        if fee is not None:
            said = terms_text(None, fee.entitling, self.units, self.units.per(product, frequency))
            what = f"{said.desired} {said.per}".rstrip()
            many = "" if seats in (None, 1) else many
        when = "at the start" if term.collection_schedule == "ADVANCE" else "at the end"
        part = "part of a period is prorated" if term.proration.is_prorated else "part of a period costs the whole"
        text = f"{many}{what}, charged {when} of each period; {part}"
        return TermView(one.name, term.name or self._product(product), text, *one.window, "subscriptions")

    def _unit(self, unit: str, *, counts_units: bool) -> Unit:
        return UNITS_USED if counts_units else self.units[unit]

    def _granted(self, kind: str, unit: str, each: Decimal, times: Decimal, *, counts_units: bool) -> str:
        """`$3.00 of credit`, `300 ai-credits (worth $12.00)`."""
        said = self._unit(unit, counts_units=counts_units)
        amount = f"{number(times)} × {money(each, said)}" if times != 1 else money(each, said)
        # Custom units that are given are credits, and mostly called so.
        what = amount if kind == "CREDIT" and said.after else f"{amount} of {_KINDS[kind]}"
        worth = self.offer.worth.get(unit) if self.offer is not None and not counts_units else None
        if self.offer is None or worth is None:
            return what
        return f"{what} (worth {rounded(EXACT.multiply(each * times, worth), self.units[self.offer.fiat])})"

    def grant(self, one: Grant) -> TermView:
        granted = self._granted(one.kind, one.unit, one.amount, Decimal(1), counts_units=one.counts_units)
        return self._balance(one, granted, one.id)

    def recurrence(self, one: Recurrence) -> TermView:
        term, access, seats = one.term, one.term.access_amount, one.term.subscription_config
        many, by_units = access.quantity or Decimal(1), access.access_type == "QUANTITY"
        granted = self._granted(one.kind, access.credit_type, access.unit_price, many, counts_units=by_units)
        each = ""
        if seats is not None:
            shared = "a balance of its own" if seats.allocation == "INDIVIDUAL" else "one balance for all"
            each = f" for each seat of {seats.subscription} ({shared})"
        periods = term.commit_duration.value
        more = f"; each is open for {periods} periods" if periods > 1 else ""
        if one.invoice is not None:
            price = money(one.invoice.unit_price, self.units[one.invoice.credit_type])
            more += f"; billed {_times(one.invoice.quantity)}{price} each time"
        return self._balance(one, f"{granted}{each} {EVERY[one.frequency]}", one.name, more)

    def _balance(self, one: Grant | Recurrence, granted: str, name: str, more: str = "") -> TermView:
        term = one.term
        rolls = _rolls(one.rollover_fraction if isinstance(one, Grant) else one.term.rollover_fraction)
        text = f"{granted} {self._scope(term)}{_rank(term.priority)}{more}{rolls}"
        return TermView(name, term.name or self._product(term.product), text, *one.window, one.list)

    def override(self, one: DatedOverride) -> TermView:
        term = one.term
        says = [text for text in (self._changes(term), _entitles(term)) if text]
        which = " or ".join(dict.fromkeys(self._specified(s) for s in term.override_specifiers)) or "nothing"
        drawn = ", for what is drawn from balances" if term.is_commit_specific else ""
        what = f"{', '.join(says)} {which}" if says and says[-1].endswith("off") else f"{', '.join(says)} for {which}"
        text = f"{what}{self._instead(term)}{drawn}"
        return TermView(one.name, _named(term), text, *one.window, "overrides")

    def _instead(self, term: Override) -> str:
        """`: $4.00 instead of $5.00 per seat a month`, where the override is of one price that the card says."""
        specifiers, own = term.override_specifiers, term.overwrite_rate
        if self.offer is None or len(specifiers) != 1 or specifiers[0].product is None:
            return ""
        product, said = specifiers[0].product, specifiers[0].billing_frequency
        fees = [(f, self.offer.fee(product, f)) for f in ((said,) if said else (None, *EVERY))]
        told = [(f, fee.flat, fee.unit) for f, fee in fees if fee is not None and fee.flat is not None]
        if len(told) != 1 or (term.multiplier is None and own is None):
            return ""
        frequency, listed, unit = told[0]
        per = self.units.per(product, frequency)[1]
        says = f"{money(listed, self.units[unit], per.power)} {per.words}".rstrip()
        if term.multiplier is None:
            return f" ({says})"
        return f": {money(EXACT.multiply(listed, term.multiplier), self.units[unit], per.power)} instead of {says}"

    def _changes(self, term: Override) -> str:
        if term.type is None:
            return ""
        if term.multiplier is not None:
            return factor_words(term.multiplier)
        if term.overwrite_rate is not None:
            rate = term.overwrite_rate
            if rate.price is None:
                return f"a {rate.rate_type} rate of its own instead of the card's"
            own = (
                percentage(rate.price)
                if is_fraction(rate.rate_type)
                else money(rate.price, self.units[rate.credit_type])
            )
            return f"{own} instead of the card's price"
        return f"the card's price multiplied in {counted(len(term.tiers), 'tier')}"

    def charge(self, one: DatedCharge) -> TermView:
        at, label = (one.at, one.at), one.label or self._product(one.product)
        if one.kind == "true_up":
            return TermView(one.name, label, f"what of {one.commit} was not used is charged", *at, "commits")
        section, paid = ("scheduled_charges", "") if one.kind == "scheduled" else ("commits", " for the commit")
        price = money(one.unit_price, self.units[one.unit])
        return TermView(one.name, label, f"{_times(one.quantity)}{price}{paid}", *at, section)

    def _scope(self, applies: Applicable) -> str:
        if applies.specifiers:
            return "for " + " or ".join(self._specified(specifier) for specifier in applies.specifiers)
        found = [self._product(name) for name in applies.applicable_products]
        found += [f"products tagged {tag}" for tag in applies.applicable_product_tags]
        return f"for {', '.join(found)}" if found else "for everything"

    def _specified(self, specifier: UsageSpecifier) -> str:
        text = self._product(specifier.product) if specifier.product is not None else "products"
        if specifier.product_tags:
            text += f" tagged {', '.join(specifier.product_tags)}"
        values = {**specifier.pricing_group_values, **specifier.presentation_group_values}
        if values:
            text += " with " + ", ".join(f"{key}={value}" for key, value in sorted(values.items()))
        left_out = [" and ".join(one.product_tags) for one in specifier.exclude]
        return "all products" if text == "products" else text + (f" but not {', '.join(left_out)}" if left_out else "")


def factor_words(factor: Decimal) -> str:
    """A multiplier of list prices: `20 % off`, `20 % on top`, `free`."""
    if not factor:
        return "free"
    share = EXACT.subtract(factor, Decimal(1))
    return f"{percentage(abs(share))} {'off' if share < 0 else 'on top'}" if share else "the card's price"


def _named(term: Override) -> str:
    """What people call an override."""
    if term.multiplier is not None:
        return "Discount" if term.multiplier < 1 else "Surcharge"
    return "Price of its own" if term.type is not None else "Included" if term.entitled else "Left out"


def _times(quantity: Decimal) -> str:
    return "" if quantity == 1 else f"{number(quantity)} × "


def _entitles(term: Override) -> str:
    return "" if term.entitled is None else "entitled" if term.entitled else "not entitled"


def _rank(priority: Decimal | None) -> str:
    return f", priority {number(priority)}" if priority is not None else ""


def _rolls(fraction: Decimal | None) -> str:
    return f"; {percentage(fraction)} of the rest rolls over" if fraction else ""
