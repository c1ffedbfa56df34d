"""The vendor's names for the fields of our models, both ways, from the models themselves.

Where a model of ours refers to another noun by name, the vendor has an id: `product` is `product_id`, a list of
`composite_products` is `composite_product_ids`. Answers show the same as `product: {"id", "name"}`, and links between
the terms of a package as `..._template_ids`. All other names are the vendor's already. Fields that equal their default
are not sent, and empty lists of an answer say nothing.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from pricebook.catalog.declared import fields_of
from pricebook.catalog.model import Model
from pricebook.catalog.role import Role

TEMPORARY_IDS = ("Commit", "RecurringCommit", "RecurringCredit", "Subscription")
"""The terms that a request can give an id of its own, for links within it. A credit has none (SDK 4.12)."""

_SHOWN_AS = {("Override", "tiers"): ("override_tiers",), ("ThresholdNotification", "alert_type"): ("type",)}
"""Fields that answers have under another name."""


def written(value: Model, *, without: Collection[str] = ()) -> dict[str, Any]:
    """The JSON object of a model whose references are ids already, without its own `without` fields."""
    model = type(value)
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        field = getattr(value, name)
        mark = fields_of(model)[name].role
        if (
            name in without
            or mark is Role.OURS
            or field is None
            or field == info.get_default(call_default_factory=True)
        ):
            continue
        if mark is Role.IDENTITY:
            if model.__name__ in TEMPORARY_IDS:
                found["temporary_id"] = field
            continue
        found[names_of(model)[name][0]] = _json(field)
    return found


def read(model: type[Model], data: Mapping[str, Any], linked: Collection[str] = ()) -> dict[str, Any]:
    """Plain data for the model from an answer; a term whose id is one of `linked` gets it as its key."""
    found: dict[str, Any] = {}
    for name, candidates in names_of(model).items():
        if fields_of(model)[name].role is Role.OURS:
            continue
        if fields_of(model)[name].role is Role.IDENTITY:
            if data.get("id") in linked:
                found["key"] = data["id"]
            continue
        value = next((data[each] for each in candidates if data.get(each) not in (None, NO_UNIT)), None)
        inner = fields_of(model)[name].model
        if inner is not None:
            value = _read_models(inner, value, linked)
        elif candidates[0].endswith(("_id", "_ids")) and isinstance(value, Mapping):
            value = value.get("id")
        elif isinstance(value, Mapping) and name not in FREE:
            value = {key: item for key, item in value.items() if item is not None}
        elif isinstance(value, list):
            value = _tupled(value)
        if value not in (None, (), {}, NO_UNIT) or (name in FREE and value is not None):
            found[name] = value
    return found


NO_UNIT = "00000000-0000-0000-0000-000000000000"
"""What stands where units used are counted, and no money: "Quantity-based recurring commits and credits return the null
credit type UUID" (SDK)."""
FREE = frozenset(("custom_rate",))
"""Fields of the vendor that hold whatever they were given: nothing in them is nothing said, not even an empty one."""
KEPT = frozenset(
    ("id", "created_at", "created_by", "updated_at", "updated_by", "archived_at", "uniqueness_key", "temporary_id")
)
"""What an account says of every object that is no part of what the object is."""


def unread(model: type[Model], data: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """The paths of what an answer says and `read` has no field for. Nothing said (null, empty) is nothing."""
    known = {candidate: name for name, candidates in names_of(model).items() for candidate in (name, *candidates)}
    for key, value in data.items():
        path = f"{at}.{key}" if at else key
        if value in (None, "", [], {}) or key in KEPT:
            continue
        if key not in known:
            yield path
        elif isinstance(value, Mapping) and fields_of(model)[known[key]].model is None and known[key] not in FREE:
            yield from (f"{path}.{name}" for name, item in value.items() if item is None)  # narrower than without it
        elif (inner := fields_of(model)[known[key]].model) is not None:
            for index, item in enumerate(value) if isinstance(value, list) else ((None, value),):
                if isinstance(item, Mapping):
                    yield from unread(inner, item, path if index is None else f"{path}[{index}]")


def _read_models(inner: type[Model], value: Any, linked: Collection[str]) -> Any:
    if isinstance(value, list):
        return tuple(read(inner, item, linked) for item in value)
    return read(inner, value, linked) if isinstance(value, Mapping) else value


def _json(value: Any) -> Any:
    if isinstance(value, Model):
        return written(value)
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    return value


def _tupled(value: Any) -> Any:
    return tuple(map(_tupled, value)) if isinstance(value, list) else value


def our_names(model: type[Model]) -> dict[str, str]:
    """The fields of requests that have another name in our models, in whatever is below a model, and that name."""
    found = {wire: name for name, wire in request_names(model).items() if wire != name}
    for field in fields_of(model).values():
        found |= our_names(field.model) if field.model is not None else {}
    return found


def request_names(model: type[Model]) -> dict[str, str]:
    """The fields of a model, with their names in a request."""
    fields = fields_of(model).items()
    return {name: "temporary_id" if f.role is Role.IDENTITY else names_of(model)[name][0] for name, f in fields}


@cache
def link_names(model: type[Model]) -> frozenset[str]:
    """The names under which requests and answers refer to terms of the same package, in whatever is below a model."""
    found: set[str] = set()
    for name, field in fields_of(model).items():
        found |= set(names_of(model)[name]) if field.links else set()
        found |= link_names(field.model) if field.model is not None else set()
    return frozenset(found)


@cache
def names_of(model: type[Model]) -> dict[str, tuple[str, ...]]:
    """Of each field of ours the names in a request and in an answer; the first is the one to write."""
    names: dict[str, tuple[str, ...]] = {}
    for name, field in fields_of(model).items():
        stem = re.sub(r"s(?=_|\Z)", "", name) if field.links else name.removesuffix("s") if field.many else name
        ids = "ids" if field.many else "id"
        if field.links:
            names[name] = (f"{stem}_{ids}", f"{stem}_template_{ids}")
        elif field.refers is not None:
            names[name] = (f"{stem}_{ids}",) if field.many else (f"{stem}_{ids}", name)
        else:
            names[name] = (name, *_SHOWN_AS.get((model.__name__, name), ()))
    return names
