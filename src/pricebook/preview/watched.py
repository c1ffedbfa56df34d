"""Where contracts stand at an instant, between their invoices: what was issued, what is charged so far, what is left.

It is what the bill engine makes of the usage until then (`preview.bill`): everything that was issued, and the statement
that runs as it would be if nothing more were used. A fee that is charged at its end is not charged yet.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType

from pricebook.catalog.calendar import FOREVER, Period, cycle
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.product import Product
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.usage import Quantity, SeatChange
from pricebook.preview.bill import NOTHING, bill
from pricebook.preview.burn import Burn
from pricebook.preview.grant import granted
from pricebook.preview.invoice import Invoice, InvoiceLine, Ledger
from pricebook.preview.metered import metered
from pricebook.preview.sheet import InvoiceSheet
from pricebook.preview.tariff import Prices
from pricebook.preview.terms import Grant, Quantities, Window, quantities

Fields = Mapping[str, str]
NO_FIELDS: Fields = MappingProxyType({})


def fields_of_term(grant: Grant) -> Fields:
    """The custom fields that a package gives a balance."""
    found: Fields = getattr(grant.term, "custom_fields", NO_FIELDS)
    return found


def grouped(catalog: Catalog, keys: Collection[str], metric: str | None = None) -> Catalog:
    """The catalogue in which usage is told by further group keys, of the products whose metrics have these; and in
    which a `metric` is counted that is no product's."""
    nouns, metrics = dict(catalog.nouns), catalog.metrics
    for name, product in catalog.products.items():
        found = metrics.get(product.billable_metric or "")
        known = {key for group in found.group_keys for key in group} if found is not None else set()
        further = [key for key in keys if key in known and key not in product.pricing_group_key]
        if further:
            shown = tuple(dict.fromkeys((*product.presentation_group_key, *further)))
            nouns[Ref(Kind.PRODUCT, name)] = product.model_copy(update={"presentation_group_key": shown})
    if metric is not None and all(product.billable_metric != metric for product in catalog.products.values()):
        nouns[Ref(Kind.PRODUCT, f"metric {metric}")] = Product(name=metric, type="USAGE", billable_metric=metric)
    return Catalog(nouns, catalog.rates)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractState:
    """A contract at an instant. `issued` are all invoices until then, the last ones at `at` itself; `draft` is the
    statement that runs, None where none does. `used` is what was used in its `period`, and `spent` the usage that it
    charges, before balances pay. `balances` are those that have begun, with what is left of them."""

    contract: "WatchedContract"
    at: datetime
    period: Period | None
    issued: tuple[Invoice, ...]
    draft: Invoice | None
    used: Sequence[Quantity]
    spent: Sequence[InvoiceLine]
    balances: tuple[tuple[Grant, Decimal], ...]
    drawn: Mapping[str, Decimal]

    def spent_on(self, values: Fields) -> Sequence[InvoiceLine]:
        """What the usage with these group values alone is charged: "Metronome recomputes the invoice as if the group
        key is a presentation group key" (docs.metronome.com, "Let customers manage spend and usage")."""
        own = [each for each in self.used if values.items() <= dict(each.values).items()]
        if self.period is None or not own:
            return ()
        prices = self.contract.prices
        sheet = InvoiceSheet(prices, Burn(prices, (), {}))
        sheet.usage(metered(own, prices.tariff.products)[0], self.period)
        return sheet.lines


