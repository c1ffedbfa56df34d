"""Nouns: requests that create and update them, and answers as nouns. References are ids here, on both ways.

What an answer cannot show (a term's key, a card's product order) is not there in the noun; `observe.normalise` knows.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pricebook.apply.keys import MARKS
from pricebook.catalog.declared import fields_of
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.model import Alias, Noun, noun_class
from pricebook.catalog.money import read_number
from pricebook.catalog.reference import Kind
from pricebook.catalog.role import Role
from pricebook.catalog.threshold_notification import USAGE
from pricebook.metronome.wire.field import link_names, read, unread, written

CLEARED: Mapping[str, object] = {
    "tags": [],
    "composite_products": [],
    "composite_tags": [],
    "pricing_group_key": [],
    "presentation_group_key": [],
    "quantity_conversion": None,
    "quantity_rounding": None,
    "exclude_free_usage": False,
    "include_composite_spend": False,
    "is_refundable": True,
    "sql_breakdown_granularity": "SERVICE_PERIOD",
}
"""What makes an update take a field of a product away: what is left out stays as it is."""

NOT_SHOWN = "(not shown)"
"""Stands for the metric of a notification, which no answer has (CustomerAlert of the SDK, 4.12)."""
BY_ALIAS = "(by alias)"
"""Stands for the card of a package that is shown without one: made on an alias that leads nowhere yet."""


def created(noun: Noun) -> dict[str, Any]:
    """The body of a create request, without marks. The order of a card's products is set by a request of its own."""
    return written(noun, without=("product_order",))


def changed_fields(observed: Noun, desired: Noun) -> list[str]:
    """The names of the fields that differ, custom fields and what follows a card's rates left out."""
    left = ("custom_fields", "aliases", "product_order")
    before, after = spec_of(observed), spec_of(desired)
    fields = type(desired).model_fields
    differ = (name for name in fields if name not in left and before.get(name) != after.get(name))
    return [name for name in differ if fields_of(type(desired))[name].role is not Role.OURS]


def updated(desired: Noun, fields: list[str]) -> dict[str, Any]:
    """The body that gives a product these fields of the desired one, without its id and instant."""
    everything = set(type(desired).model_fields)
    body = written(desired, without=everything - set(fields))
    names = {name: name.removesuffix("s") + "_ids" if name == "composite_products" else name for name in fields}
    for name in fields:
        if names[name] not in body and name in CLEARED:
            body[names[name]] = CLEARED[name]
    return body


def aliases_json(aliases: tuple[Alias, ...]) -> list[dict[str, Any]]:
    """A card's aliases for a request."""
    return [written(alias) for alias in aliases]


def read_noun(kind: Kind, data: Mapping[str, Any]) -> Noun:
    """The noun of an answer. Raises ValueError, whose text is for people, when it is none."""
    model, data = noun_class(kind), _current(kind, data)
    plain = read(model, data, set(_linked(data)))
    custom = {key: value for key, value in plain.get("custom_fields", {}).items() if key not in MARKS and value}
    plain.pop("custom_fields", None)
    return model.model_validate({**plain, "custom_fields": custom} if custom else plain)


def unread_fields(kind: Kind, data: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths of what the answer says of the object and no field of the noun does."""
    found = tuple(unread(noun_class(kind), _current(kind, data)))
    return (*found, "billing_provider") if kind is Kind.PACKAGE and _is_shown_only(data) else found


def _is_shown_only(data: Mapping[str, Any]) -> bool:
    """Whether a package has one of the billing providers that answers have and requests have not: it was made otherwise
    than by the API (SDK 4.12)."""
    return str(data.get("billing_provider")).lower() in ("metronome", "custom", "quickbooks_online", "workday")


def _current(kind: Kind, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an answer says of the object now, without the history around it."""
    if kind is Kind.PRODUCT:
        state = data.get("current") or data.get("initial") or {}
        around = ("current", "initial", "updates")
        said = {name: value for name, value in data.items() if name not in around}
        return {**said, **{name: value for name, value in state.items() if name != "starting_at"}}
    if kind is Kind.RATE_CARD:
        return _card(data)
    if kind is Kind.PACKAGE:
        provider = {"billing_provider": None} if _is_shown_only(data) else {}
        return {**data, **provider, "rate_card_id": data.get("rate_card_id") or BY_ALIAS}
    if kind is Kind.THRESHOLD_NOTIFICATION:
        metric = {"billable_metric_id": NOT_SHOWN} if data.get("type") == USAGE else {}
        return {**metric, **{name: value for name, value in data.items() if name != "status"}}
    return data


def _card(data: Mapping[str, Any]) -> dict[str, Any]:
    """Conversions are text in answers, and numbers in requests; an empty description is none."""
    conversions = []
    for conversion in data.get("credit_type_conversions") or ():
        amount = conversion.get("fiat_per_custom_credit")
        amount = read_number(amount) if isinstance(amount, str) else amount
        conversions.append({**conversion, "fiat_per_custom_credit": amount})
    return {
        **data,
        "credit_type_conversions": conversions,
        "description": data.get("description") or None,
    }


def _linked(data: Any) -> Iterator[str]:
    """The ids by which terms of a package are referred to by other terms of it."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            if name in link_names(noun_class(Kind.PACKAGE)):
                yield from (value if isinstance(value, list) else [value])
            else:
                yield from _linked(value)
    elif isinstance(data, list):
        for item in data:
            yield from _linked(item)
