"""A small account to put into a store: nouns by kind and name, and the changes that make them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from observed import contracts_of, marks_of
from pricebook.apply.ports import Store
from pricebook.catalog.fingerprint import content_digest, noun_of
from pricebook.catalog.model import Alias
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import read_terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.observe.normalise import normalise
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.change import RateChange
from pricebook.plan.verb.table import AddRates, Create, Repoint, Revise, Supersede
from pricebook.plan.verb.verb import Verb

AT = datetime(2025, 10, 1, 12, 30, 15, tzinfo=UTC)
JAN, FEB, MAR = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))

METRIC, TOKENS, SEATS, CREDIT, CARD, STARTER = (
    Ref(Kind.BILLABLE_METRIC, "calls"),
    Ref(Kind.PRODUCT, "tokens"),
    Ref(Kind.PRODUCT, "seats"),
    Ref(Kind.PRODUCT, "sign-up-credit"),
    Ref(Kind.RATE_CARD, "list"),
    Ref(Kind.PACKAGE, "starter", 1),
)

SPECS: dict[Ref, dict[str, Any]] = {
    METRIC: {
        "name": "Calls",
        "aggregation_type": "COUNT",
        "property_filters": ({"name": "model"},),
        "group_keys": (("model",),),
    },
    TOKENS: {"name": "Tokens", "type": "USAGE", "billable_metric": "calls", "pricing_group_key": ("model",)},
    SEATS: {"name": "Seats", "type": "SUBSCRIPTION"},
    CREDIT: {"name": "Sign-up credit", "type": "FIXED"},
    CARD: {"name": "List prices"},
    STARTER: {
        "name": "Starter",
        "aliases": ({"name": "starter"},),
        "rate_card": "list",
        "duration": {"value": 12, "unit": "MONTHS"},
        "subscriptions": (
            {
                "subscription_rate": {"product": "seats", "billing_frequency": "MONTHLY"},
                "collection_schedule": "ADVANCE",
                "proration": {"is_prorated": True},
                "initial_quantity": 1,
            },
        ),
        "recurring_credits": (
            {
                "product": "sign-up-credit",
                "access_amount": {"unit_price": 1000, "quantity": 1},
                "priority": 1,
                "commit_duration": {"value": 1, "unit": "PERIODS"},
                "starting_at_offset": {"value": 0, "unit": "MONTHS"},
                "duration": {"value": 3, "unit": "MONTHS"},
                "recurrence_frequency": "MONTHLY",
                "applicable_products": ("tokens",),
            },
        ),
    },
}


def create(ref: Ref, **fields: Any) -> Create:
    """The creation of a noun of the account, some fields of it replaced; a new name takes the kind's first spec."""
    spec = SPECS.get(ref) or next((spec for known, spec in SPECS.items() if known.kind is ref.kind), {})
    noun = noun_of(ref.kind, {name: value for name, value in (spec | fields).items() if value is not None})
    return Create(ref, noun, content_digest(noun))


def revise(ref: Ref, **fields: Any) -> Revise:
    """The same noun with other fields."""
    made = create(ref, **fields)
    return Revise(ref, made.noun, made.digest, ())


def supersede(ref: Ref, **fields: Any) -> Supersede:
    """A new version of a package."""
    made = create(ref, **fields)
    previous = Ref(ref.kind, ref.name, (ref.version or 0) - 1)
    return Supersede(ref, made.noun, made.digest, previous, ())


def key(product: str = "tokens", frequency: str | None = None, **values: str) -> str:
    """The text of a rate's key."""
    return key_text(RateKey(product, frequency, tuple(sorted(values.items()))))


def flat(price: str, start: str = "2025-01-01T00:00:00Z", end: str | None = None) -> str:
    """A schedule of one FLAT price."""
    return schedule_text([Segment(start, end, read_terms(f'{{"entitled":true,"price":{price},"rate_type":"FLAT"}}'))])


def add(*rates: tuple[str, str | None, str], card: str = "list") -> AddRates:
    """Segments to add: (key, observed schedule, segments)."""
    return AddRates(Ref(Kind.RATE_CARD, card), tuple(RateChange(*rate) for rate in rates))


def repoint(
    aliases: Iterable[Alias],
    card: str = "list",
    order: tuple[str, ...] = (),
    *,
    observed: Iterable[Alias] | None = None,
    observed_order: tuple[str, ...] | None = None,
    held_by: tuple[str, ...] = (),
) -> Repoint:
    """Aliases and product order for a card; what it is seen to have is what the account gave it, unless it is said."""
    filled = card == CARD.name
    had = observed if observed is not None else FIRST if filled else ()
    ordered = observed_order if observed_order is not None else ORDER if filled else ()
    return Repoint(Ref(Kind.RATE_CARD, card), tuple(aliases), tuple(had), order, "", ordered, held_by)


FIRST, ORDER = (Alias(name="List"),), ("tokens", "seats")
SEAT_RATE = key("seats", "MONTHLY")
ACCOUNT: tuple[Verb, ...] = (
    create(METRIC),
    create(TOKENS),
    create(SEATS),
    create(CREDIT),
    create(CARD),
    add((key(model="large"), None, flat("0.5")), (SEAT_RATE, None, flat("1000"))),
    repoint(FIRST, order=ORDER, observed=(), observed_order=()),
    create(STARTER),
)
"""What makes the account, in an order that works."""


def fill(store: Store) -> dict[Ref, str]:
    """Put the account into the store; the ids by ref."""
    return {change.ref: store.perform("acme", change, AT) for change in ACCOUNT}


def comparable(snapshot: Snapshot) -> dict[str, Any]:
    """Everything of a snapshot but the store's own ids, as values that can be compared whole; the currencies that every
    account has are left out."""
    objects = {ref: each for ref, each in snapshot.objects.items() if not getattr(each.noun, "currency", None)}
    snapshot = replace(snapshot, objects=objects)
    return {
        "at": snapshot.observed_at,
        "nouns": dict(snapshot.catalog.nouns),
        "rates": {name: dict(rates.items()) for name, rates in snapshot.catalog.rates.items()},
        "refs": set(snapshot.ids),
        "marks": marks_of(snapshot, "content"),
        "rate_marks": marks_of(snapshot, "rates"),
        "alias_marks": marks_of(snapshot, "aliases"),
        "archived": snapshot.archived,
        "contracts": contracts_of(snapshot),
        "unmanaged": snapshot.unmanaged,
        "unmarked": snapshot.unmarked,
        "made": {ref: each.made for ref, each in snapshot.objects.items() if each.made is not None},
        "digest": snapshot.digest,
    }


def seen(store: Store, meant: Snapshot) -> dict[str, Any]:
    """What a store shows, beside what it was told: a store that shows less is read as what was meant lets it."""
    return comparable(normalise(store.snapshot("acme", AT), meant.catalog.nouns))
