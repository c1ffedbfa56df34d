"""The rules of the models that JSON Schema can state, so that editors can say them while somebody writes.

The models remain the judges. What they declare as conditions (`catalog.condition`) becomes schemas here; what reaches
into fields of fields is said again, by the name of the model. A field that is null, or that spells its default, counts
as not given, as it does for the models.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from pricebook.catalog.condition import Condition, Every, Given, Is, Not, Test, default_of
from pricebook.catalog.declared import links_of
from pricebook.catalog.money import PERCENT_PATTERN
from pricebook.catalog.override import OverrideSpecifier
from pricebook.manifest.rates_from import COUNT_PATTERN

Schema = Mapping[str, Any]

NULL: Schema = {"type": "null"}


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


def absent(message: str, name: str, default: object = None) -> dict[str, Any]:
    """The field is not there, or says its default."""
    if isinstance(default, str):
        return {"properties": {name: either(default) | {"errorMessage": message, "patternErrorMessage": message}}}
    return {"properties": {name: {"const": default, "errorMessage": message}}}


def when(condition: Schema, then: Schema, otherwise: Schema | None = None) -> dict[str, Any]:
    """If, then, else."""
    return {"if": condition, "then": then} | ({"else": otherwise} if otherwise is not None else {})


def everything(*schemas: Schema) -> dict[str, Any]:
    """All of them; those that are of fields alone, as one."""
    if len(schemas) == 1 or (schemas and all(one.keys() == {"properties"} for one in schemas)):
        fields = [set(one["properties"]) for one in schemas if one.keys() == {"properties"}]
        if len(set().union(*fields)) == sum(map(len, fields)):
            merged: dict[str, Any] = dict(schemas[0])
            if len(schemas) > 1:
                merged = {"properties": {name: like for one in schemas for name, like in one["properties"].items()}}
            return merged
    return {"allOf": list(schemas)}


def negation(schema: Schema) -> dict[str, Any]:
    """Not that."""
    return {"not": schema}


def schemas_of(model: Any, *, needs: bool = True) -> list[Schema]:
    """The conditions that a model declares, all or without those that something is given."""
    conditions = [condition for condition in model.conditions if needs or not condition.needs]
    return [_when(_test(model, condition.when), everything(*kept(model, condition))) for condition in conditions]


def kept(model: Any, condition: Condition) -> Iterator[Schema]:
    """What a condition asks of a model where it applies."""
    if condition.needs:
        options = [_given_field(model, name) for name in condition.needs]
        yield options[0] if len(options) == 1 else {"anyOf": options}
    message = condition.message.removeprefix("{name} ").partition(";")[0].partition(", not {")[0]
    for name in condition.bars:
        default = default_of(model, name)
        yield absent(message.format(name=name, of=_Words()), name, list(default) if default == () else default)


class _Words:
    """In place of a model, where a message is for all of them."""

    def __getattr__(self, name: str) -> str:
        return f"this {name}"


def _given_field(model: Any, name: str) -> dict[str, Any]:
    """The field says more than its default."""
    default = default_of(model, name)
    if default in ((), {}):
        return filled(name)
    return given(name) if default is None else given(name, negation({"enum": [default, None]}))


def _test(model: Any, test: Test) -> Schema:
    match test:
        case Is(name, words):
            said = given(name, either(*words.split()))
            # What nobody gives is the default.
            unsaid = default_of(model, name) in words.split()
            return {"anyOf": [said, negation(_given_field(model, name))]} if unsaid else said
        case Given(name):
            return _given_field(model, name)
        case Not(inner):
            return negation(_test(model, inner))
        case Every(tests):
            return everything(*(_test(model, inner) for inner in tests))
    assert_never(test)


def _when(condition: Schema, then: Schema) -> Schema:
    """If and then; always, where there is nothing to ask."""
    if condition.keys() == {"not"}:
        return {"if": condition["not"], "else": then}
    return then if condition == everything() else when(condition, then)


_NO_TEXT = {"type": ["number", "null"], "errorMessage": "a plain number, not money"}
_QUANTITY = given("access_type", either("QUANTITY"))


def _override() -> list[Schema]:
    message = "is for overrides with is_commit_specific: true"
    links = everything(*(absent(message, name, []) for name in links_of(OverrideSpecifier)))
    return [
        when(
            negation(given("is_commit_specific", {"const": True})),
            {"properties": {"override_specifiers": {"items": links}}},
        ),
        when(
            given("type", either("OVERWRITE")),
            {"properties": {"override_specifiers": {"items": absent("an OVERWRITE takes none", "product_tags", [])}}},
        ),
    ]


def _package() -> list[Schema]:
    explicit = given("multiplier_override_prioritization", word("EXPLICIT"))
    tiered = given("overrides", {"contains": given("type", either("TIERED"))})
    ranked = when(given("type", either("MULTIPLIER")), given("priority"))
    daily = given("recurrence_frequency", either("DAILY"))
    lists = ("recurring_commits", "recurring_credits")
    return [
        when(tiered, explicit),
        when(explicit, {"properties": {"overrides": {"items": ranked}}}),
        *({"properties": {name: {"contains": daily, "minContains": 0, "maxContains": 1}}} for name in lists),
        negation(everything(*(given(name, {"contains": daily}) for name in lists))),
    ]


def _table() -> list[Schema]:
    def said(name: str, *others: Schema) -> dict[str, Any]:
        return {"anyOf": [given("columns", given(name)), given("defaults", given(name)), *others]}

    return [
        said("product", given("columns", given("price", {"type": ["object", "array"]}))),
        said("starting_at", filled("editions")),
    ]


_ONE_ITEM = {"properties": {"schedule_items": {"maxItems": 1}}}

CONDITIONS: Mapping[str, Sequence[Schema]] = {
    "PricingUnit": [
        when(
            given("currency", word("USD")),
            {"properties": {"scale": {"enum": [2, None], "errorMessage": "USD is counted in cents"}}},
            {"properties": {"scale": {"enum": [0, None], "errorMessage": "only USD is counted in cents"}}},
        )
    ],
    "CreditTypeConversion": [{"properties": {"fiat_per_custom_credit": {"minimum": 0}}}],
    "Package": _package(),
    "Subscription": [
        when(
            given("proration", given("invoice_behavior", either("BILL_IMMEDIATELY"))),
            given("collection_schedule", word("ADVANCE")),
        )
    ],
    "Commit": [
        when(
            given("type", either("POSTPAID")),
            {"properties": {"access_schedule": _ONE_ITEM, "invoice_schedule": _ONE_ITEM}},
        )
    ],
    "AccessAmount": [when(_QUANTITY, {"properties": {"unit_price": _NO_TEXT}})],
    "AccessSchedule": [
        when(_QUANTITY, {"properties": {"schedule_items": {"items": {"properties": {"amount": _NO_TEXT}}}}})
    ],
    "Override": _override(),
    "RatesFrom": _table(),
}

_COLUMN = {"type": "string", "minLength": 1}
_SHARE = {"type": "string", "pattern": PERCENT_PATTERN}
_PRICE = {"anyOf": [{"$ref": "#/$defs/Amount"}, _SHARE, NULL]}
PROPERTIES: Mapping[str, Mapping[str, Schema]] = {
    "RelatedRates": {"product": {"anyOf": [_COLUMN, {"type": "array", "items": _COLUMN, "minItems": 1}, NULL]}},
    "RatesFrom": {
        "where": {
            "type": "object",
            "additionalProperties": {
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
            },
        },
        "per": {
            "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": COUNT_PATTERN}, NULL]
        },
    },
    "Columns": {
        "price": {
            "anyOf": [
                _COLUMN,
                {"type": "object", "minProperties": 1, "additionalProperties": _COLUMN},
                {"type": "array", "minItems": 1, "items": _COLUMN},
            ]
        },
        "pricing_group_values": {
            "anyOf": [
                {"type": "array", "items": _COLUMN},
                {"type": "object", "additionalProperties": _COLUMN},
            ]
        },
    },
    "Tier": {"price": {"anyOf": [{"$ref": "#/$defs/Amount"}, _SHARE]}},
    **{name: {"price": _PRICE} for name in ("RateTerms", "OverwriteRate", "CommitRate")},
    "Product": {
        "type": word("FIXED", "USAGE", "COMPOSITE", "SUBSCRIPTION", "PROFESSIONAL_SERVICE", also=("PRO_SERVICE",))
    },
}
"""Fields whose own schema says less, or more, than the loader reads."""
