"""What the pages compute with: all prices and their times, packed, as one script that every page loads.

A page that is opened from a disk may not fetch anything, but it may load a script. Texts, exact amounts and scales are
made here, so a page never calculates an amount; it finds what holds on a date, and compares.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import plain
from pricebook.catalog.reference import Kind
from pricebook.format.escape import escape_json, escape_terminal
from pricebook.format.shell.page import Numbered
from pricebook.format.site.feed import compact
from pricebook.view.price_list import PackageVersion, PriceList, slug
from pricebook.view.rate_terms import PricePeriod

LONG = 20_000
"""No name is cut: the longest that is allowed has half as many characters."""


def shown(text: str) -> str:
    """Data as it is shown on a page: what could lie to a reader is visible. It is still to be escaped as HTML."""
    return escape_terminal(text, LONG)


_PAID = ("commits", "recurring_commits", "scheduled_charges")
_LISTED = (*_PAID, "credits", "recurring_credits", "overrides")
"""Terms that a package's card tells besides its fees."""


def data_script(listed: PriceList, opens_on: datetime | None) -> str:
    """The script. `opens_on` is the date on which pages open; None: on the reader's today."""
    instants = sorted({i for i in _instants(listed) if i is not None})
    number = {instant: index for index, instant in enumerate(instants)} | {None: -1}
    cards, products = list(listed.prices), list(listed.products)
    groups, terms, frequencies = Numbered(), Numbered(), Numbered()
    card_of = {name: index for index, name in enumerate(listed.cards)}
    product_of = {name: index for index, name in enumerate(products)}
    gone: dict[str, int] = {}
    prices = []
    for card in cards:
        for key, stretches in listed.prices[card]:
            product, frequency, values = key
            row: list[object] = [
                card_of[card],
                product_of[product] if product in product_of else gone.setdefault(product, len(products) + len(gone)),
                frequencies(frequency),
                groups(values, _group, values),
            ]
            for stretch in stretches:
                found = _terms(stretch)
                row += [number[stretch.starting_at], number[stretch.ending_before], terms(tuple(found), list, found)]
            prices.append(row)
    data = {
        "opens_on": instant_text(opens_on) if opens_on is not None else None,
        "instants": instants,
        "cards": [[slug(name), shown(card.name)] for name, card in listed.cards.items()],
        "products": [
            *([slug(name), shown(product.name), 1] for name, product in listed.products.items()),
            *([shown(name), shown(name), 0] for name in gone),
        ],
        "frequencies": frequencies.values,
        "groups": groups.values,
        "terms": terms.values,
        "prices": prices,
        "packages": [
            [slug(name), [_version(version, number, product_of) for version in versions]]
            for name, versions in listed.packages.items()
        ],
        "aliases": [
            [
                int(held.ref.kind is Kind.PACKAGE),
                shown(held.alias),
                slug(held.ref.name),
                held.ref.version or 0,
                number[held.starting_at],
                number[held.ending_before],
            ]
            for held in listed.holdings
        ],
    }
    lines = ",\n".join(f"{compact(name)}:{_rows(value)}" for name, value in data.items())
    return f"var PRICEBOOK={{\n{escape_json(lines)}\n}};\n"


def _rows(value: object) -> str:
    """A long list with a row on each line: a new price is a new line of the file."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(map(compact, value)) + "\n]"
    return compact(value)


def _instants(listed: PriceList) -> Iterable[str | None]:
    for histories in listed.prices.values():
        for history in histories:
            for stretch in history.stretches:
                yield stretch.starting_at
                yield stretch.ending_before
    for held in listed.holdings:
        yield held.starting_at
        yield held.ending_before
    for versions in listed.packages.values():
        for version in versions:
            yield version.made


def _group(values: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [[shown(name), shown(value)] for name, value in values]


def _terms(stretch: PricePeriod) -> list[Any]:
    """Text, what it is for, exact amount, its unit, whether it is sold to everybody on the card."""
    terms, amount = stretch.terms, stretch.amount
    unit = "%" if terms.is_fraction else terms.unit
    exact = plain(amount) if isinstance(amount, Decimal) else None
    return [shown(stretch.text), stretch.per, exact, unit, int(terms.entitled)]


def _version(version: PackageVersion, number: dict[str | None, int], product_of: dict[str, int]) -> list[object]:
    """Number, name, when it was made, whether it is archived, its card, whether that is an alias, its fees, whether
    overrides change prices, and what else it offers: name, words, and whether that is paid for."""
    package = version.package
    fees = [
        [product_of.get(fee.subscription_rate.product, -1), fee.subscription_rate.billing_frequency]
        for fee in package.subscriptions
    ]
    return [
        version.number,
        shown(package.name),
        number[version.made],
        int(version.archived),
        shown(package.rate_card or package.rate_card_alias or ""),
        int(package.rate_card is None),
        fees,
        int(any(override.type is not None for override in package.overrides)),
        [
            [shown(line.name), shown(line.after), int(line.section in _PAID)]
            for line in version.offer
            if line.section in _LISTED
        ],
    ]
