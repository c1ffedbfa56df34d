"""Random catalogues that hold: nouns of every kind that refer to each other, and rates over time. For the laws.

Whatever `catalogs()` draws passes `check_catalog`; nothing is filtered away, so drawing is quick.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from pricebook.catalog.amount import USD
from pricebook.catalog.canonical import encode
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.check import check_catalog
from pricebook.catalog.fingerprint import noun_of, spec_of, tupled
from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import CURRENCIES
from pricebook.catalog.rate import RateTerms
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import read_terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, normal, schedule_text

Spec = dict[str, Any]
Draw = st.DrawFn

HOSTILE = (
    "no", "Yes", "null", "~", "1e3", "0x1F", "1_000", "12:30", ".inf", "007", "- a", "a: b", "a #b", "#", "{a}", "[",
    "*a", "&a", "!a", "|", ">", "%a", "@a", "`a", "'", '"', "\\", "<<", "=", "? a", "a\nb", "a\n\nb\n", " a", "a ",
    "a\t", "\t", "\n", "a\r\nb", "é", "🚀", "\u2028", "\u202e", "\x85", "\xa0", "\x7f", "\ufeff", "\ufffe",
    "2025-01-01", "$10.00", "---", "...", "--- a", "<script>", "{version}", "a,b", "a:b", "a:", ":a", "http://a/?b=c#d",
)  # fmt: skip
"""Texts that a careless writer, or reader, takes for something else."""

TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)
NAMES = st.sampled_from(["a", "b", "null", "no", "1e3", "0x1f", "007", "2025-01-01", "a.b_c-d", "z" * 50]) | (
    st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,8}", fullmatch=True)
)
AMOUNTS = st.builds(lambda n, places: Decimal(n).scaleb(-places), st.integers(0, 10**9), st.integers(0, 12))
POSITIVE = AMOUNTS.map(lambda amount: amount + Decimal("0.001"))
FRACTIONS = st.integers(0, 1000).map(lambda n: Decimal(n) / 1000)
NUMBERS = AMOUNTS | st.integers(-100, 100)
DAYS = st.integers(0, 1000).map(lambda day: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day))
INSTANTS = DAYS | st.integers(0, 24_000).map(lambda hour: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hour))
CUSTOM_FIELDS = st.dictionaries(TEXTS, TEXTS, max_size=2)
OFFSETS = st.fixed_dictionaries(
    {"value": st.integers(0, 24), "unit": st.sampled_from(["DAYS", "WEEKS", "MONTHS", "YEARS"])}
)
DURATIONS = st.fixed_dictionaries(
    {"value": st.integers(1, 24), "unit": st.sampled_from(["DAYS", "WEEKS", "MONTHS", "YEARS"])}
)
FREQUENCIES = st.sampled_from(["WEEKLY", "MONTHLY", "QUARTERLY", "ANNUAL"])
ROUNDINGS = st.fixed_dictionaries(
    {"decimal_places": st.integers(-2, 4), "rounding_method": st.sampled_from(["HALF_UP", "FLOOR", "CEILING"])}
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | AMOUNTS | TEXTS,
    lambda inner: st.lists(inner, max_size=2).map(tuple) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=3,
)
"""What a custom rate may hold."""


def some(required: Mapping[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Spec]:
    """A mapping with all of the required fields and some of the optional ones."""
    return st.fixed_dictionaries(dict(required), optional=optional)


def many(values: Iterable[Any], most: int = 3, least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    """Some of the values, each once, in any order."""
    found = list(values)
    if not found:
        return st.just(())
    return st.lists(st.sampled_from(found), unique=True, min_size=least, max_size=min(most, len(found))).map(tuple)


class _World:
    """The catalogue while it grows: what later nouns can refer to."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.nouns: dict[Ref, Any] = {}
        self.specs: dict[Ref, Spec] = {}
        self.books: dict[str, dict[str, str]] = {}
        self.priced: dict[str, set[tuple[str, str | None]]] = {}

    def add(self, kind: Kind, name: str, spec: Spec) -> None:
        ref = Ref(kind, name)
        self.specs[ref] = spec
        self.nouns[ref] = noun_of(kind, spec)

    def names(self, kind: Kind, least: int, most: int) -> list[str]:
        """New names for nouns of a kind."""
        return sorted(self.draw(st.sets(NAMES, min_size=least, max_size=most)))

    def of(self, kind: Kind, **fields: Any) -> list[str]:
        """The nouns of a kind whose spec has these fields."""
        found = ((ref.name, spec) for ref, spec in self.specs.items() if ref.kind is kind)
        return [name for name, spec in found if all(spec.get(key) == value for key, value in fields.items())]


