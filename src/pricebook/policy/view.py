"""What company rules see: for each subject a flat set of typed names. This table is the documentation of it.

Numbers are binary doubles here and nowhere else: each the nearest to the exact decimal, so that comparisons agree with
the decimals for up to 15 digits. What `times`, `plus`, `minus` and `share` reckon with them is reckoned in decimals.
Nothing of it goes back into a price.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from pricebook.catalog.money import to_major_unit
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import head_text, read_key, read_schedule
from pricebook.plan.verb.table import Archive, Create
from pricebook.policy.fact import CardFacts, Facts, Priced, card_ref, package_ref
from pricebook.policy.proposal import Proposal

TEXT, NUMBER, COUNT, TRUTH, TEXTS, BY_TEXT, LISTED = "text", "number", "count", "truth", "texts", "map", "list"

FIELDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "rate": {
        "rate.card": (TEXT, "the card's name"),
        "rate.product": (TEXT, "the product's name"),
        "rate.frequency": (TEXT, "the billing frequency, or empty"),
        "rate.groups": (BY_TEXT, "pricing group values by key"),
        "rate.tags": (TEXTS, "the product's tags"),
        "rate.type": (TEXT, "FLAT, SUBSCRIPTION, TIERED, PERCENTAGE …"),
        "rate.price": (
            NUMBER,
            "in the currency's major unit (dollars); of tiers the lowest; of a percentage the fraction",
        ),
        "rate.highest": (NUMBER, "the same, of tiers the highest"),
        "rate.unit": (TEXT, "the pricing unit"),
        "rate.currency": (TEXT, "the unit's currency, or empty"),
        "rate.entitled": (TRUTH, "whether contracts get it without an override"),
        "rate.starts": (TEXT, "from when the price holds: 2026-01-01T00:00:00Z"),
    },
    "product": {
        "product.name": (TEXT, "our name"),
        "product.title": (TEXT, "the name on invoices"),
        "product.type": (TEXT, "USAGE, SUBSCRIPTION …"),
        "product.tags": (TEXTS, "its tags"),
        "product.metric": (TEXT, "its metric, or empty"),
        "product.cards": (TEXTS, "the cards that it has a rate on"),
    },
    "card": {
        "card.name": (TEXT, "our name"),
        "card.title": (TEXT, "its name"),
        "card.currency": (TEXT, "the currency of its fiat unit"),
        "card.aliases": (TEXTS, "its aliases"),
        "card.products": (TEXTS, "the products with a rate on it"),
        "card.prices": (COUNT, "how many prices it has"),
    },
    "package": {
        "pkg.name": (TEXT, "our name (CEL keeps the word package for itself)"),
        "pkg.title": (TEXT, "its name"),
        "pkg.card": (TEXT, "its rate card, or empty"),
        "pkg.aliases": (TEXTS, "its aliases"),
        "pkg.days": (COUNT, "how long contracts last, in days; 0 without end"),
        "pkg.terms_days": (COUNT, "days until an invoice is due; -1 when not given"),
        "pkg.subscriptions": (LISTED, "each with product, frequency and quantity"),
        "pkg.credits": (LISTED, "each with product, amount (of one grant), unit and recurs"),
        "pkg.commits": (LISTED, "the same"),
        "pkg.overrides": (LISTED, "each with key, type, multiplier and entitled"),
    },
    "price-change": {
        "change.card": (TEXT, "the card or package"),
        "change.product": (TEXT, "the product, or the field of a package"),
        "change.groups": (BY_TEXT, "pricing group values by key"),
        "change.tags": (TEXTS, "the product's tags"),
        "change.before": (NUMBER, "in the major unit"),
        "change.after": (NUMBER, "in the major unit"),
        "change.share": (NUMBER, "0.2 is up by 20 %"),
        "change.starts": (TEXT, "from when: 2026-01-01T00:00:00Z"),
        "change.contracts": (COUNT, "live contracts that it reaches; -1 when not known"),
    },
    "plan": {
        "plan.environment": (TEXT, "where it is for"),
        "plan.steps": (COUNT, "how many steps it has"),
        "plan.creates": (COUNT, "how many objects are new"),
        "plan.archives": (COUNT, "how many objects are archived"),
        "plan.changes": (COUNT, "how many existing prices change"),
        "plan.hazards": (TEXTS, "the hazards that it bears"),
    },
}
"""Subject -> name -> its type and meaning."""

SELECTED = "selection"
"""The subject of `reprice --where`."""

NOW = {"now": (TEXT, "the instant of the plan: 2026-01-01T00:00:00Z")}
"""What every subject has besides."""
EMPTY: Mapping[str, Any] = {TEXT: "", NUMBER: 0.0, COUNT: 0, TRUTH: False, TEXTS: [], BY_TEXT: {}, LISTED: []}


class Seen(NamedTuple):
    """One subject: what it is about, the rate if it is one, how many more say the same, and its names."""

    ref: Ref | None
    rate: str | Priced | None
    more: int
    names: Mapping[str, Any]


def fields_of(each: str) -> dict[str, tuple[str, str]]:
    """The names that a rule about a subject can use."""
    return {**(SELECTION if each == SELECTED else FIELDS[each]), **NOW}


def subjects(each: str, facts: Facts, proposal: Proposal | None, text: str) -> Iterator[Seen]:
    """Every subject of a kind; `text` is the rule's, so that rates are told apart no further than it asks."""
    if each == "rate":
        for card in facts.cards.values():
            yield from _rates(card, facts, apart="rate.groups" in text)
    elif each == "product":
        yield from _products(facts)
    elif each == "card":
        yield from _cards(facts)
    elif each == "package":
        yield from _packages(facts)
    elif proposal is not None:
        yield from _changes(proposal) if each == "price-change" else _plan(proposal)


