"""Rules about what is sold: prices without gaps in time, products that somebody can buy, names that lead somewhere."""

from collections.abc import Iterator
from itertools import pairwise

from pricebook.catalog.instant import bound_text, text_words
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import RateKey, Timeline, gaps, read_schedule, terms_from
from pricebook.policy.fact import CardedPackage, Facts, card_ref
from pricebook.policy.finding import Finding
from pricebook.policy.proposal import Proposal
from pricebook.policy.rule import Edits, Example, Rule
from pricebook.policy.sample import AFTER_RATES, ahead_of, declared

PRICED = ("USAGE", "SUBSCRIPTION", "COMPOSITE")
"""The types of product that need a rate to be billed."""
RETIRED = frozenset(("retired", "deprecated", "legacy", "sunset", "end-of-life"))
"""Tags that say that a product is not to be sold any more."""


def _gap(facts: Facts) -> Iterator[Finding]:
    for found in facts.priced:
        for before, after in pairwise(found.timeline):
            end = before.ending_before
            if end is not None and end < after.starting_at and after.starting_at > facts.now:
                message = f"there is no price from {text_words(end)} until {text_words(after.starting_at)}"
                hint = "leave ending_before out: a price lasts until the next one starts"
                yield found.finding((before.starting_at,), message, hint)


def _ends(facts: Facts) -> Iterator[Finding]:
    for found in facts.priced:
        start, end, _ = found.timeline[-1]
        if end is not None and end > facts.now:
            message = f"the price ends on {text_words(end)}, and none follows"
            hint = "when it shall end, say so: {starting_at: " + text_words(end) + ", entitled: false, price: ...}"
            yield found.finding((start,), message, hint)


def _unpriced(proposal: Proposal) -> Iterator[Finding]:
    """Only a plan knows what holds before the manifests begin."""
    for offer in proposal.facts.offers:
        card, start = offer.card, proposal.facts.start_of(offer.package)
        for index, subscription in enumerate(offer.package.subscriptions):
            rate = subscription.subscription_rate
            timeline = card.timeline(rate.product, rate.billing_frequency) if card is not None else None
            if card is None or timeline is None:
                continue
            hole = next(gaps(timeline, start), None)
            if hole is not None:
                until = f" until {text_words(hole[1])}" if hole[1] is not None else " on"
                message = (
                    f"contracts can start on {text_words(start)}, but the {rate.billing_frequency} price of"
                    f" {rate.product} on card {card.name} is missing from {text_words(hole[0])}{until}"
                )
                path = ("subscriptions", index, "subscription_rate")
                related = (("the rate card", card_ref(card.name), ()),)
                hint = "give the card a price for that time, or the package's alias a later start"
                yield offer.finding(path, message, hint, label=subscription.key or "", related=related)


def _unsold(facts: Facts) -> Iterator[Finding]:
    for name, card in facts.cards.items():
        offers = [offer for offer in facts.offers if offer.card is card]
        for (product, frequency), schedules in sorted(card.schedules.items(), key=lambda item: str(item[0])):
            if any(_entitled(read_schedule(text), facts.now) for text in schedules):
                continue
            if any(_sells(offer, product, frequency, facts) for offer in offers):
                continue
            key = card.first_key((product, frequency), frozenset(schedules))
            message = f"{product}{f' {frequency}' if frequency else ''} is not entitled, and no package entitles it"
            hint = "nobody can buy it: enable it in a package, by an override with entitled: true"
            yield Finding(card_ref(name), (), message, hint, rate=key, more=sum(schedules.values()) - 1)


def _sells(offer: CardedPackage, product: str, frequency: str | None, facts: Facts) -> bool:
    """Whether a package entitles a product that its card does not, if only for some of its group values."""
    said = (s.pricing_group_values for override in offer.package.overrides for s in override.override_specifiers)
    keys = {RateKey(product, frequency, tuple(sorted(values.items()))) for values in ({}, *said)}
    return any(offer.package.sells(key, facts.catalog.tags_of(product), listed=False) for key in keys)


def _entitled(timeline: Timeline, now: str) -> bool:
    """Whether it is entitled now, or will be."""
    terms = terms_from(timeline, now)
    return any(s.terms.entitled for s in timeline if s.terms == terms or s.starting_at > now)