@st.composite
def catalogs(draw: Draw, packages: int = 2) -> Catalog:
    """A desired catalogue that holds, with at most so many packages."""
    world = _World(draw)
    units = world.names(Kind.PRICING_UNIT, 0, 3)
    called = draw(st.lists(TEXTS, min_size=len(units), max_size=len(units), unique=True))
    for name, text in zip(units, called, strict=True):
        world.add(Kind.PRICING_UNIT, name, draw(_unit()) | {"name": text})
    for name in world.names(Kind.BILLABLE_METRIC, 1, 2):
        world.add(Kind.BILLABLE_METRIC, name, draw(_metric()))
    _add_products(world)
    for name in world.names(Kind.RATE_CARD, 1, 2):
        _add_card(world, name)
    for name in world.names(Kind.PACKAGE, 0, packages):
        world.add(Kind.PACKAGE, name, draw(_package(world, name)))
    books = {name: RateBook(entries) for name, entries in world.books.items()}
    catalog = Catalog(world.nouns, books)
    assert list(check_catalog(catalog)) == []
    return catalog


def _unit() -> st.SearchStrategy[Spec]:
    custom: st.SearchStrategy[Spec] = st.just({})
    fiat = {"currency": st.sampled_from(sorted(CURRENCIES))}
    return custom | st.fixed_dictionaries(fiat)


GROUPS = (("model", "region", "seat"), ("customer", "seat"))
"""The group keys of every metric that is no SQL."""


@st.composite
def _metric(draw: Draw) -> Spec:
    spec = draw(some({"name": TEXTS}, custom_fields=CUSTOM_FIELDS))
    if draw(st.integers(0, 4)) == 0:
        return spec | {"sql": draw(TEXTS | st.just("SELECT 1 AS value\n  FROM events\n"))}
    kind = draw(st.sampled_from(["COUNT", "SUM", "MAX", "LATEST", "UNIQUE"]))
    names = draw(st.lists(TEXTS, min_size=1, max_size=2, unique=True))
    rules = st.lists(TEXTS, min_size=1, max_size=2, unique=True).map(tuple)
    filters = [draw(some({"name": st.just(n)}, exists=st.booleans(), in_values=rules)) for n in names]
    filters += [{"name": name} for name in sorted({name for group in GROUPS for name in group} - {*names})]
    spec |= {"aggregation_type": kind, "property_filters": tuple(filters), "group_keys": GROUPS}
    if kind != "COUNT":
        spec["aggregation_key"] = draw(st.sampled_from(names))
    return spec | draw(some({}, event_type_filter=some({}, in_values=rules, not_in_values=rules)))


def _add_products(world: _World) -> None:
    draw, kind = world.draw, Kind.PRODUCT
    tags = many(["llm", "disk", "no", "1e3"])
    common = {"name": TEXTS}
    names = draw(st.lists(NAMES, min_size=4, max_size=7, unique=True))
    fixed, subscription, *others = names
    world.add(kind, fixed, draw(some(common | {"type": st.just("FIXED")}, tags=tags, custom_fields=CUSTOM_FIELDS)))
    world.add(kind, subscription, draw(some(common | {"type": st.just("SUBSCRIPTION")}, is_refundable=st.booleans())))
    usage = common | {"type": st.just("USAGE"), "billable_metric": st.sampled_from(world.of(Kind.BILLABLE_METRIC))}
    conversion = some({"conversion_factor": POSITIVE, "operation": st.sampled_from(["MULTIPLY", "DIVIDE"])}, name=TEXTS)
    rounding = {"rounding_method": st.sampled_from(["ROUND_UP", "ROUND_DOWN"]), "decimal_places": st.integers(0, 4)}
    for name in others:
        form = draw(st.integers(0, 3))
        if form == 0:
            members = many(world.of(kind), 2, 1)
            include = {"include_composite_spend": st.just(True), "composite_products": members}
            composite = common | {"type": st.just("COMPOSITE")} | include
            world.add(kind, name, draw(some(composite, composite_tags=tags, exclude_free_usage=st.booleans())))
        elif form == 1:
            world.add(kind, name, draw(some(common | {"type": st.just("PROFESSIONAL_SERVICE")}, tags=tags)))
        else:
            keys = {"pricing_group_key": many(GROUPS[0][:2]), "presentation_group_key": st.just(("seat",))}
            more = {"quantity_conversion": conversion, "quantity_rounding": st.fixed_dictionaries(rounding)}
            world.add(kind, name, draw(some(usage, tags=tags, **keys, **more)))