def _rates(card: CardFacts, facts: Facts, *, apart: bool) -> Iterator[Seen]:
    """Each price that holds now or will. Rates of one product with one schedule are one subject, unless their group
    values are asked for."""
    for (product, frequency), schedules in card.schedules.items():
        declared = facts.products.get(product)
        base = {
            "rate.card": card.name,
            "rate.product": product,
            "rate.frequency": frequency or "",
            "rate.tags": list(declared.tags) if declared is not None else [],
        }
        priced = {text: list(_prices(text, facts)) for text in schedules}
        if apart:
            start = head_text(product, frequency)
            for key, text in card.rates.items():
                if key.startswith(start):
                    groups = dict(read_key(key).pricing_group_values)
                    for names in priced[text]:
                        yield Seen(card_ref(card.name), key, 0, {**base, **names, "rate.groups": groups})
            continue
        for text, count in schedules.items():
            for names in priced[text]:
                same = Priced(card, (product, frequency), text, count, read_schedule(text))
                yield Seen(card_ref(card.name), same, count - 1, {**base, **names, "rate.groups": {}})


def _prices(schedule: str, facts: Facts) -> Iterator[dict[str, Any]]:
    for segment in read_schedule(schedule):
        if segment.ending_before is not None and segment.ending_before <= facts.now:
            continue
        terms = segment.terms
        unit = "" if terms.is_fraction else terms.unit
        prices = [_major(price, unit, facts) for price in terms.prices] or [0.0]
        yield {
            "rate.type": terms.rate_type,
            "rate.price": min(prices),
            "rate.highest": max(prices),
            "rate.unit": unit,
            "rate.currency": _currency(unit, facts),
            "rate.entitled": terms.entitled,
            "rate.starts": segment.starting_at,
        }


def _major(amount: Decimal, unit: str, facts: Facts) -> float:
    """An amount in the unit's major unit (dollars); as it is where no scale is known."""
    scale = facts.scales.get(unit)
    return float(to_major_unit(amount, scale.scale if scale is not None else 0))


def _currency(unit: str, facts: Facts) -> str:
    scale = facts.scales.get(unit)
    return scale.currency or "" if scale is not None else ""


def _products(facts: Facts) -> Iterator[Seen]:
    for name, product in sorted(facts.products.items()):
        cards = sorted(card.name for card in facts.cards.values() if name in card.products)
        names = {
            "product.name": name,
            "product.title": product.name,
            "product.type": product.type,
            "product.tags": list(product.tags),
            "product.metric": product.billable_metric or "",
            "product.cards": cards,
        }
        yield Seen(Ref(Kind.PRODUCT, name), None, 0, names)


def _cards(facts: Facts) -> Iterator[Seen]:
    for name, card in sorted(facts.catalog.cards.items()):
        rates = facts.cards.get(name)
        names = {
            "card.name": name,
            "card.title": card.name,
            "card.currency": _currency(card.fiat_credit_type, facts),
            "card.aliases": [alias.name for alias in card.aliases],
            "card.products": sorted(rates.products) if rates is not None else [],
            "card.prices": len(rates.rates) if rates is not None else 0,
        }
        yield Seen(card_ref(name), None, 0, names)