def _on_no_card(facts: Facts) -> Iterator[Finding]:
    priced = frozenset(name for card in facts.cards.values() for name in card.products)
    for name, product in sorted(facts.products.items()):
        if product.type in PRICED and name not in priced and not RETIRED & {tag.lower() for tag in product.tags}:
            message = f"the {product.type} product {name} has no rate on any card"
            yield Finding(Ref(Kind.PRODUCT, name), (), message, "its usage brings nothing: add a rate, or take it out")


def _unused_metric(facts: Facts) -> Iterator[Finding]:
    used = {product.billable_metric for product in facts.products.values()}
    for name in sorted(facts.catalog.metrics.keys() - used):
        message = f"no product prices what metric {name} counts"
        yield Finding(Ref(Kind.BILLABLE_METRIC, name), (), message, "name it in a product's billable_metric")


def _entitled_by_default(facts: Facts) -> Iterator[Finding]:
    for name, card in facts.cards.items():
        products = sorted({product for product, frequency in card.schedules if frequency})
        if len(products) < 2:
            continue
        for (product, frequency), schedules in sorted(card.schedules.items(), key=lambda item: str(item[0])):
            open_ = frozenset(text for text in schedules if frequency and _entitled(read_schedule(text), facts.now))
            if open_:
                key = card.first_key((product, frequency), open_)
                message = (
                    f"{product} {frequency} is entitled for every contract on the card, which has {len(products)}"
                    " subscriptions"
                )
                hint = "entitled: false on the card, and entitled: true in the package that sells it"
                yield Finding(
                    card_ref(name), (), message, hint, rate=key, more=sum(map(schedules.__getitem__, open_)) - 1
                )


def _retired(facts: Facts) -> Iterator[Finding]:
    retired = {
        name: sorted(RETIRED & {tag.lower() for tag in product.tags}) for name, product in facts.products.items()
    }
    for offer in facts.offers:
        for index, subscription in enumerate(offer.package.subscriptions):
            product = subscription.subscription_rate.product
            if retired.get(product):
                message = f"the package sells {product}, which is tagged {retired[product][0]}"
                path = ("subscriptions", index, "subscription_rate", "product")
                related = (("the product", Ref(Kind.PRODUCT, product), ("tags",)),)
                hint = "name its successor, or end the package's aliases"
                yield offer.finding(path, message, hint, label=subscription.key or "", related=related)


def _alias_gap(facts: Facts) -> Iterator[Finding]:
    for offer in facts.offers:
        alias = offer.package.rate_card_alias
        held = facts.catalog.holders.get(alias or "", ())
        if not held:
            continue
        spans = sorted((bound_text(a.starting_at) or "", bound_text(a.ending_before)) for _, a in held)
        at: str | None = facts.start_of(offer.package)
        for start, end in spans:
            if at is None or start > at:
                break
            at = None if end is None else max(at, end)
        if at is not None:
            message = f'contracts from {text_words(at)} on find no rate card: nobody holds the alias "{alias}" then'
            related = tuple(("held by", card_ref(card), ("aliases",)) for card, _ in held[:3])
            hint = "let a card hold the alias from then on, or name the card by rate_card"
            yield offer.finding(("rate_card_alias",), message, hint, related=related)


_SEAT = ahead_of("RateCard", "standard", declared("Product", "seat", "{name: Seat, type: SUBSCRIPTION}"))
_SEATS = (
    _SEAT,
    (
        AFTER_RATES,
        AFTER_RATES + "    - {product: seat, billing_frequency: MONTHLY, entitled: ENTITLED,"
        " starting_at: 2025-01-01, price: $4.00}\n",
    ),
)
_CALLS = declared(
    "BillableMetric",
    "calls",
    "{name: Calls, aggregation_type: COUNT, event_type_filter: {in_values: [call]},"
    " property_filters: [{name: model}, {name: seat}], group_keys: [[model, seat]]}",
)
_LATER = "MONTHLY, entitled: false, starting_at: 2026-03-01"


def _small(more: str) -> Edits:
    schedule = f"{{starting_at: 2025-01-01, {more}price: $0.40}}, {{starting_at: 2026-07-01, price: $0.50}}"
    return (("small}, starting_at: 2025-01-01, price: $0.40}", f"small}}, schedule: [{schedule}]}}"),)


