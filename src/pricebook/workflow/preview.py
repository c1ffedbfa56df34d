"""Previewing bills: a package, a start and a usage file become the invoices of each customer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from pricebook.catalog import usage as priced
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.scenario_check import package_at
from pricebook.preview.bill import NOTHING, PeriodPart, bill, parts, rolled_over
from pricebook.preview.invoice import Bill
from pricebook.preview.materialise import materialise
from pricebook.preview.price import EXACT, ZERO
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import ContractTerms
from pricebook.problem import did_you_mean, quote, reject
from pricebook.project.usage_file import CustomerUsage, read_usage
from pricebook.usage.engine import Engine
from pricebook.usage.measure import Census, UsagePeriod, measure
from pricebook.usage.measure import read_usage as read_events
from pricebook.usage.meter import ADDING, UsageMeter, meters_of


@dataclass(frozen=True, slots=True)
class Preview:
    """The bill of a customer; `customer` is empty where the usage names none."""

    package: str
    customer: str
    card: str | None
    terms: ContractTerms
    bill: Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRequest:
    """What to preview."""

    package: str
    """A package's name, with `@version` that version of it; or an alias."""
    starting_at: datetime
    until: datetime
    usage: Path | None = None
    """Quantities that are aggregated already."""
    events: Sequence[Path] = ()
    """Events that the catalogue's metrics count."""
    customer: str = ""
    """Only this one's bill, where the usage names several."""
    billing_anchor: datetime | None = None
    renew: bool = False
    """When a contract ends, another one on the same package follows, and takes over what rolls over."""


@dataclass(frozen=True, slots=True)
class CountedUsage:
    """What was counted for each customer, by name; what became of the events; and the products that cannot be counted,
    with the reason."""

    customers: Mapping[str, list[priced.Quantity]]
    census: Census
    uncounted: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PreviewAnswer:
    """The bills, and what became of the events, None where none were given."""

    package: str
    bills: list[Preview]
    metered: CountedUsage | None


def preview(asked: PreviewRequest, catalog: Catalog, engine: Engine | None = None) -> PreviewAnswer:
    """The bill of every customer in the usage and the events, in the order of their names; `engine` counts the events.
    Raises Rejected."""
    name, package = find_package(asked.package, catalog, asked.starting_at)
    card = catalog.card_at(package.rate_card, package.rate_card_alias, asked.starting_at)
    if card is None and package.rate_card_alias is not None:
        message = f"no rate card has the alias {quote(package.rate_card_alias)} on {asked.starting_at:%Y-%m-%d}"
        raise reject("unknown-reference", message, hint="a package picks its card as of the contract's start")
    tariff = Tariff(catalog, card)
    chain = [Prices(tariff, materialise(package, asked.starting_at, asked.billing_anchor))]
    while asked.renew and chain[-1].terms.ending_before < asked.until:
        follows = chain[-1].terms.ending_before
        chain.append(Prices(tariff, materialise(package, follows, asked.billing_anchor)))
    used: dict[str, CustomerUsage] = {}
    if asked.usage is not None:
        used = read_usage(asked.usage, str(asked.usage), catalog, package)
        if asked.customer and asked.customer not in used and engine is None:
            hint = did_you_mean(asked.customer, used)
            raise reject("unknown-customer", f"no usage is of customer {quote(asked.customer)}", hint=hint)
    elif asked.customer and engine is None:
        raise reject("unknown-customer", f"no usage is of customer {quote(asked.customer)}")
    metered = None
    if engine is not None:
        changes = [change for one in used.values() for change in one.seats]
        cut = [part for prices in chain for part in parts(prices, changes, asked.until)]
        metered = meter_events(engine, asked.events, catalog, cut, asked.customer)
        for customer, counted in metered.customers.items():
            used.setdefault(customer, CustomerUsage()).quantities.extend(counted)
    if asked.customer:
        used = {asked.customer: used[asked.customer]}
    bills = [
        Preview(name, customer, card, prices.terms, made)
        for customer, one in sorted((used or {"": CustomerUsage()}).items())
        for prices, made in _renewed(chain, one, asked.until)
    ]
    return PreviewAnswer(name, bills, metered)