@dataclass(eq=False)
class WatchedContract:
    """One contract over time: what it is billed by, its usage, and the custom fields by which it and its balances are
    told. Asked for one instant after another, it bills no period twice.

    `custom_fields` are None where nobody knows them. `opening` is what was billed before (`preview.bill.bill`).
    """

    prices: Prices
    usage: Sequence[Quantity] = ()
    seats: Sequence[SeatChange] = ()
    custom_fields: Fields | None = field(default_factory=dict)
    fields: Callable[[Grant], Fields] = fields_of_term
    opening: Ledger = NOTHING
    _done: list[tuple[datetime, Ledger, tuple[Invoice, ...]]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.usage = sorted(self.usage, key=lambda each: each.at)
        self._times = [each.at for each in self.usage]

    @property
    def starting_at(self) -> datetime:
        """From when on it is billed."""
        start = self.prices.terms.starting_at
        return max(self.opening.through or start, start)

    @cached_property
    def subscribed(self) -> Mapping[str, Quantities]:
        """The quantities of its subscriptions over time."""
        return quantities(self.prices.terms, self.seats)

    def periods(self, until: datetime) -> list[Period]:
        """The statement periods that have begun by then."""
        terms = self.prices.terms
        end = min(terms.ending_before, FOREVER)
        found = []
        for period in cycle(terms.statement.anchor, terms.statement.frequency, self.starting_at, end):
            if period.starting_at > until:
                break
            found.append(period)
        return found

    def at(self, instant: datetime, drawn: Mapping[str, Decimal] = NOTHING.drawn) -> ContractState:
        """Where it stands. `drawn` is what other contracts took of balances that it shares with them."""
        prices = self.prices
        periods = self.periods(instant)
        running = periods[-1] if periods and instant < periods[-1].ending_before else None
        ends = [period.ending_before for period in periods if period is not running]
        # Periods that are over are billed once and carried along; only what is since then is counted anew.
        ledger, issued = self._billed([self.starting_at, *ends], drawn)
        base = ledger.through or self.starting_at
        own = self.usage[bisect_left(self._times, base) : bisect_right(self._times, instant)]
        if instant > base:
            made = bill(prices, own, self.seats, instant, ledger)
            ledger, issued = made.closing, (*issued, *made.invoices)
        grants = [
            grant
            for grant in (*ledger.brought, *granted(prices.terms, self.subscribed, instant, prices.tariff.scales))
            if grant.window.starting_at <= instant
        ]
        burn = Burn(prices, grants, dict(ledger.drawn))
        # The draft of the running period draws from copies of the balances, as an invoice would if it were issued now.
        draft, spent = None, list[InvoiceLine]()
        if running is not None and running.starting_at >= prices.terms.statement.first:
            sheet = InvoiceSheet(prices, burn)
            sheet.usage(metered(own, prices.tariff.products)[0], running)
            sheet.composites(running)
            spent = [line for line in sheet.lines if line.kind in ("usage", "composite")]
            window = Window(running.starting_at, running.ending_before)
            sheet.close(window, running.ending_before)
            draft = Invoice(
                kind="usage",
                issued_at=running.ending_before,
                due_at=None,
                period=window,
                unit=sheet.fiat,
                lines=tuple(sheet.lines),
            )
        balances = tuple((grant, burn.left(grant)) for grant in grants)
        used = own if running is not None else ()
        return ContractState(
            contract=self,
            at=instant,
            period=running,
            issued=issued,
            draft=draft,
            used=used,
            spent=spent,
            balances=balances,
            drawn=burn.drawn,
        )

    def _billed(self, instants: Sequence[datetime], drawn: Mapping[str, Decimal]) -> tuple[Ledger, tuple[Invoice, ...]]:
        """What is left, and all invoices, after billing until the last of the instants, from one to the next."""
        opening = self.opening
        before = replace(opening, drawn={**opening.drawn, **drawn})
        done = self._done if not drawn else []
        for index, until in enumerate(instants):
            if index < len(done):
                continue
            _, ledger, issued = done[-1] if done else (until, before, ())
            if ledger.through is not None and ledger.through >= until:
                done.append((until, ledger, issued))
                continue
            since = ledger.through or until
            own = self.usage[bisect_left(self._times, since) : bisect_left(self._times, until)]
            made = bill(self.prices, own, self.seats, until, ledger)
            done.append((until, made.closing, (*issued, *made.invoices)))
        _, ledger, issued = done[len(instants) - 1]
        return ledger, issued


@dataclass
class WatchedCustomer:
    """A customer's contracts, in the order in which they draw from balances that they share (by id)."""

    contracts: Sequence[WatchedContract]
    shared: frozenset[str] = frozenset()
    _seen: dict[datetime, list[ContractState]] = field(default_factory=dict)

    def at(self, instant: datetime) -> list[ContractState]:
        """Where those of its contracts stand that have begun."""
        found = self._seen.get(instant)
        if found is None:
            found, drawn = [], dict[str, Decimal]()
            for contract in self.contracts:
                if contract.starting_at <= instant:
                    one = contract.at(instant, drawn)
                    drawn.update({id_: taken for id_, taken in one.drawn.items() if id_ in self.shared})
                    found.append(one)
            self._seen[instant] = found
        return found