# --- cards and their rates


def _add_card(world: _World, name: str) -> None:
    draw = world.draw
    fiats = [USD, *(u for u in world.of(Kind.PRICING_UNIT) if world.specs[Ref(Kind.PRICING_UNIT, u)].get("currency"))]
    fiat = draw(st.sampled_from(fiats))
    custom = [unit for unit in world.of(Kind.PRICING_UNIT) if unit not in fiats]
    units = draw(many(custom))
    conversions = tuple({"custom_credit_type": unit, "fiat_per_custom_credit": draw(POSITIVE)} for unit in units)
    world.books[name] = _book(world, fiat, (fiat, *units))
    world.priced[name] = set(RateBook(world.books[name]).priced)
    required = {
        "name": TEXTS,
        "fiat_credit_type": st.just(fiat),
        "credit_type_conversions": st.just(conversions),
        "product_order": many(sorted({product for product, _ in world.priced[name]})),
        "aliases": _aliases(f"card {name}"),
    }
    world.add(Kind.RATE_CARD, name, draw(some(required, description=TEXTS, custom_fields=CUSTOM_FIELDS)))


def _aliases(stem: str) -> st.SearchStrategy[tuple[Spec, ...]]:
    """Aliases that nobody else has: one without end, and one that comes and goes."""
    first, then = ({"name": st.just(f"{stem} {n}")} for n in (1, 2))
    early, late = DAYS, st.integers(1, 9).map(lambda hour: datetime(2030, 1, 1, hour, tzinfo=UTC))
    one = some(first, starting_at=early, ending_before=late)
    later = st.fixed_dictionaries(first | {"starting_at": st.just(datetime(2031, 1, 1, tzinfo=UTC))})
    other = some(then, ending_before=late)
    return st.sampled_from([(), (one,), (one, other), (other,)]).flatmap(lambda parts: st.tuples(*parts)) | st.tuples(
        some(first | {"ending_before": late}, starting_at=early), later
    )


def _book(world: _World, fiat: str, units: tuple[str, ...]) -> dict[str, str]:
    draw, entries = world.draw, {}
    for product in draw(many(world.of(Kind.PRODUCT), 4)):
        spec = world.specs[Ref(Kind.PRODUCT, product)]
        frequencies = (
            draw(many(["WEEKLY", "MONTHLY", "QUARTERLY", "ANNUAL"])) if spec["type"] == "SUBSCRIPTION" else (None,)
        )
        keys = sorted(spec.get("pricing_group_key", ()))
        values = (
            draw(st.lists(st.tuples(*[TEXTS for _ in keys]), min_size=1, max_size=3, unique=True)) if keys else [()]
        )
        for frequency in frequencies:
            for chosen in values:
                key = RateKey(product, frequency, tuple(zip(keys, chosen, strict=True)))
                entries[key_text(key)] = draw(schedules(fiat, units))
    return entries


@st.composite
def schedules(draw: Draw, fiat: str = USD, units: tuple[str, ...] = (USD,)) -> str:
    """The text of a normal timeline of at least one price, all of them in one unit."""
    unit = draw(st.sampled_from(sorted({fiat, *units})))
    starts = [instant_text(i) for i in sorted(draw(st.lists(INSTANTS, min_size=1, max_size=3, unique=True)))]
    segments = []
    for start, after in zip(starts, (*starts[1:], None), strict=True):
        ends = [after] if after is not None else [None, "2040-06-01T05:00:00Z"]
        if after is None or after[:13] > start[:13]:
            gap = instant_text(datetime.fromisoformat(start) + timedelta(hours=1))
            ends += [gap] if after is None or gap < after else []
        segments.append(Segment(start, draw(st.sampled_from(ends)), read_terms(draw(terms(unit, (unit,))))))
    return schedule_text(normal(segments))