RULES = (
    Rule(
        id="rate-gap",
        severity="error",
        title="A price has a gap in time.",
        why="Usage in the gap has no rate and is not invoiced. It is found when the quarter is closed.",
        way_out="Leave `ending_before` out: a price of a schedule lasts until the next one starts.",
        example=Example(bad=_small("ending_before: 2026-06-01, "), good=_small("")),
        check=_gap,
        source="Where no segment covers an instant there is no rate.",
    ),
    Rule(
        id="rate-ends",
        severity="warning",
        title="A price ends, and none follows.",
        why="From then on usage has no rate. If the product is to end, the vendor's way is `entitled: false` from a"
        " date, so that customers are refused instead of served for nothing.",
        way_out="Add what holds afterwards, or say `entitled: false` from that date on.",
        example=Example(bad=(("price: $0.40", "ending_before: 2026-06-01, price: $0.40"),)),
        check=_ends,
    ),
    Rule(
        id="unpriced-subscription",
        severity="error",
        title="A package sells a subscription whose price does not hold all the time.",
        why="A price that is there when somebody looks may end next month, or begin after the package is sold. The"
        " vendor looks the rate up as of the contract, not as of today.",
        way_out="Give the card a price from the start of the package on, without end. What the store has before the"
        " manifest's first price counts.",
        example=Example(
            bad=(("MONTHLY, entitled: false, starting_at: 2025-01-01", _LATER),),
            observed=(("MONTHLY, entitled: false, starting_at: 2025-01-01", _LATER),),
        ),
        check_plan=_unpriced,
        source='A rate that was compared at "now" only.',
    ),
    Rule(
        id="unsold-rate",
        severity="note",
        title="A rate is not entitled, and no package entitles it.",
        why="It is a list price that nobody can buy: prepared for later, or forgotten in a package.",
        way_out="Enable it in the package that sells it, by an override with `entitled: true`.",
        example=Example(
            bad=(("[{product: fee, billing_frequency: ANNUAL}]", "[{product: fee, billing_frequency: MONTHLY}]"),)
        ),
        check=_unsold,
        source="That a package sells such a subscription is the hazard NEVER_INVOICED.",
    ),
    Rule(
        id="product-on-no-card",
        severity="note",
        title="A product that needs a rate is on no card.",
        why="Its usage is metered and never invoiced.",
        way_out="Add a rate, or take the product out.",
        example=Example(bad=(_SEAT,)),
        check=_on_no_card,
    ),
    Rule(
        id="unused-metric",
        severity="note",
        title="A metric is counted and never priced.",
        why="Either a product is missing, or it still names the metric before: a metric cannot be edited, so a change"
        " of it is a new metric that products have to be moved to.",
        way_out="Name it in a product's `billable_metric`, or take it out.",
        example=Example(
            bad=(("billable_metric: tokens", "billable_metric: calls"), ahead_of("Product", "tokens", _CALLS))
        ),
        check=_unused_metric,
    ),
    Rule(
        id="entitled-by-default",
        severity="warning",
        title="A card has several subscriptions, and one is entitled for everybody.",
        why="Every contract on the card gets it. The vendor advises to switch subscriptions off on the card, and on in"
        " the package that sells them, as soon as a card has more than one.",
        way_out="`entitled: false` on the card, and an override with `entitled: true` in the package.",
        example=Example(
            bad=(*_SEATS, ("entitled: ENTITLED", "entitled: true")),
            good=(*_SEATS, ("entitled: ENTITLED", "entitled: false")),
        ),
        check=_entitled_by_default,
    ),
    Rule(
        id="retired-product",
        severity="warning",
        title="A package sells a product that is tagged as retired.",
        why="New customers get what is to be switched off, and have to be moved again.",
        way_out=f"Name the successor. The tags are {', '.join(sorted(RETIRED))}.",
        example=Example(bad=(("type: SUBSCRIPTION}", "type: SUBSCRIPTION, tags: [retired]}"),)),
        check=_retired,
    ),
    Rule(
        id="card-alias-gap",
        severity="error",
        title="A package names a rate-card alias that nobody holds when contracts start.",
        why="The alias is looked up as of the start of each contract. Where nobody holds it the contract cannot be"
        " made, or it has no prices.",
        way_out="Let the next card hold the alias from the day on which the one before lets it go.",
        example=Example(
            bad=(("aliases: [{name: standard}]", "aliases: [{name: standard, ending_before: 2026-07-01}]"),)
        ),
        check=_alias_gap,
    ),
)
