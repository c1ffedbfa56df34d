"""The rules of the models that JSON Schema can state, as schemas by the name of the model.

The models remain the judges: what stands here is said again so that editors can say it while somebody writes. A field
that is null, or that spells its default, counts as not given, as it does for the models.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

NULL: Schema = {"type": "null"}
CURRENCY: Schema = {"type": "string", "pattern": "^[A-Za-z]{3}$", "patternErrorMessage": "an ISO 4217 code, as USD"}


def either(*words: str) -> dict[str, Any]:
    """Text that is one of the words, in either case."""
    shapes = ("".join(f"[{c.upper()}{c.lower()}]" if c.isalpha() else c for c in one) for one in words)
    return {"type": "string", "pattern": f"^(?:{'|'.join(shapes)})$"}


def word(*words: str, also: Sequence[str] = ()) -> dict[str, Any]:
    """The same for a field: editors complete `words` as they stand. `also` are read but not offered."""
    hint = {"patternErrorMessage": f"one of {', '.join(words)}"}
    return {"anyOf": [{"enum": list(words)}, either(*words, *also) | hint]}


def given(name: str, like: Schema | None = None) -> dict[str, Any]:
    """The field is there, and is like that; without `like` it is anything but null."""
    return {"required": [name], "properties": {name: like if like is not None else {"not": NULL}}}


def filled(name: str) -> dict[str, Any]:
    """The list or mapping is there and has an entry."""
    return given(name, {"minItems": 1, "minProperties": 1})


def absent(message: str, *names: str, default: object = None) -> dict[str, Any]:
    """None of the fields is there, or each says its default."""
    like: dict[str, Any] = either(default) if isinstance(default, str) else {"const": default}
    said = {"errorMessage": message} | ({"patternErrorMessage": message} if isinstance(default, str) else {})
    return {"properties": dict.fromkeys(names, like | said)}


def when(condition: Schema, then: Schema, otherwise: Schema | None = None) -> dict[str, Any]:
    """If, then, else."""
    return {"if": condition, "then": then} | ({"else": otherwise} if otherwise is not None else {})


def everything(*schemas: Schema) -> dict[str, Any]:
    """All of them."""
    return {"allOf": list(schemas)}


def negation(schema: Schema) -> dict[str, Any]:
    """Not that."""
    return {"not": schema}


_POSITIVE = {"exclusiveMinimum": 0}
_NO_TEXT = {"type": ["number", "null"], "errorMessage": "a plain number, not money"}
_QUANTITY = given("access_type", either("QUANTITY"))
_APPLICABLE = when(
    filled("specifiers"),
    absent("stands beside specifiers", "applicable_products", "applicable_product_tags", default=[]),
)
_RECURRING = (
    _APPLICABLE,
    when(given("proration", either("NONE")), absent("there is nothing to round", "proration_rounding")),
)
_LINKS = ("commits", "recurring_commits", "any_commits_or_credits")
_NARROWS = {
    "anyOf": [
        given("product"),
        *map(filled, ("product_tags", "pricing_group_values", "presentation_group_values")),
    ]
}


def _product() -> list[Schema]:
    usage, composite = given("type", either("USAGE")), given("type", either("COMPOSITE"))
    for_usage, for_composite = "is for USAGE products", "is for COMPOSITE products"
    return [
        when(
            usage,
            given("billable_metric"),
            everything(
                absent(for_usage, "billable_metric", "quantity_conversion", "quantity_rounding"),
                absent(for_usage, "pricing_group_key", "presentation_group_key", default=[]),
                absent(for_usage, "sql_breakdown_granularity", default="SERVICE_PERIOD"),
            ),
        ),
        when(
            composite,
            {"anyOf": [filled("composite_products"), filled("composite_tags")]},
            everything(
                absent(for_composite, "composite_products", "composite_tags", default=[]),
                absent(for_composite, "composite_scope", default="CONTRACT"),
                absent(for_composite, "exclude_free_usage", "include_composite_spend", default=False),
            ),
        ),
        when(
            negation({"anyOf": [usage, composite]}),
            absent("is for USAGE and COMPOSITE products", "netsuite_overage_item_id"),
        ),
    ]


def _metric() -> list[Schema]:
    beside = "stands beside sql; a metric is one or the other"
    count = given("aggregation_type", either("COUNT"))
    return [
        when(
            given("sql"),
            everything(
                absent(beside, "aggregation_type", "aggregation_key", "event_type_filter"),
                absent(beside, "property_filters", "group_keys", default=[]),
            ),
            everything(
                given("aggregation_type"),
                when(count, absent("COUNT has none", "aggregation_key"), given("aggregation_key")),
            ),
        ),
    ]


def _unit() -> list[Schema]:
    return [
        when(
            given("currency"),
            when(negation(given("currency", either("USD"))), given("scale")),
            {"properties": {"scale": {"enum": [0, None], "errorMessage": "a custom unit has no major unit"}}},
        )
    ]


def _subscription() -> list[Schema]:
    return [
        when(
            given("quantity_management_mode", either("SEAT_BASED")),
            everything(given("seat_config"), absent("stands on a SEAT_BASED subscription", "initial_quantity")),
            everything(given("initial_quantity"), absent("stands on a QUANTITY_ONLY subscription", "seat_config")),
        ),
        when(
            given("proration", given("invoice_behavior", either("BILL_IMMEDIATELY"))),
            given("collection_schedule", word("ADVANCE")),
        ),
    ]


def _override() -> list[Schema]:
    types = (("MULTIPLIER", "multiplier"), ("OVERWRITE", "overwrite_rate"), ("TIERED", "tiers"))
    links = absent("is for overrides with is_commit_specific: true", *_LINKS, default=[])
    return [
        when(
            given("starting_at"),
            absent("stands beside starting_at", "starting_at_offset", "duration"),
            everything(given("starting_at_offset"), absent("stands without starting_at", "ending_before")),
        ),
        {"anyOf": [given("type"), given("entitled")]},
        *(
            when(
                given("type", either(kind)),
                filled(name) if name == "tiers" else given(name),
                absent(f"is for {kind} overrides", name, default=[] if name == "tiers" else None),
            )
            for kind, name in types
        ),
        when(given("type", either("TIERED")), given("priority")),
        when(
            negation(given("is_commit_specific", {"const": True})),
            everything(
                absent("is for overrides with is_commit_specific: true", "target", default="LIST_RATE"),
                {"properties": {"override_specifiers": {"items": links}}},
            ),
        ),
    ]


def _package() -> list[Schema]:
    card = [given("rate_card"), given("rate_card_alias")]
    explicit = given("multiplier_override_prioritization", word("EXPLICIT"))
    tiered = given("overrides", {"contains": given("type", either("TIERED"))})
    ranked = when(given("type", either("MULTIPLIER")), given("priority"))
    daily = given("recurrence_frequency", either("DAILY"))
    lists = ("recurring_commits", "recurring_credits")
    return [
        when(card[0], absent("stands beside rate_card", "rate_card_alias")),
        when({"anyOf": [filled("subscriptions"), filled("overrides")]}, {"anyOf": card}),
        when(tiered, explicit),
        when(explicit, {"properties": {"overrides": {"items": ranked}}}),
        *({"properties": {name: {"contains": daily, "minContains": 0, "maxContains": 1}}} for name in lists),
        negation(everything(*(given(name, {"contains": daily}) for name in lists))),
    ]


def _scenario() -> list[Schema]:
    package, end = [given("package"), given("package_alias")], [given("months"), given("until")]
    return [{"oneOf": package}, {"oneOf": end}]


def _gate() -> list[Schema]:
    stripe = given("payment_gate_type", either("STRIPE"))
    no_stripe_tax = negation(given("tax_type", either("STRIPE")))
    return [
        when(negation(stripe), everything(absent("is for the STRIPE gate", "stripe_config"), no_stripe_tax)),
        when(
            negation(given("tax_type", either("PRECALCULATED"))),
            absent("is for tax_type PRECALCULATED", "precalculated_tax_config"),
        ),
    ]


def _table() -> list[Schema]:
    def said(name: str) -> dict[str, Any]:
        return {"anyOf": [given("columns", given(name)), given("defaults", given(name))]}

    return [said("product"), said("starting_at")]


CONDITIONS: Mapping[str, Sequence[Schema]] = {
    "PricingUnit": _unit(),
    "BillableMetric": _metric(),
    "Product": _product(),
    "QuantityConversion": [
        when(
            given("operation", either("DIVIDE")),
            {"properties": {"conversion_factor": negation({"const": 0})}},
        )
    ],
    "CreditTypeConversion": [{"properties": {"fiat_per_custom_credit": _POSITIVE}}],
    "Package": _package(),
    "Scenario": _scenario(),
    "ScenarioUsage": [
        when(
            given("every"),
            given("times", negation({"enum": [1, None]})),
            absent("every is required beside times", "times", default=1),
        )
    ],
    "ScenarioSeats": [{"anyOf": [given("quantity"), filled("seats")]}],
    "Whom": [negation(everything(filled("customers"), given("customers_from")))],
    "Subscription": _subscription(),
    "Commit": [
        _APPLICABLE,
        when(
            given("type", either("POSTPAID")),
            everything(
                given("invoice_schedule", {"properties": {"schedule_items": {"maxItems": 1}}}),
                {"properties": {"access_schedule": {"properties": {"schedule_items": {"maxItems": 1}}}}},
                given("invoice_schedule"),
            ),
        ),
    ],
    "Credit": [_APPLICABLE],
    "RecurringCommit": _RECURRING,
    "RecurringCredit": _RECURRING,
    "PrepaidThresholdCommit": [_APPLICABLE],
    "AccessAmount": [when(_QUANTITY, {"properties": {"unit_price": _NO_TEXT}})],
    "AccessSchedule": [
        when(_QUANTITY, {"properties": {"schedule_items": {"items": {"properties": {"amount": _NO_TEXT}}}}})
    ],
    "Override": _override(),
    "OverrideSpecifier": [
        when({"anyOf": [filled(name) for name in _LINKS]}, _NARROWS),
        when(
            filled("any_commits_or_credits"),
            absent("any_commits_or_credits is used instead", "commits", "recurring_commits", default=[]),
        ),
    ],
    "PaymentGateConfig": _gate(),
    "StripeConfig": [
        when(
            negation(given("payment_type", either("INVOICE"))),
            absent("is for payment_type INVOICE", "invoice_metadata", default={}),
        )
    ],
    "RatesFrom": _table(),
    "Defaults": [when(given("currency"), absent("currency and credit_type exclude each other", "credit_type"))],
}

_COLUMN = {"type": "string", "minLength": 1}
PROPERTIES: Mapping[str, Mapping[str, Schema]] = {
    "PricingUnit": {"currency": {"anyOf": [CURRENCY, NULL]}},
    "Defaults": {"currency": {"anyOf": [CURRENCY, NULL]}},
    "Columns": {
        "pricing_group_values": {
            "anyOf": [
                {"type": "array", "items": _COLUMN},
                {"type": "object", "additionalProperties": _COLUMN},
            ]
        }
    },
    "Product": {
        "type": word("FIXED", "USAGE", "COMPOSITE", "SUBSCRIPTION", "PROFESSIONAL_SERVICE", also=("PRO_SERVICE",))
    },
}
"""Fields whose own schema says less, or more, than the loader reads."""
