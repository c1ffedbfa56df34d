"""The vendor's names for the fields of our models, both ways, from the models themselves.

Where a model of ours refers to another noun by name, the vendor has an id: `product` is `product_id`, a list of
`composite_products` is `composite_product_ids`. Answers show the same as `product: {"id", "name"}`, and links between
the terms of a package as `..._template_ids`. All other names are the vendor's already. Fields that equal their default
are not sent, and empty lists of an answer say nothing.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from pricebook.catalog.declared import marks
from pricebook.catalog.model import Model
from pricebook.catalog.reference import Reference

TEMPORARY_IDS = ("Commit", "RecurringCommit", "RecurringCredit", "Subscription")
"""The terms that a request can give an id of its own, for links within it. A credit has none (SDK 4.12)."""

_LINKS = {
    ("OverrideSpecifier", "commits"): ("commit_ids", "commit_template_ids"),
    ("OverrideSpecifier", "recurring_commits"): ("recurring_commit_ids", "recurring_commit_template_ids"),
    ("OverrideSpecifier", "any_commits_or_credits"): (
        "any_commit_or_credit_ids",
        "any_commit_or_credit_template_ids",
    ),
    ("SubscriptionConfig", "subscription"): ("subscription_id", "subscription_template_id"),
    ("Override", "tiers"): ("tiers", "override_tiers"),
}
LINKS = frozenset(name for names in list(_LINKS.values())[:4] for name in names)
"""The names under which answers refer to terms of the same package."""


def written(value: Model, *, without: Collection[str] = ()) -> dict[str, Any]:
    """The JSON object of a model whose references are ids already, without its own `without` fields."""
    model = type(value)
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        field = getattr(value, name)
        if name in without or field is None or field == info.get_default(call_default_factory=True):
            continue
        if name == "key" and not _own_key(model):
            if model.__name__ in TEMPORARY_IDS:
                found["temporary_id"] = field
            continue
        found[_names(model)[name][0]] = _json(field)
    return found


def read(model: type[Model], data: Mapping[str, Any], linked: Collection[str] = ()) -> dict[str, Any]:
    """Plain data for the model from an answer; a term whose id is one of `linked` gets it as its key."""
    found: dict[str, Any] = {}
    for name, candidates in _names(model).items():
        if name == "key" and not _own_key(model):
            if data.get("id") in linked:
                found["key"] = data["id"]
            continue
        value = next((data[candidate] for candidate in candidates if data.get(candidate) is not None), None)
        inner = _inner(model, name)
        if inner is not None:
            value = _read_models(inner, value, linked)
        elif candidates[0].endswith(("_id", "_ids")) and isinstance(value, Mapping):
            value = value.get("id")
        elif isinstance(value, Mapping) and name not in FREE:
            value = {key: item for key, item in value.items() if item is not None}
        elif isinstance(value, list):
            value = _tupled(value)
        if value not in (None, (), {}) or (name in FREE and value is not None):
            found[name] = value
    return found


FREE = frozenset(("custom_rate",))
"""Fields of the vendor that hold whatever they were given: nothing in them is nothing said, not even an empty one."""
KEPT = frozenset(
    ("id", "created_at", "created_by", "updated_at", "updated_by", "archived_at", "uniqueness_key", "temporary_id")
)
"""What an account says of every object that is no part of what the object is."""


def unread(model: type[Model], data: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """The paths of what an answer says and `read` has no field for. Nothing said (null, empty) is nothing."""
    known = {candidate: name for name, candidates in _names(model).items() for candidate in (name, *candidates)}
    for key, value in data.items():
        path = f"{at}.{key}" if at else key
        if value in (None, "", [], {}) or key in KEPT:
            continue
        if key not in known:
            yield path
        elif (inner := _inner(model, known[key])) is not None:
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


def _own_key(model: type[Model]) -> bool:
    """Whether `key` is the vendor's own field and not our name for a term."""
    return "value" in model.model_fields


@cache
def _names(model: type[Model]) -> dict[str, tuple[str, ...]]:
    """Of each field of ours the names in a request and in an answer; the first is the one to write."""
    names: dict[str, tuple[str, ...]] = {}
    for name, info in model.model_fields.items():
        if (model.__name__, name) in _LINKS:
            names[name] = _LINKS[model.__name__, name]
        elif any(isinstance(mark, Reference) for mark in (*info.metadata, *marks(info.annotation))):
            plural = any(mark is tuple or getattr(mark, "__origin__", None) is tuple for mark in marks(info.annotation))
            names[name] = (f"{name.removesuffix('s')}_ids",) if plural else (f"{name}_id", name)
        else:
            names[name] = (name,)
    return names


@cache
def _inner(model: type[Model], name: str) -> type[Model] | None:
    """The model of a field that holds one, or a list of them."""
    found = marks(model.model_fields[name].annotation)
    return next((mark for mark in found if isinstance(mark, type) and issubclass(mark, Model)), None)
