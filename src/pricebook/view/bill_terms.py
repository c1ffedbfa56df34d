"""The terms of a contract in words, with their dates: what a package became on the day on which the contract started.

Text is as it came: whoever draws it escapes it. Names of products are those that people know, not keys.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.instant import instant_words
from pricebook.catalog.override import Override
from pricebook.catalog.specifier import Applicable, UsageSpecifier
from pricebook.catalog.terms import Terms
from pricebook.preview.terms import (
    ContractTerms,
    DatedCharge,
    DatedOverride,
    DatedSubscription,
    Grant,
    Recurrence,
    Statement,
)
from pricebook.view.price import EVERY, Unit, Units, money, number, percentage
from pricebook.view.rate_terms import terms_text
from pricebook.view.words import counted

_STATEMENTS = {"WEEKLY": "weekly", "MONTHLY": "monthly", "QUARTERLY": "quarterly", "ANNUAL": "yearly"}
_KINDS = {"CREDIT": "credit", "PREPAID": "prepaid commit", "POSTPAID": "postpaid commit"}
NO_FEES: Mapping[tuple[str, str], Terms] = {}
UNITS_USED = Unit("", " units used", 0, 0)
"""Of a balance that counts units instead of money."""


class TermView(NamedTuple):
    """One term: where it stands in the package (`subscriptions[fee]`), what people call it, what it says, and its time;
    of what is charged on a date both ends are that date."""

    term: str
    name: str
    text: str
    starting_at: datetime
    ending_before: datetime

    @property
    def when(self) -> str:
        """Its time in words."""
        return span(self.starting_at, self.ending_before)


def term_views(
    terms: ContractTerms, products: Mapping[str, str], units: Units, fees: Mapping[tuple[str, str], Terms] = NO_FEES
) -> tuple[TermView, ...]:
    """Every term, in the order in which a package lists them, the statements first. `products` are the names of
    products, and `fees` what the card says of those that are subscribed to, where that is to be told."""
    said = _Words(products, units, fees)
    found = [
        TermView(
            "usage_statement_schedule",
            "Invoices of usage",
            _statements(terms, terms.statement),
            terms.starting_at,
            terms.ending_before,
        )
    ]
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

    def __init__(
        self, products: Mapping[str, str], units: Units, fees: Mapping[tuple[str, str], Terms] = NO_FEES
    ) -> None:
        self.products, self.units, self.fees = products, units, fees

    def _product(self, name: str) -> str:
        return self.products.get(name, name)

    def subscription(self, one: DatedSubscription) -> TermView:
        term = one.term
        product, frequency = term.subscription_rate.product, term.subscription_rate.billing_frequency
        seats = term.initial_quantity
        if term.seat_config is not None and seats is None:
            seats = term.seat_config.initial_unassigned_seats
        many = f"{number(seats)} × " if seats is not None else ""
        fee = self.fees.get((product, frequency))
        what = f"{self._product(product)} {EVERY[frequency]}"
        if fee is not None:
            said = terms_text(None, fee.entitling, self.units, self.units.per(product, frequency))
            what = f"{said.desired} {said.per}".rstrip()
            many = "" if seats in (None, 1) else many
        when = "at the start" if term.collection_schedule == "ADVANCE" else "at the end"
        part = "part of a period is prorated" if term.proration.is_prorated else "part of a period costs the whole"
        text = f"{many}{what}, charged {when} of each period; {part}"
        return TermView(one.name, term.name or self._product(product), text, *one.window)

    def _unit(self, unit: str, *, counts_units: bool) -> Unit:
        return UNITS_USED if counts_units else self.units[unit]

    def grant(self, one: Grant) -> TermView:
        amount = money(one.amount, self._unit(one.unit, counts_units=one.counts_units))
        return self._balance(one, f"{amount} of {_KINDS[one.kind]}", one.id)

    def recurrence(self, one: Recurrence) -> TermView:
        term, access, seats = one.term, one.term.access_amount, one.term.subscription_config
        amount = money(access.unit_price, self._unit(access.credit_type, counts_units=access.access_type == "QUANTITY"))
        if access.quantity is not None and access.quantity != 1:
            amount = f"{number(access.quantity)} × {amount}"
        each = ""
        if seats is not None:
            shared = "a balance of its own" if seats.allocation == "INDIVIDUAL" else "one balance for all"
            each = f" for each seat of {seats.subscription} ({shared})"
        periods = term.commit_duration.value
        more = f"; each is open for {periods} periods" if periods > 1 else ""
        if one.invoice is not None:
            price = money(one.invoice.unit_price, self.units[one.invoice.credit_type])
            more += f"; billed {number(one.invoice.quantity)} × {price} each time"
        return self._balance(one, f"{amount} of {_KINDS[one.kind]}{each} {EVERY[one.frequency]}", one.name, more)

    def _balance(self, one: Grant | Recurrence, granted: str, name: str, more: str = "") -> TermView:
        term = one.term
        rolls = _rolls(one.rollover_fraction if isinstance(one, Grant) else one.term.rollover_fraction)
        text = f"{granted} {self._scope(term)}{_rank(term.priority)}{more}{rolls}"
        return TermView(name, term.name or self._product(term.product), text, *one.window)

    def override(self, one: DatedOverride) -> TermView:
        term = one.term
        says = [text for text in (self._changes(term), _entitles(term)) if text]
        which = " or ".join(dict.fromkeys(self._specified(s) for s in term.override_specifiers)) or "nothing"
        drawn = ", for what is drawn from balances" if term.is_commit_specific else ""
        return TermView(one.name, "Override", f"{', '.join(says)} for {which}{drawn}", *one.window)

    def _changes(self, term: Override) -> str:
        if term.type is None:
            return ""
        if term.multiplier is not None:
            return f"{number(term.multiplier)} × the card's price"
        if term.overwrite_rate is not None:
            rate = term.overwrite_rate
            if rate.price is None:
                return f"a {rate.rate_type} rate of its own instead of the card's"
            own = (
                percentage(rate.price)
                if rate.rate_type == "PERCENTAGE"
                else money(rate.price, self.units[rate.credit_type])
            )
            return f"{own} instead of the card's price"
        return f"the card's price multiplied in {counted(len(term.tiers), 'tier')}"

    def charge(self, one: DatedCharge) -> TermView:
        at, label = (one.at, one.at), one.label or self._product(one.product)
        if one.kind == "true_up":
            return TermView(one.name, label, f"what of {one.commit} was not used is charged", *at)
        paid = " for the commit" if one.kind == "commit_purchase" else ""
        return TermView(
            one.name, label, f"{number(one.quantity)} × {money(one.unit_price, self.units[one.unit])}{paid}", *at
        )

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


def _entitles(term: Override) -> str:
    return "" if term.entitled is None else "entitled" if term.entitled else "not entitled"


def _rank(priority: Decimal | None) -> str:
    return f", priority {number(priority)}" if priority is not None else ""


def _rolls(fraction: Decimal | None) -> str:
    return f"; {percentage(fraction)} of the rest rolls over" if fraction else ""