@st.composite
def terms(draw: Draw, fiat: str = USD, units: tuple[str, ...] = (USD,)) -> str:
    """The canonical text of what a rate says, in one of the units, on a card whose fiat unit is `fiat`."""
    spec = draw(LIST_PRICES)
    if "PERCENTAGE" not in spec["rate_type"]:
        spec["credit_type"] = draw(st.sampled_from(sorted({fiat, *units})))
    return encode(spec_of(RateTerms.model_validate(tupled(spec))))


def _prices(
    price: st.SearchStrategy[Decimal], kind: str, **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[Spec]:
    return some({"rate_type": st.just(kind), "price": price}, **optional)


def _tiers(
    kind: str, part: str, value: st.SearchStrategy[Decimal], **more: st.SearchStrategy[Any]
) -> st.SearchStrategy[Spec]:
    """Tiers, all but the last with a size."""
    sized = st.lists(st.fixed_dictionaries({part: value, "size": POSITIVE}), max_size=2)
    last = st.fixed_dictionaries({part: value})
    tiers = st.builds(lambda first, end: (*first, end), sized, last)
    return some({"tiers": tiers} | ({"rate_type": st.just(kind)} if kind else {}), **more)


_MINIMUM = st.fixed_dictionaries({"minimum": AMOUNTS})
_COMMON_PRICES = (
    _prices(AMOUNTS, "FLAT")
    | _prices(FRACTIONS, "PERCENTAGE", minimum_config=_MINIMUM)
    | _tiers("TIERED", "price", AMOUNTS)
    | _tiers("TIERED_PERCENTAGE", "price", FRACTIONS, minimum_config=_MINIMUM)
)
COMMIT_PRICES = _COMMON_PRICES | _prices(AMOUNTS, "SUBSCRIPTION")
OVERWRITES = (
    _COMMON_PRICES
    | _prices(AMOUNTS, "SUBSCRIPTION", quantity=POSITIVE, is_prorated=st.just(True))
    | some({"rate_type": st.just("CUSTOM"), "custom_rate": st.dictionaries(TEXTS, JSON, max_size=2)}, price=AMOUNTS)
)
LIST_PRICES = st.builds(
    lambda price, rest: price | rest, OVERWRITES, some({"entitled": st.booleans()}, commit_rate=COMMIT_PRICES)
)
"""What a rate of a card says, without its pricing unit."""


# --- packages


@dataclass(frozen=True)
class _Pick:
    """Stands for one of what the package can refer to: the strategies of terms are the same for every package."""

    kind: str
    number: int


def _pick(kind: str) -> st.SearchStrategy[Any]:
    return st.integers(0, 5).map(lambda number: _Pick(kind, number))


_UNIT, _FIXED, _PRODUCT, _SEATS, _COMMITTED = map(_pick, ("unit", "fixed", "product", "subscription", "commit"))


def _picked(value: Any, choices: Mapping[str, Sequence[str]]) -> Any:
    """The value with every pick made."""
    if isinstance(value, _Pick):
        found = choices[value.kind]
        return found[value.number % len(found)]
    if isinstance(value, Mapping):
        return {key: _picked(item, choices) for key, item in value.items()}
    return tuple(_picked(item, choices) for item in value) if isinstance(value, tuple) else value


def _listed(values: st.SearchStrategy[Any], least: int = 0, most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, min_size=least, max_size=most).map(tuple)


def _keyed(stem: str, terms: st.SearchStrategy[Spec]) -> st.SearchStrategy[tuple[Spec, ...]]:
    """At most two of the terms, each with a key of its own."""
    return _listed(terms).map(lambda found: tuple({"key": f"{stem}-{n}", **term} for n, term in enumerate(found)))


_SPECIFIERS = _listed(
    some(
        {},
        product=_PRODUCT,
        pricing_group_values=st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=2),
        exclude=st.just(({"product_tags": ("disk",)},)),
    )
)
_ACCESS = st.fixed_dictionaries(
    {
        "schedule_items": _listed(
            st.fixed_dictionaries({"amount": AMOUNTS, "starting_at_offset": OFFSETS, "duration": DURATIONS}), 1
        ),
        "access_type": st.sampled_from(["SPEND", "QUANTITY"]),
        "credit_type": _UNIT,
    }
)
_CHARGES = st.fixed_dictionaries(
    {
        "schedule_items": _listed(
            st.fixed_dictionaries({"unit_price": AMOUNTS, "quantity": AMOUNTS, "date_offset": OFFSETS}), 1
        ),
        "credit_type": _UNIT,
    }
)
_CREDIT = some(
    {"product": _FIXED, "access_schedule": _ACCESS},
    name=TEXTS,
    description=TEXTS,
    priority=NUMBERS,
    rate_type=st.sampled_from(["COMMIT_RATE", "LIST_RATE"]),
    specifiers=_SPECIFIERS,
    custom_fields=CUSTOM_FIELDS,
)
_PREPAID = st.builds(
    lambda credit, rest: credit | rest,
    _CREDIT,
    some({"type": st.just("PREPAID")}, rollover_fraction=FRACTIONS, invoice_schedule=_CHARGES),
)