def _renewed(chain: Sequence[Prices], used: CustomerUsage, until: datetime) -> Iterator[tuple[Prices, Bill]]:
    """The bills of contracts that follow each other; each is billed for the usage of its own time."""
    ledger = NOTHING
    for number, prices in enumerate(chain):
        terms = prices.terms
        usage = used.quantities
        if len(chain) > 1:
            first, last = number == 0, number == len(chain) - 1
            usage = [
                one
                for one in usage
                if (first or one.at >= terms.starting_at) and (last or one.at < terms.ending_before)
            ]
        made = bill(prices, usage, used.seats, until, ledger)
        yield prices, made
        if number + 1 < len(chain):
            ledger = rolled_over(terms, made, chain[number + 1].terms)


def find_package(name: str, catalog: Catalog, at: datetime) -> tuple[str, Package]:
    """A package by name, by name and version, or by alias as of an instant. Raises Rejected."""
    bare, mark, version = name.partition("@")
    if mark and version.isdecimal():
        noun = catalog.nouns.get(Ref(Kind.PACKAGE, bare, int(version)))
        if isinstance(noun, Package):
            return name, noun
    known = catalog.packages
    found = name if name in known else package_at(name, catalog, at)
    if found is None:
        aliases = {alias.name for package in known.values() for alias in package.aliases}
        hint = did_you_mean(name, {*known, *aliases}) or f"packages: {', '.join(sorted(known)[:10]) or 'none'}"
        raise reject("unknown-package", f"there is no package {quote(name)}", hint=hint)
    return found, known[found]


def meter_events(
    engine: Engine, files: Sequence[Path], catalog: Catalog, parts: Sequence[PeriodPart], customer: str = ""
) -> CountedUsage:
    """Count the events of every customer in the files (of one, when it is named) in these parts. Raises Rejected.

    Metrics that add up are counted part by part. Others (MAX, LATEST, UNIQUE) are counted from the start of the
    statement to the end of each part, and a part has what the value grew by.
    """
    meters, uncounted = meters_of(catalog)
    read_events(engine, files, meters)
    known = [cast(str, name) for (name,) in engine.rows(CUSTOMERS)]
    if customer and customer not in known:
        hint = did_you_mean(customer, known)
        raise reject("unknown-customer", f"no event is of customer {quote(customer)}", hint=hint)
    names = [customer] if customer else known
    single = [UsagePeriod(name, part.starting_at, part.ending_before) for name in names for part in parts]
    cut = [at for at, part in enumerate(parts) if part.statement < part.starting_at]
    growing = [UsagePeriod(name, parts[at].statement, parts[at].ending_before) for name in names for at in cut]
    census, counted = measure(engine, meters, single, growing)
    values: dict[tuple[int, int, int, priced.ValuePairs], Decimal] = {}
    for one in counted:
        found = zip(meters[one.meter].keys, one.groups, strict=True)
        groups = priced.sorted_values((key, value) for key, value in found if value is not None)
        adds = meters[one.meter].metric.aggregation_type in ADDING
        if one.period < len(single):
            number, part = divmod(one.period, len(parts))
            whole = adds or part not in cut
        else:
            number, place = divmod(one.period - len(single), len(cut))
            part, whole = cut[place], not adds
        if whole:
            values[number, one.meter, part, groups] = one.quantity
    return CountedUsage(_dated(names, parts, meters, values), census, uncounted)


CUSTOMERS = "SELECT DISTINCT customer_id FROM seen WHERE reason IS NULL ORDER BY customer_id"


def _dated(
    names: Sequence[str],
    parts: Sequence[PeriodPart],
    meters: Sequence[UsageMeter],
    values: Mapping[tuple[int, int, int, priced.ValuePairs], Decimal],
) -> dict[str, list[priced.Quantity]]:
    """The quantities at the start of their parts; of what does not add up, what it grew by since the part before."""
    found: dict[str, list[priced.Quantity]] = {name: [] for name in names}
    reached: dict[tuple[int, int, priced.ValuePairs], tuple[object, Decimal]] = {}
    for (number, meter, place, groups), value in sorted(values.items()):
        part, quantity = parts[place], value
        if meters[meter].metric.aggregation_type not in ADDING:
            statement, before = reached.get((number, meter, groups), (part.statement, ZERO))
            quantity = EXACT.subtract(value, before) if statement == part.statement else value
            reached[number, meter, groups] = (part.statement, value)
        if quantity:
            found[names[number]] += [
                priced.Quantity(product, groups, part.starting_at, quantity) for product in meters[meter].products
            ]
    return found
