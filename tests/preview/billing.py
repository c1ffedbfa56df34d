"""Contracts on packages, billed."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.usage import Quantity, SeatChange
from pricebook.manifest.load import load
from pricebook.preview.bill import NOTHING, bill
from pricebook.preview.invoice import Bill, Ledger
from pricebook.preview.materialise import materialise
from pricebook.preview.tariff import Prices, Tariff
from pricebook.project.project import read_project

ROOT = Path(__file__).resolve().parents[2]


def day(text: str) -> datetime:
    """Midnight, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def prices_of(catalog: Catalog, package: str, starting_at: str) -> Prices:
    """The prices of a contract on a package of the catalogue."""
    start, noun = day(starting_at), catalog.packages[package]
    card = catalog.card_at(noun.rate_card, noun.rate_card_alias, start)
    return Prices(Tariff(catalog, card), materialise(noun, start))


@cache
def starter() -> Catalog:
    """The starter plan, the vendor's own example."""
    return load(read_project(ROOT / "examples" / "starter-plan")).catalog


def billed(
    package: str,
    starting_at: str,
    until: str,
    usage: Iterable[Quantity] = (),
    seats: Iterable[SeatChange] = (),
    opening: Ledger = NOTHING,
    catalog: Catalog | None = None,
) -> Bill:
    """Bill a contract on a package, of the starter plan unless another catalogue is given."""
    return bill(prices_of(catalog or starter(), package, starting_at), usage, seats, day(until), opening)
