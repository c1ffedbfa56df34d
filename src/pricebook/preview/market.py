"""One side of an impact: a catalogue, and what was prepared of it for contracts that share it.

Monthly statements are the contract's own; longer ones are counted from the start of the time that is billed, where it
holds whole ones, and others are billed as one a month.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from pricebook.catalog.calendar import MONTHS, first_of_month
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.contract import Contract
from pricebook.preview.linear import PlainTariff, is_plain
from pricebook.preview.own import card_of, package_of, terms_of
from pricebook.preview.price import EXACT, QUANTITY_PLACES
from pricebook.preview.proration import share
from pricebook.preview.run_rate import Recurring, recurring
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import ContractTerms, OwnTerms, Statement, Window, quantities

WITHIN = "usage is billed as of the start of its month, and a balance or an override begins or ends within one"
"""A note: months are what usage is counted by."""
PREPARED = 4096
"""Terms of contracts that are kept for others on the same version and card, from the same start."""


@dataclass(frozen=True, slots=True)
class ContractSide:
    """What a contract is billed by: its prices, and what it is charged whatever is used; `plain` where that is nothing,
    and usage is all that there is."""

    prices: Prices
    fixed: tuple[Recurring, ...]
    plain: PlainTariff | None


class Market:
    """One side: a catalogue with all package versions, and what was prepared of it for contracts."""

    def __init__(self, catalog: Catalog, window: Window, months: int) -> None:
        self._catalog, self._window, self._months = catalog, window, months
        self._tariffs: dict[str | None, Tariff] = {}
        self._plains: dict[str | None, PlainTariff] = {}
        self._prepared: dict[object, ContractSide] = {}
        versions = sorted((ref for ref in catalog.nouns if ref.kind is Kind.PACKAGE), key=lambda ref: ref.version or 0)
        self._newest = {ref.name: ref for ref in versions}

    def newest(self, package: Ref | None) -> Ref | None:
        """The newest version of the package."""
        return self._newest.get(package.name, package) if package is not None else None

    def side(self, contract: Contract, on: Ref | None, own: OwnTerms | None) -> ContractSide | None:
        """How a contract on a package version (None: on its card alone) is billed; None for an unknown version."""
        key = (on, contract.card, contract.starting_at, contract.ending_before, contract.quantities)
        if own is None and key in self._prepared:
            return self._prepared[key]
        package = package_of(on, self._catalog.nouns.get)
        if package is None:
            return None
        terms = self._terms(package, contract, own)
        prices = Prices(self._tariff(package, contract), terms)
        held = quantities(terms, contract.quantities or ())
        plain = self._plain(prices) if is_plain(terms, self._window) else None
        fixed = recurring(prices, held, self._window.starting_at)
        made = ContractSide(prices, tuple(self._lived(terms, one) for one in fixed), plain)
        if own is None:
            if len(self._prepared) >= PREPARED:
                self._prepared.clear()
            self._prepared[key] = made
        return made

    def _lived(self, terms: ContractTerms, charge: Recurring) -> Recurring:
        """A contract that begins or ends within the window counts with the share of it for which it runs: another one
        may be there for the rest."""
        start, end = self._window
        part = share(max(terms.starting_at, start), min(terms.ending_before, end), start, end)
        if part.whole or not charge.frequency:
            return charge
        yearly = EXACT.divide(EXACT.multiply(charge.yearly, Decimal(part.hours)), Decimal(part.of))
        return charge._replace(yearly=yearly.quantize(QUANTITY_PLACES, context=EXACT))

    def _plain(self, prices: Prices) -> PlainTariff:
        """Shared by all on the card: of a contract that is plain nothing else counts."""
        card = prices.tariff.card
        if card not in self._plains:
            self._plains[card] = PlainTariff(prices)
        return self._plains[card]

    def _tariff(self, package: Package, contract: Contract) -> Tariff:
        card = card_of(contract, package, self._catalog)
        if card not in self._tariffs:
            self._tariffs[card] = Tariff(self._catalog, card)
        return self._tariffs[card]

    def _terms(self, package: Package, contract: Contract, own: OwnTerms | None) -> ContractTerms:
        terms = terms_of(contract, package, own)
        start, statement, notes = self._window.starting_at, terms.statement, list(terms.notes)
        monthly = statement.frequency == "MONTHLY"
        if not monthly or (contract.starting_at > start and statement.anchor != first_of_month(statement.anchor)):
            wanted = statement.frequency
            whole = wanted in MONTHS and self._months % MONTHS[wanted] == 0
            statement = Statement(wanted if whole else "MONTHLY", start, start)
            if not whole:
                notes.append(f"statements are {wanted}: billed as one a month here, so tiers start again in each")
        terms = replace(terms, statement=statement)
        if _changes_within(terms, self._window):
            notes.append(WITHIN)
        return replace(terms, notes=tuple(notes))


def _changes_within(terms: ContractTerms, window: Window) -> bool:
    """Whether what pays, or what changes prices, begins or ends within a month of the window."""
    windows = [one.window for one in terms.overrides] + [one.window for one in terms.grants]
    windows += [one.window for one in terms.recurrences]
    edges = [edge for one in windows for edge in (one.starting_at, one.ending_before)]
    repeated = any(
        (each.anchor != first_of_month(each.anchor) or each.frequency not in MONTHS)
        and each.window.starting_at < window.ending_before
        and each.window.ending_before > window.starting_at
        for each in terms.recurrences
    )
    within = (edge for edge in edges if window.starting_at < edge < window.ending_before)
    return repeated or any(edge != first_of_month(edge) for edge in within)
