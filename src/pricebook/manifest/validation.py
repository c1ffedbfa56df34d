"""From data to values: validates plain data as a model and says in our words everything that is wrong with it."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pricebook.catalog.amount import Scale
from pricebook.catalog.field import ISO_OFFSET
from pricebook.catalog.reference import movable_pattern
from pricebook.catalog.violation import Path, RefusedValue, Violation
from pricebook.problem import did_you_mean, written

LIST_HINT = "the entries of a list start with -, or stand in [ ]"
M = TypeVar("M", bound=BaseModel)

_TYPES = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "decimal_type": "a number",
    "datetime_type": "an instant",
}
_TYPE_HINTS = {
    "string_type": "in quotes it is text",
    "tuple_type": "the entries of a list start with -, or stand in [ ]",
    "datetime_type": "an instant is written 2025-04-01 or 2025-04-01T00:00:00Z",
}
_BOUNDS = {
    "greater_than": ("gt", "not more than"),
    "greater_than_equal": ("ge", "less than"),
    "less_than": ("lt", "not less than"),
    "less_than_equal": ("le", "more than"),
}
_PATTERN_HINTS = {
    r"^(METRONOME|PRICEBOOK)_[A-Za-z0-9_]+$": "METRONOME_... or PRICEBOOK_...: no other secret may be sent",
    "^[a-z0-9][a-z0-9_.-]*$": "lower-case letters, digits, _ . and -, starting with a letter or digit",
    ISO_OFFSET: "P1D for a day after it, -P7D for seven days before it, PT12H for twelve hours after it",
    movable_pattern(): (
        "a kind and a name: product:pro; a pricing unit is known by its name, and is neither renamed nor let go"
    ),
}


def validated(
    model: type[M], data: object, scales: Mapping[str, Scale] | None = None
) -> tuple[M | None, list[Violation]]:
    """The value of the data, or None and every broken rule, each with its path below the data.

    `scales` are the pricing units by name, for amounts written as text with their currency.
    """
    try:
        return model.model_validate(data, context={"units": scales} if scales else None), []
    except ValidationError as error:
        return None, [v for found in error.errors() for v in _violations(found)]


def _violations(error: Any) -> list[Violation]:
    path: Path = tuple(error["loc"])
    value, context, kind = error["input"], error.get("ctx", {}), error["type"]
    if kind == "rules":
        return [Violation(v.code, v.message, path + v.at, v.hint, v.related) for v in context["violations"]]
    if kind == "missing":
        return [Violation("missing-field", f"{path[-1]} is required", path)]
    if kind == "extra_forbidden":
        # The models wrap a field that they do not have, with what they have to say of it.
        wrong = value.violation if isinstance(value, RefusedValue) else Violation("unknown-field", "not a field here")
        return [Violation(wrong.code, wrong.message, path, wrong.hint)]
    return [_violation(path, value, kind, context)]


def _violation(path: Path, value: object, kind: str, context: Mapping[str, Any]) -> Violation:
    said = written(value)
    if kind == "literal_error":
        choices = re.findall("'([^']*)'", context["expected"])
        listed = context["expected"].replace("'", "")
        hint = did_you_mean(str(value), choices)
        if choices == ["PERIODS"] and not hint:
            hint = "it is counted in periods of the recurrence: {value: 1, unit: PERIODS}"
        return Violation("not-a-choice", f"{said} is not {'one of ' if len(choices) > 1 else ''}{listed}", path, hint)
    if kind in _TYPES:
        hint = "" if isinstance(value, (Mapping, tuple)) and kind == "string_type" else _TYPE_HINTS.get(kind, "")
        hint = "nothing is written here" if value is None else hint
        return Violation("type", f"{said} is not {_TYPES[kind]}", path, hint)
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        hint = "a fraction: 0.5 is 50%" if (kind, context[name]) == ("less_than_equal", 1) else ""
        return Violation("out-of-range", f"{said} is {words} {context[name]}", path, hint)
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        said = re.sub(r"(?<=://)([^/@:]*):.*@", r"\1:***@", said)  # an address with a password in it
        return Violation("name", f"{said} has another form than {pattern}", path, _PATTERN_HINTS.get(pattern, ""))
    if kind == "string_too_long":
        most = context["max_length"]
        return Violation("too-long", f"{said} has more than {most:,} character{'s' * (most != 1)}", path)
    if kind in ("string_too_short", "too_short"):
        message = "the text is empty" if isinstance(value, str) else f"{said} is empty"
        return Violation("empty", message, path, "write something, or remove the field")
    return Violation("value", f"{said} cannot be here ({kind.replace('_', ' ')})", path)
