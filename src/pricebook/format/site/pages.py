"""The pages of the price list. Every one works on its own, from a disk or below any path, without a network.

What holds whatever the date is written into the pages; what depends on a date, the pages find in the data script.
Jinja2 escapes everything; `shown` has made visible before what could lie to a reader.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from jinja2 import Environment

from pricebook.catalog.instant import instant_words
from pricebook.catalog.metric import BillableMetric
from pricebook.catalog.path import FieldPath, Label, path_text
from pricebook.catalog.product import Product
from pricebook.catalog.reference import Kind, Ref
from pricebook.format.shell.page import asset, script, style, templates
from pricebook.format.site.data import data_script, shown
from pricebook.format.site.feed import feed_files
from pricebook.plan.cohort import Cohort
from pricebook.plan.holding import Holding
from pricebook.view.field import FieldRow, rows_of_new
from pricebook.view.price_list import PackageVersion, PriceList, slug, sold_beside, spoken

_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file:; "
    "base-uri 'none'; form-action 'self' file:"
)
"""`file:` is for pages opened from a disk, where some browsers do not take them for 'self'."""
_LINKED = {"product": "products", "rate_card": "rate-cards"}
"""Fields that name an object with a page of its own, and where its page is."""
_OF_PRODUCT = ("name", "type", "billable_metric", "custom_fields")
"""What of a product stands elsewhere on its page, or is nobody's business."""


class Line(NamedTuple):
    """One fact: a label, its text, and the path of the page it names, empty if none."""

    label: str
    text: str
    link: str = ""


class Change(NamedTuple):
    """What of a term became something else. `sign` is `+` for what came, `-` for what went."""

    label: str
    was: str
    now: str
    change: str
    sign: str


class Counted(NamedTuple):
    """How many contracts each package version has, as of an instant."""

    at: datetime
    cohorts: Mapping[Ref, Cohort]


class Members(NamedTuple):
    """The contracts of a version, as its page says it; a date that there is none of is empty."""

    number: int
    running: int
    coming: int
    since: str
    until: str


def site_files(
    listed: PriceList, opens_on: datetime | None, schema: str, counted_at: Counted | None = None
) -> Iterator[tuple[str, str]]:
    """Every file of the site by path, in order. `opens_on` as for `data_script`; `schema` is that of the feed. How many
    are on which version stands on the pages of packages when that is given; nobody is named.
    """
    pages = _environment()

    # Links are relative, so that the site works from a folder, a bucket and below any address.
    def page(template: str, path: str, **values: Any) -> tuple[str, str]:
        depth = path.count("/")
        text = pages.get_template(template).render(
            listed=listed, path=path, home="../" * depth, title=values.pop("title"), **values
        )
        return path, text

    yield "assets/site.css", style(__package__, "site.css")
    yield "assets/site.js", script(__package__, "site.js")
    yield "assets/icon.svg", asset(__package__, "icon.svg")
    yield "assets/prices.js", data_script(listed, opens_on)
    yield from feed_files(listed)
    yield "feed/schema.json", schema
    counts = {card: len(listed.prices.get(card, ())) for card in listed.cards}
    yield page("index.html", "index.html", title="Price list", counts=counts, total=sum(counts.values()))
    yield page("prices.html", "prices.html", title="Prices")
    yield page("changes.html", "changes.html", title="Changes")
    yield page("packages.html", "packages.html", title="Packages", beside=sold_beside(listed))
    priced = _priced(listed)
    yield page("products.html", "products.html", title="Products", priced=priced)
    yield page("rate-cards.html", "rate-cards.html", title="Rate cards", counts=counts)
    yield page("feed.html", "feed.html", title="Feed")
    if listed.notifications:
        told = [(each, [_line(row) for row in each.terms]) for each in listed.notifications]
        yield page("notifications.html", "notifications.html", title="Notifications", notifications=told)
    for number, (name, product) in enumerate(listed.products.items()):
        facts = list(_product_facts(listed, product))
        path = f"products/{slug(name)}.html"
        yield page(
            "product.html",
            path,
            title=product.name,
            name=name,
            product=product,
            number=number,
            facts=facts,
            priced=priced[name],
        )
    for number, (name, card) in enumerate(listed.cards.items()):
        held = _holdings(listed, Ref(Kind.RATE_CARD, name))
        facts = [
            _line(row) for row in rows_of_new(card, listed.units, ("name", "aliases", "custom_fields", "product_order"))
        ]
        path = f"rate-cards/{slug(name)}.html"
        yield page("card.html", path, title=card.name, name=name, card=card, number=number, held=held, facts=facts)
    for number, (name, versions) in enumerate(listed.packages.items()):
        path = f"packages/{slug(name)}.html"
        shown_versions = [
            (version, _grouped(version.terms), _changes(version.changes), _holdings(listed, version.ref))
            for version in reversed(versions)
        ]
        held = [held for version in versions for held in _holdings(listed, version.ref)]
        yield page(
            "package.html",
            path,
            title=versions[-1].package.name,
            name=name,
            number=number,
            versions=shown_versions,
            held=sorted(held, key=lambda h: (h.alias, h.starting_at or "")),
            counted_at=counted_at.at if counted_at is not None else None,
            members=_members(versions, counted_at),
        )