def _packages(facts: Facts) -> Iterator[Seen]:
    for name, package, card in sorted(facts.offers, key=lambda offer: offer.name):
        terms = package.net_payment_terms_days
        names = {
            "pkg.name": name,
            "pkg.title": package.name,
            "pkg.card": card.name if card is not None else "",
            "pkg.aliases": [alias.name for alias in package.aliases],
            "pkg.days": package.duration.days if package.duration is not None else 0,
            "pkg.terms_days": terms if terms is not None else -1,
            "pkg.subscriptions": [
                {
                    "product": s.subscription_rate.product,
                    "frequency": s.subscription_rate.billing_frequency,
                    "quantity": float(s.initial_quantity or 0),
                }
                for s in package.subscriptions
            ],
            "pkg.credits": list(_grants(package, ("credits", "recurring_credits"), facts)),
            "pkg.commits": list(_grants(package, ("commits", "recurring_commits"), facts)),
            "pkg.overrides": [
                {
                    "key": o.key or "",
                    "type": o.type or "",
                    "multiplier": float(o.multiplier) if o.multiplier is not None else 1.0,
                    "entitled": o.entitled is True,
                }
                for o in package.overrides
            ],
        }
        yield Seen(package_ref(name), None, 0, names)


def _grants(package: Any, lists: tuple[str, str], facts: Facts) -> Iterator[dict[str, Any]]:
    for term in getattr(package, lists[0]):
        access = term.access_schedule
        for item in access.schedule_items:
            amount = _major(item.amount, access.credit_type, facts)
            yield {"product": term.product, "amount": amount, "unit": access.credit_type, "recurs": ""}
    for term in getattr(package, lists[1]):
        access, recurs = term.access_amount, term.recurrence_frequency or "MONTHLY"
        amount = access.unit_price * (access.quantity if access.quantity is not None else 1)
        amount = _major(amount, access.credit_type, facts)
        yield {"product": term.product, "amount": amount, "unit": access.credit_type, "recurs": recurs}


def _changes(proposal: Proposal) -> Iterator[Seen]:
    for move in proposal.moves:
        key = read_key(move.rate) if move.rate is not None else None
        unit = move.unit or ""
        product = proposal.facts.products.get(key.product) if key is not None else None
        names = {
            "change.card": move.ref.name,
            "change.product": key.product if key is not None else move.label,
            "change.groups": dict(key.pricing_group_values) if key is not None else {},
            "change.tags": list(product.tags) if product is not None else [],
            "change.before": _major(move.before, unit, proposal.facts),
            "change.after": _major(move.after, unit, proposal.facts),
            "change.share": float(move.share) if move.share is not None else float("inf"),
            "change.starts": move.since,
            "change.contracts": move.reach if move.reach is not None else -1,
        }
        yield Seen(move.ref, move.rate, 0, names)


def _plan(proposal: Proposal) -> Iterator[Seen]:
    plan = proposal.plan
    names = {
        "plan.environment": plan.environment,
        "plan.steps": len(plan.steps),
        "plan.creates": sum(isinstance(step.change, Create) for step in plan.steps),
        "plan.archives": sum(isinstance(step.change, Archive) for step in plan.steps),
        "plan.changes": len(proposal.moves),
        "plan.hazards": sorted(hazard.value for hazard in plan.hazards),
    }
    yield Seen(None, None, 0, names)


SELECTION = {
    "card": (TEXT, "the card's name"),
    "product": (TEXT, "the product's name"),
    "frequency": (TEXT, "the billing frequency, or empty"),
    "groups": (BY_TEXT, "pricing group values by key"),
    "tag": (TEXT, "one of the product's tags: chosen when it is true of any"),
    "tags": (TEXTS, "all of them"),
    "rate_type": (TEXT, "FLAT, SUBSCRIPTION, TIERED"),
    "price": (NUMBER, "in the major unit; of tiers the lowest"),
    "unit": (TEXT, "the pricing unit"),
    "entitled": (TRUTH, "whether contracts get it without an override"),
}
"""What `reprice --where` chooses by."""


def selected(card: str, key: str, terms: Terms, facts: Facts) -> Iterator[dict[str, Any]]:
    """The names of a rate for `reprice --where`, once for each tag of its product."""
    rate = read_key(key)
    product = facts.products.get(rate.product)
    tags = list(product.tags) if product is not None else []
    prices = [_major(price, terms.unit, facts) for price in terms.prices]
    for tag in tags or [""]:
        yield {
            "card": card,
            "product": rate.product,
            "frequency": rate.billing_frequency or "",
            "groups": dict(rate.pricing_group_values),
            "tag": tag,
            "tags": tags,
            "rate_type": terms.rate_type,
            "price": min(prices, default=0.0),
            "unit": terms.unit,
            "entitled": terms.entitled,
        }
