"""What a request's body may be, as the vendor's own schemas say it (shape.json); every problem at once.

Enum words are accepted in either case and handed on in the vendor's one spelling; ids in lower case, instants in UTC.
What the schemas do not name is refused [assumed]: a field that was misspelt must not be lost without a word.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from pricebook.catalog.money import plain
from pricebook.problem import did_you_mean
from pricebook.sandbox.wire import Refused

Schema = dict[str, Any]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.ASCII | re.IGNORECASE)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
MOST = 20
"""Problems that are named in one answer."""


@cache
def shapes() -> dict[str, Any]:
    """The file: `requests` by endpoint, and `unsupported` endpoints."""
    text = files("pricebook.sandbox").joinpath("shape.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def checked(endpoint: str, body: object) -> Any:
    """The body in one spelling. Raises Refused (400) with everything that is wrong with it."""
    schema = shapes()["requests"][endpoint]
    if schema is None:
        return {}
    problems: list[str] = []
    made = _value(schema, body, "", problems)
    if problems:
        more = f"; and {len(problems) - MOST} more" if len(problems) > MOST else ""
        raise Refused(400, "; ".join(problems[:MOST]) + more)
    return made


def read_uuid(text: str) -> str | None:
    """An id in lower case; None for anything else."""
    return text.lower() if _UUID.match(text) else None


def read_instant(text: str) -> str | None:
    """`2025-04-01T00:00:00Z`, in UTC; None for anything else."""
    if not _INSTANT.match(text):
        return None
    try:
        value = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    form = "milliseconds" if value.microsecond else "seconds"
    return value.isoformat(timespec=form).replace("+00:00", "Z")


def _value(schema: Schema, value: object, at: str, problems: list[str]) -> object:
    if value is None and schema.get("nullable"):
        return None
    kind = schema.get("type")
    if kind is None:
        return value
    made = _READERS[kind](schema, value, at, problems)
    if made is None:
        problems.append(f"{at or 'the body'} must be {_NOUNS[kind]}")
    return made


def _object(schema: Schema, value: object, at: str, problems: list[str]) -> object:
    if not isinstance(value, dict):
        return None
    properties, free = schema.get("properties", {}), schema.get("additionalProperties", not schema.get("properties"))
    head = f"{at}." if at else ""
    problems += [f"{head}{name} is required" for name in schema.get("required", ()) if name not in value]
    made = {}
    for name, part in value.items():
        if name in properties:
            made[name] = _value(properties[name], part, head + name, problems)
        elif isinstance(free, dict):
            made[name] = _value(free, part, head + name, problems)
        elif free:
            made[name] = part
        else:
            hint = did_you_mean(name, properties)
            problems.append(f"{head}{name[:100]} is unknown" + (f" ({hint})" if hint else ""))
    return made


def _array(schema: Schema, value: object, at: str, problems: list[str]) -> object:
    if not isinstance(value, list):
        return None
    problems += _bounds(len(value), schema.get("minItems"), schema.get("maxItems"), at or "the body", "items")
    items = schema.get("items", {})
    return [_value(items, part, f"{at}[{index}]", problems) for index, part in enumerate(value)]


def _string(schema: Schema, value: object, at: str, problems: list[str]) -> object:
    if not isinstance(value, str):
        return None
    problems += _bounds(len(value), schema.get("minLength"), schema.get("maxLength"), at, "characters")
    if "enum" in schema:
        return _word(schema["enum"], value, at, problems)
    if schema.get("format") == "uuid" and (value := read_uuid(found := value) or "") == "":
        problems.append(f"{at} must be a UUID, not {_shown(found)}")
    elif schema.get("format") == "date-time" and (value := read_instant(found := value) or "") == "":
        problems.append(f"{at} must be an RFC 3339 timestamp, not {_shown(found)}")
    return value


def _word(words: list[str], value: str, at: str, problems: list[str]) -> str:
    for word in words:
        if word.lower() == value.lower():
            return word
    problems.append(f"{at} must be one of {', '.join(words)}, not {_shown(value)}")
    return value


def _number(schema: Schema, value: object, at: str, problems: list[str]) -> object:
    if not isinstance(value, Decimal):
        return None
    if schema["type"] == "integer":
        if value != value.to_integral_value():
            return None
        value = Decimal(int(value))
    least = schema.get("minimum")
    if least is not None and value < least:
        problems.append(f"{at} must be at least {least}, not {plain(value)}")
    return value


def _boolean(_: Schema, value: object, at: str, problems: list[str]) -> object:
    return value if isinstance(value, bool) else None


def _bounds(size: int, least: int | None, most: int | None, at: str, what: str) -> Iterator[str]:
    if least is not None and size < least:
        yield f"{at} must have at least {least} {what}"
    if most is not None and size > most:
        yield f"{at} must have at most {most} {what}"


def _shown(value: str) -> str:
    return json.dumps(value if len(value) <= 60 else value[:60] + "...")


_READERS = {
    "object": _object,
    "array": _array,
    "string": _string,
    "number": _number,
    "integer": _number,
    "boolean": _boolean,
}
_NOUNS = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}