def _postpaid(credit: Spec, offset: Spec) -> Spec:
    """A commit of one amount, which is trued up at a time."""
    access = credit["access_schedule"]
    item = access["schedule_items"][0]
    charge = {"unit_price": item["amount"], "quantity": 1, "date_offset": offset}
    return credit | {
        "type": "POSTPAID",
        "access_schedule": access | {"schedule_items": (item,)},
        "invoice_schedule": {"schedule_items": (charge,), "credit_type": access["credit_type"]},
    }


_AMOUNT = {"unit_price": AMOUNTS, "credit_type": _UNIT}
_RECURRING = {
    "product": _FIXED,
    "access_amount": some(_AMOUNT, quantity=AMOUNTS, access_type=st.just("QUANTITY")),
    "priority": NUMBERS,
    "starting_at_offset": OFFSETS,
    "commit_duration": st.fixed_dictionaries({"value": st.integers(1, 3)}),
}
_RENEWAL: dict[str, st.SearchStrategy[Any]] = {
    "duration": DURATIONS,
    "recurrence_frequency": FREQUENCIES,
    "proration": st.sampled_from(["FIRST", "LAST"]),
    "proration_rounding": st.fixed_dictionaries({"access": ROUNDINGS}),
    "rollover_fraction": FRACTIONS,
    "subscription_config": some(
        {
            "subscription": _SEATS,
            "apply_seat_increase_config": st.fixed_dictionaries({"is_prorated": st.booleans()}),
        },
        allocation=st.just("POOLED"),
    ),
}
_INVOICE = st.fixed_dictionaries({**_AMOUNT, "quantity": AMOUNTS})

_OVERRIDDEN = {
    "override_specifiers": _listed(
        some({"product": _PRODUCT}, billing_frequency=FREQUENCIES, product_tags=st.just(("llm",))), 1
    )
}
_BY_COMMIT = {
    "is_commit_specific": st.just(True),
    "target": st.just("COMMIT_RATE"),
    "override_specifiers": st.tuples(
        st.fixed_dictionaries({"product": _PRODUCT, "commits": st.tuples(_COMMITTED)}),
    ),
}
_WHEN = some({"starting_at_offset": OFFSETS}, duration=DURATIONS) | some(
    {"starting_at": INSTANTS}, ending_before=st.just(datetime(2040, 1, 1, tzinfo=UTC))
)


def _overwrite(rate: Spec, unit: _Pick) -> Spec:
    priced = rate if "PERCENTAGE" in rate["rate_type"] else rate | {"credit_type": unit}
    return {"type": "OVERWRITE", "overwrite_rate": priced}


_EFFECT = (
    st.fixed_dictionaries({"entitled": st.booleans()})
    | st.fixed_dictionaries({"type": st.just("MULTIPLIER"), "multiplier": AMOUNTS, "priority": POSITIVE})
    | st.builds(_overwrite, OVERWRITES, _UNIT)
)
_TIERED_EFFECT = _tiers("", "multiplier", AMOUNTS).map(lambda spec: spec | {"type": "TIERED", "priority": Decimal(1)})