def _environment() -> Environment:
    pages = templates(__package__)
    pages.filters |= {"shown": shown, "slug": slug, "spoken": lambda name: spoken([name])}
    pages.filters["day"] = lambda instant: instant_words(datetime.fromisoformat(instant))
    pages.globals["policy"] = _POLICY
    return pages


def _members(versions: Sequence[PackageVersion], counted_at: Counted | None) -> list[Members]:
    """The versions that have contracts, newest first."""
    found = []
    for version in reversed(versions):
        cohort = counted_at.cohorts.get(version.ref) if counted_at is not None else None
        if cohort is not None and cohort.contracts:
            since, until = (instant_words(i) if i else "" for i in (cohort.first_start, cohort.last_end))
            until = "without end" if cohort.endless else until
            found.append(Members(version.number, cohort.running, cohort.coming, since, until))
    return found


def _priced(listed: PriceList) -> Mapping[str, int]:
    counts = dict.fromkeys(listed.products, 0)
    for found in listed.prices.values():
        for history in found:
            if history.key.product in counts:
                counts[history.key.product] += 1
    return counts


def _holdings(listed: PriceList, ref: Ref) -> list[Holding]:
    return [held for held in listed.holdings if held.ref == ref]


def _product_facts(listed: PriceList, product: Product) -> Iterator[Line]:
    yield from (_line(row) for row in rows_of_new(product, listed.units, _OF_PRODUCT))
    metric = listed.catalog.metrics.get(product.billable_metric or "")
    if isinstance(metric, BillableMetric):
        yield Line("Metered as", shown(metric.name))
        for row in rows_of_new(metric, listed.units, ("name", "custom_fields", "group_keys")):
            line = _line(row)
            yield line._replace(label=f"Metered · {line.label[:1].lower()}{line.label[1:]}")


def _line(row: FieldRow) -> Line:
    leaf = str(row.at[-1])
    folder = _LINKED.get(leaf)
    text = shown(row.desired)
    return Line(shown(spoken(_steps(row.at))), text, f"{folder}/{slug(row.desired)}.html" if folder else "")


def _steps(path: FieldPath) -> list[str]:
    """The steps of a path as text: `override_specifiers[fee].product` has three."""
    return [step.text if isinstance(step, Label) else step for step in path]


def _parts(row: FieldRow) -> tuple[str, str, FieldPath]:
    """The term that a field belongs to, its list and its name, and the field in it; of a field of the package itself
    the first two are empty."""
    for index, step in enumerate(row.at):
        if isinstance(step, Label):
            return path_text(row.at[:index]), step.text, row.at[index + 1 :]
    return "", "", row.at


def _head(row: FieldRow) -> tuple[str, str]:
    return _parts(row)[:2]


def _grouped(rows: Sequence[FieldRow]) -> list[tuple[str, str, list[Line]]]:
    """Terms with their lines, the package's own fields first."""
    ordered = sorted(enumerate(rows), key=lambda item: (_head(item[1]) != ("", ""), item[0]))
    groups = []
    for (field, name), found in groupby((row for _, row in ordered), key=_head):
        lines = []
        for row in found:
            line = _line(row)
            if field:
                label = _steps(_parts(row)[2])
                line = line._replace(label=shown(spoken(label)))
            lines.append(line)
        groups.append((spoken([field]) if field else "", shown(name), lines))
    return groups


def _changes(rows: Sequence[FieldRow]) -> list[Change]:
    return [Change(_spelled(row), shown(row.observed), shown(row.desired), row.change, row.sign) for row in rows]


def _spelled(row: FieldRow) -> str:
    """A path for people: `recurring_credits[fee].unit_price` is `Recurring credits · fee · unit price`."""
    field, name, below = _parts(row)
    if not field:
        return shown(spoken(_steps(row.at)))
    rest = (shown(step.replace("_", " ")) for step in _steps(below))
    return " · ".join([spoken([field]), shown(name), *rest])
