"""The form of rates as JSON Schema: what each type of rate needs and excludes, and how a card's `rates` are written.

What a rate says is the model `RateTerms`; how rates are written in a manifest is no model (`manifest.rates` reads them
by hand, because they are many), so it is said here.
"""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from pricebook.catalog.amount import MOST_SHARE, SHARE
from pricebook.catalog.condition import Condition, holds
from pricebook.catalog.rate import RateTerms
from pricebook.manifest.condition import (
    NULL,
    Schema,
    either,
    everything,
    filled,
    given,
    kept,
    negation,
    when,
    word,
)
from pricebook.manifest.rate_fact import FREQUENCIES

_FRACTION = {
    "type": ["number", "string", "null"],
    "minimum": 0,
    "maximum": MOST_SHARE,
    "pattern": rf"^({MOST_SHARE}00(\.0{{1,6}})?|[1-{MOST_SHARE - 1}]?\d{{1,2}}(\.\d{{1,6}})?)\s*%$",
    "errorMessage": f"{SHARE.message}: 0.1, or 10%",
}
_MONEY = {"not": {"type": "string", "pattern": "%$"}}
_BOUNDS = {
    "FLAT": _MONEY,
    "PERCENTAGE": _FRACTION,
    "SUBSCRIPTION": _MONEY,
    "TIERED": _MONEY,
    "TIERED_PERCENTAGE": _FRACTION,
    "CUSTOM": {},
}
_UNTYPED = negation({"required": ["rate_type"]})


def _conditions(kind: str) -> list[Condition]:
    """Those that apply to rates of a type, whatever else they say."""
    return [condition for condition in RateTerms.conditions if holds(condition.when, SimpleNamespace(rate_type=kind))]


_NEEDS = {kind: next(c.needs[0] for c in _conditions(kind) if c.needs) for kind in _BOUNDS}


def _limits(kind: str) -> dict[str, Any]:
    """What a rate of this type cannot have, and the bounds of its prices."""
    price = {"properties": {"price": _BOUNDS[kind]}}
    return everything(
        *(schema for condition in _conditions(kind) if condition.bars for schema in kept(RateTerms, condition)),
        {"properties": {"tiers": {"items": price}}} if _NEEDS[kind] == "tiers" else price,
    )


def _limited(kind: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{kind}"}


def _need(kind: str) -> dict[str, Any]:
    return filled("tiers") if _NEEDS[kind] == "tiers" else given(_NEEDS[kind])


def _is(kind: str) -> dict[str, Any]:
    return given("rate_type", either(kind))


RATE_CONDITIONS: Mapping[str, list[Schema]] = {
    "CommitRate": [
        *(when(_is(kind), _limited(kind)) for kind in _BOUNDS),
        *(when(_is(kind), _need(kind)) for kind in _BOUNDS if kind != "CUSTOM"),
    ],
    "OverwriteRate": [when(_is(kind), everything(_limited(kind), _need(kind))) for kind in _BOUNDS],
}
"""Conditions of the two models of rates that are written as they are."""

_TIMES = {
    "starting_at": {"description": "From when the price holds (inclusive).", "$ref": "#/$defs/Instant"},
    "ending_before": {
        "description": "Until when (exclusive); when not given, until the next price starts, or without end.",
        "anyOf": [{"$ref": "#/$defs/Instant"}, NULL],
    },
}


def rate_definitions(terms: Mapping[str, Any]) -> dict[str, Schema]:
    """The definitions for a card's `rates`, among them `Rate`, from the properties of `RateTerms`."""
    fields = {
        **terms,
        "rate_type": {**terms["rate_type"], "default": "FLAT"},
        "entitled": {**terms["entitled"], "default": True},
        "credit_type": {
            "type": "string",
            "description": "The pricing unit of the prices; the card's fiat unit otherwise.",
        },
    }
    price = {
        "description": "A price and the time for which it holds. What it does not say, the rate says.",
        "type": "object",
        "properties": {**fields, **_TIMES},
        "required": ["starting_at"],
        "additionalProperties": False,
        "allOf": [when(_is(kind), _limited(kind)) for kind in _BOUNDS],
    }
    # A rate with one price is FLAT when it does not say otherwise.
    single = [when(_UNTYPED, everything(_limited("FLAT"), _need("FLAT"))), *RATE_CONDITIONS["OverwriteRate"]]
    rate = {
        "description": "A rate: one price with starting_at, or a schedule of prices.",
        "type": "object",
        "properties": {**_KEY, **fields, **_TIMES, "price": {"description": _OTHERS, **_or_another(fields["price"])}},
        "required": ["product"],
        "additionalProperties": False,
        **when(
            given("price", {"type": "object"}),
            {"properties": {"price": {"$ref": "#/$defs/RelatedPrice"}}, "propertyNames": {"enum": [*_KEY, "price"]}},
            when(given("schedule"), everything(*_scheduled()), everything(given("starting_at"), *single)),
        ),
    }
    return {"Rate": rate, "RatePrice": price, **{kind: _limits(kind) for kind in _BOUNDS}}


_KEY = {
    "product": {"type": "string", "description": "The product, by our name."},
    "billing_frequency": {
        "anyOf": [*word(*FREQUENCIES)["anyOf"], NULL],
        "description": "WEEKLY, MONTHLY, QUARTERLY or ANNUAL: required for SUBSCRIPTION products, and only for them.",
    },
    "pricing_group_values": {
        "type": ["object", "null"],
        "additionalProperties": {"type": "string", "minLength": 1},
        "description": "A value for each name in the product's pricing_group_key. Quote what looks like a number.",
    },
    "schedule": {
        "type": ["array", "null"],
        "items": {"$ref": "#/$defs/RatePrice"},
        "minItems": 1,
        "description": "Prices over time, each until the next one starts. They share what stands beside schedule.",
    },
}


_OTHERS = "A price; or one that is so many times another one: {of: {product: x}, times: 50%}."


def _or_another(price: Schema) -> Schema:
    said = {name: value for name, value in price.items() if name != "description"}
    return {"anyOf": [*(said["anyOf"] if said.keys() == {"anyOf"} else [said]), {"type": "object"}]}


def _scheduled() -> list[Schema]:
    """Of a rate with a schedule: a price without a type has the rate's, and what it needs may stand in either."""
    rules: list[Schema] = [{"properties": dict.fromkeys(_TIMES, False)}]
    mixed = given("schedule", {"contains": _UNTYPED})
    for kind in _BOUNDS:
        inherited = {"anyOf": [_is(kind), _UNTYPED]} if kind == "FLAT" else _is(kind)
        lacking = negation({"required": [_NEEDS[kind]]})
        rules += [
            when(everything(inherited, mixed), _limited(kind)),
            when(inherited, _prices(when(_UNTYPED, _limited(kind)))),
            when(everything(inherited, lacking), _prices(when(_UNTYPED, _need(kind)))),
            when(lacking, _prices(when(_is(kind), _need(kind)))),
        ]
    return rules


def _prices(schema: Schema) -> dict[str, Any]:
    return {"properties": {"schedule": {"items": schema}}}