def _overrides(effect: st.SearchStrategy[Spec]) -> st.SearchStrategy[tuple[Spec, ...]]:
    matched = st.fixed_dictionaries(_OVERRIDDEN) | st.fixed_dictionaries(_BY_COMMIT)
    return _keyed("override", st.builds(_override, _WHEN, effect, matched))


def _override(when: Spec, what: Spec, which: Spec) -> Spec:
    """An OVERWRITE cannot be aimed by tags, and of a subscription it says the frequency."""
    if what.get("type") == "OVERWRITE":
        for specifier in (found := [dict(one) for one in which["override_specifiers"]]):
            specifier.pop("product_tags", None)
            specifier.setdefault("billing_frequency", "MONTHLY")
        which = which | {"override_specifiers": tuple(found)}
    return when | what | which


_STRIPE = {"payment_type": st.just("INVOICE"), "invoice_metadata": st.dictionaries(TEXTS, TEXTS, max_size=2)}
_GATES = (
    st.just({"payment_gate_type": "NONE"})
    | some({"payment_gate_type": st.just("STRIPE")}, stripe_config=st.fixed_dictionaries(_STRIPE))
    | st.fixed_dictionaries(
        {
            "payment_gate_type": st.just("EXTERNAL"),
            "tax_type": st.just("PRECALCULATED"),
            "precalculated_tax_config": some({"tax_amount": AMOUNTS}, tax_name=TEXTS),
        }
    )
)
_THRESHOLD = {
    "is_enabled": st.booleans(),
    "threshold_amount": POSITIVE,
    "commit": some({"product": _FIXED}, name=TEXTS, description=TEXTS, priority=NUMBERS),
    "payment_gate_config": _GATES,
}


def _recharging(prepaid: Spec) -> Spec:
    """A recharge that ends above its threshold."""
    return prepaid | {"recharge_to_amount": prepaid["threshold_amount"] * prepaid["recharge_to_amount"]}


def _capped(tracker: Spec, prepaid: Spec, cap: Spec) -> Spec:
    """A spend tracker, and a prepaid threshold whose discount it caps."""
    discount = cap | {"cap": cap["cap"] | {"spend_tracker_alias": tracker["alias"]}}
    prepaid = prepaid | {"discount_configuration": discount}
    return {"spend_trackers": (tracker,), "prepaid_balance_threshold_configuration": prepaid}


_COUNTED = {"spend_type": st.just("COMMIT_PURCHASE"), "sources": many(["MANUAL", "THRESHOLD_RECHARGE"], least=1)}
_CAPPED = st.builds(
    _capped,
    st.fixed_dictionaries(
        {
            "alias": TEXTS,
            "credit_type": _UNIT,
            "reset_frequency": st.just("BILLING_PERIOD"),
            "applicable_spend_specifiers": st.tuples(st.fixed_dictionaries(_COUNTED)),
        }
    ),
    some({**_THRESHOLD, "recharge_to_amount": st.integers(2, 9)}, custom_credit_type=_UNIT).map(_recharging),
    st.fixed_dictionaries(
        {"payment_fraction": FRACTIONS, "cap": st.fixed_dictionaries({"amount": AMOUNTS})},
    ),
)
_PACKAGE = st.builds(
    lambda *parts: {key: value for part in parts for key, value in part.items()},
    some(
        {"name": TEXTS},
        contract_name=TEXTS,
        duration=DURATIONS,
        net_payment_terms_days=st.integers(0, 90),
        billing_provider=st.sampled_from(["stripe", "netsuite"]),
        delivery_method=st.sampled_from(["aws_sqs", "tackle"]),
        usage_statement_schedule=some(
            {"frequency": FREQUENCIES},
            day=st.sampled_from(["FIRST_OF_MONTH", "CONTRACT_START"]),
            invoice_generation_starting_at_offset=OFFSETS,
        ),
        scheduled_charges_on_usage_invoices=st.just("ALL"),
        credits=_keyed("credit", _CREDIT),
        scheduled_charges=_keyed(
            "charge", some({"product": _FIXED, "schedule": _CHARGES}, name=TEXTS, custom_fields=CUSTOM_FIELDS)
        ),
        spend_threshold_configuration=some(
            _THRESHOLD, discount_configuration=st.fixed_dictionaries({"payment_fraction": FRACTIONS})
        ),
        recurring_credits=_keyed("grant", some(_RECURRING, **_RENEWAL)),
        recurring_commits=_keyed("renewal", some(_RECURRING, **_RENEWAL, invoice_amount=_INVOICE)),
    ),
    some({"commits": _keyed("commit", _PREPAID | st.builds(_postpaid, _CREDIT, OFFSETS))}),
    some({}, overrides=_overrides(_EFFECT))
    | some(
        {"multiplier_override_prioritization": st.just("EXPLICIT"), "overrides": _overrides(_EFFECT | _TIERED_EFFECT)}
    ),
    st.just({}) | _CAPPED,
)


