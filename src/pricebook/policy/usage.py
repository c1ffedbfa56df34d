"""Rules about what is counted: an event is counted once, and priced once."""

import re
from collections.abc import Iterator
from decimal import Decimal

from pricebook.catalog.money import plain
from pricebook.catalog.reference import Kind, Ref
from pricebook.policy.fact import Facts
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Edits, Example, Rule
from pricebook.policy.sample import AFTER_RATES, ahead_of, declared
from pricebook.problem import quote


def _everything(facts: Facts) -> Iterator[Finding]:
    for name, metric in sorted(facts.catalog.metrics.items()):
        if metric.sql is None and metric.event_type_filter is None and not metric.property_filters:
            message = f"metric {name} counts every event of the account"
            hint = "say which: event_type_filter: {in_values: [...]}; a metric cannot be edited later"
            yield Finding(Ref(Kind.BILLABLE_METRIC, name), ("aggregation_type",), message, hint)


def _unfiltered(facts: Facts) -> Iterator[Finding]:
    for name, metric in sorted(facts.catalog.metrics.items()):
        for path, message, hint in metric.unfiltered:
            yield Finding(Ref(Kind.BILLABLE_METRIC, name), path, message, hint)


def _twice(facts: Facts) -> Iterator[Finding]:
    for card in facts.cards.values():
        sold: dict[str, str] = {}
        for name in sorted(card.products):
            product = facts.products.get(name)
            if product is None or product.type != "USAGE":
                continue
            terms = card.terms_of(name, facts.now)
            if not any(each.entitled and (any(each.prices) or not each.prices) for each in terms):
                continue  # not for everybody on the card, or shown on the invoice and not priced
            first = sold.setdefault(product.billable_metric, name)
            if first != name:
                message = f"{name} and {first} both price metric {product.billable_metric} on card {card.name}"
                related = (("the other", Ref(Kind.PRODUCT, first), ("billable_metric",)),)
                hint = "the same usage is billed twice: let one of them be entitled, or filter the metrics apart"
                yield Finding(Ref(Kind.PRODUCT, name), ("billable_metric",), message, hint, related=related)


def _composite(facts: Facts) -> Iterator[Finding]:
    tags = {tag for product in facts.products.values() for tag in product.tags}
    for name, product in sorted(facts.products.items()):
        lost = [tag for tag in product.composite_tags if tag not in tags]
        for tag in lost:
            message = f"no product has the tag {tag}, of which {name} is a share"
            at = ("composite_tags", product.composite_tags.index(tag))
            yield Finding(Ref(Kind.PRODUCT, name), at, message, "tag the products that it is a share of")


SIZES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
"""What names of conversions say of the size of what is priced, as powers of ten."""
_SIZE = re.compile(rf"\b({'|'.join(SIZES)})s?\b", re.IGNORECASE)


def _upside_down(facts: Facts) -> Iterator[Finding]:
    for name, product in sorted(facts.products.items()):
        conversion = product.quantity_conversion
        said = _SIZE.search(conversion.name or "") if conversion is not None else None
        if conversion is None or said is None:
            continue
        size, factor = Decimal(10) ** SIZES[said[1].lower()], conversion.conversion_factor
        if (factor if conversion.operation == "DIVIDE" else 1 / factor) != size:
            message = (
                f"{conversion.operation} by {plain(factor)} does not make {quote(conversion.name)} of what is counted"
            )
            hint = f"to price by the {said[1].lower()}, write operation: DIVIDE, conversion_factor: {plain(size)}"
            yield Finding(Ref(Kind.PRODUCT, name), ("quantity_conversion", "conversion_factor"), message, hint)


def _product(name: str, spec: str) -> tuple[str, str]:
    return ahead_of("RateCard", "standard", declared("Product", name, spec))


def _metric(says: str) -> Edits:
    return (ahead_of("Product", "tokens", declared("BillableMetric", "all", f"{{name: All, {says}}}")),)


_COPY = _product("requests", "{name: Requests, type: USAGE, billable_metric: tokens}")
_RATE = (AFTER_RATES, AFTER_RATES + "    - {product: requests, starting_at: 2025-01-01, price: $0.01}\n")
_SHARE = "{name: Support, type: COMPOSITE, composite_tags: [%s]}"
_SUPPORT = (AFTER_RATES, AFTER_RATES + "    - {product: support, rate_type: PERCENTAGE,"
            " starting_at: 2025-01-01, price: 0.1}\n")  # fmt: skip

RULES = (
    Rule(
        id="counts-everything",
        severity="error",
        title="A metric has no filter and counts every event.",
        why="Log lines, test events and what another product sends are billed. A metric cannot be edited: the mistake"
        " costs a new metric and a move of its products.",
        way_out="Filter by event type, or by a property that has to exist.",
        example=Example(
            bad=_metric("aggregation_type: COUNT"),
            good=_metric("aggregation_type: COUNT, event_type_filter: {in_values: [completion]}"),
        ),
        check=_everything,
    ),
    Rule(
        id="group-key-filter",
        severity="warning",
        title="A group key names a property that no filter names.",
        why="An account refuses such a metric, so that a plan against one is refused before anything is sent.",
        way_out="Usage without the property would be grouped under nothing: let it have to exist.",
        example=Example(bad=(("group_keys: [[model, seat]]", "group_keys: [[model, seat], [region]]"),)),
        check=_unfiltered,
        source="the vendor's skill metronome-group-keys.",
    ),
    Rule(
        id="billed-twice",
        severity="warning",
        title="Two products that are entitled on one card price the same metric.",
        why="Every event is billed under both. The old product was left on the card when the new one came, as a rule.",
        way_out="End the rates of one by `entitled: false`, or let the metrics count different events.",
        example=Example(
            bad=(_COPY, _RATE), good=(_COPY, _RATE, ("product: requests,", "product: requests, entitled: false,"))
        ),
        check=_twice,
        source="A product that is replaced is another product.",
    ),
    Rule(
        id="composite-of-nothing",
        severity="warning",
        title="A composite product is a share of a tag that no product has.",
        why="The share is of nothing, and the fee is $0.00.",
        way_out="Tags are compared letter for letter.",
        example=Example(
            bad=(_product("support", _SHARE % "Compute"), _SUPPORT),
            good=(_product("support", _SHARE % "compute"), _SUPPORT),
        ),
        check=_composite,
    ),
    Rule(
        id="conversion-upside-down",
        severity="warning",
        title="A conversion does not make what its name says.",
        why="Who multiplies by a million what is priced by the million bills a million million times too much; who"
        " divides by a thousand, a thousand times.",
        way_out="Divide by the number that the name says.",
        example=Example(
            bad=(("millions, operation: DIVIDE", "millions of tokens, operation: MULTIPLY"),),
            good=(("millions,", "millions of tokens,"),),
        ),
        check=_upside_down,
        source="ManageIQ/manageiq#13593 (a division for a multiplication), newrelic/docs-website#22447.",
    ),
)