@st.composite
def _package(draw: Draw, world: _World, name: str) -> Spec:
    card = draw(st.sampled_from(world.of(Kind.RATE_CARD)))
    card_spec = world.specs[Ref(Kind.RATE_CARD, card)]
    aliases = [alias["name"] for alias in card_spec["aliases"]]
    spec = draw(_PACKAGE) | {"aliases": draw(_aliases(f"package {name}"))}
    if aliases and draw(st.booleans()):
        spec["rate_card_alias"] = aliases[0]
    else:
        spec["rate_card"] = card
    sold = world.of(Kind.PRODUCT, type="SUBSCRIPTION")
    pairs = draw(many(sorted(pair for pair in world.priced[card] if pair[0] in sold), 2))
    spec["subscriptions"] = tuple(draw(_subscription(n, *pair)) for n, pair in enumerate(pairs))
    if not pairs:
        for term in (*spec.get("recurring_credits", ()), *spec.get("recurring_commits", ())):
            term.pop("subscription_config", None)
    for term in (*spec.get("recurring_credits", ()), *spec.get("recurring_commits", ())):
        if "subscription_config" in term:  # its subscription says how many
            term["access_amount"] = {name: said for name, said in term["access_amount"].items() if name != "quantity"}
    if not spec["commits"]:
        spec["overrides"] = tuple(o for o in spec.get("overrides", ()) if "is_commit_specific" not in o)
    choices = {
        "unit": [
            card_spec["fiat_credit_type"],
            *(c["custom_credit_type"] for c in card_spec["credit_type_conversions"]),
        ],
        "fixed": world.of(Kind.PRODUCT, type="FIXED"),
        "product": world.of(Kind.PRODUCT),
        "subscription": [term["key"] for term in spec["subscriptions"]],
        "commit": [term["key"] for term in spec["commits"]],
    }
    found: Spec = _picked(spec, choices)
    return found


_PRORATION = some({}, is_prorated=st.booleans(), rounding=ROUNDINGS)
_SUBSCRIPTION = some({"proration": _PRORATION}, name=TEXTS, starting_at_offset=OFFSETS, duration=DURATIONS)
_COLLECTION = st.sampled_from(
    [
        {"collection_schedule": "ARREARS"},
        {"collection_schedule": "ADVANCE"},
        {"collection_schedule": "ADVANCE", "now": True},
    ]
)
_SEATED = {"quantity_management_mode": "SEAT_BASED", "seat_config": {"seat_group_key": "seat"}}
_QUANTITY = st.just(_SEATED) | st.fixed_dictionaries({"initial_quantity": AMOUNTS})


def _subscription(number: int, product: str, frequency: str | None) -> st.SearchStrategy[Spec]:
    key = {"key": f"s-{number}", "subscription_rate": {"product": product, "billing_frequency": frequency}}

    def build(terms: Spec, collection: Spec, quantity: Spec) -> Spec:
        immediate = {"invoice_behavior": "BILL_IMMEDIATELY"} if "now" in collection else {}
        paid = {"collection_schedule": collection["collection_schedule"], "proration": terms["proration"] | immediate}
        return key | terms | paid | quantity

    return st.builds(build, _SUBSCRIPTION, _COLLECTION, _QUANTITY)
