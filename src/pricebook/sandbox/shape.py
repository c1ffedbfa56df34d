"""What a request's body may be, as the vendor's own schemas say it (shape.json) and jsonschema judges it; every problem
at once.

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

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from jsonschema.protocols import Validator

from pricebook.account.refusal import Refused
from pricebook.catalog.money import plain
from pricebook.catalog.violation import Path
from pricebook.problem import did_you_mean

BodySchema = dict[str, Any]

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
    made = _spelled(schema, body)
    found = {problem for error in _judge(endpoint).iter_errors(made) for problem in _problems(error)}
    if found:
        texts = [text for _, text in sorted(found, key=lambda problem: _order(made, problem[0]))]
        more = f"; and {len(texts) - MOST} more" if len(texts) > MOST else ""
        raise Refused(400, "; ".join(texts[:MOST]) + more)
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


def _spelled(schema: BodySchema, value: object) -> object:
    """The value in the vendor's spelling; what cannot be spelled so is left, for the schema to judge."""
    if isinstance(value, dict):
        known, rest = schema.get("properties", {}), schema.get("additionalProperties")
        rest = rest if isinstance(rest, dict) else None
        return {name: _spelled(part, v) if (part := known.get(name, rest)) else v for name, v in value.items()}
    if isinstance(value, list) and "items" in schema:
        return [_spelled(schema["items"], part) for part in value]
    if isinstance(value, str) and "enum" in schema:
        return next((word for word in schema["enum"] if word is not None and word.lower() == value.lower()), value)
    if isinstance(value, str) and schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]][0](value) or value
    if isinstance(value, Decimal) and "integer" in _types(schema) and value == value.to_integral_value():
        return Decimal(int(value))
    return value


def _types(schema: BodySchema) -> tuple[str, ...]:
    kind = schema.get("type", ())
    return (kind,) if isinstance(kind, str) else tuple(kind)


@cache
def _judge(endpoint: str) -> Validator:
    """What judges the bodies of an endpoint. Its numbers are the exact ones that `wire.decode` makes."""
    types = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "number": lambda _, value: isinstance(value, Decimal),
            "integer": lambda _, value: isinstance(value, Decimal) and value == value.to_integral_value(),
        }
    )
    formats = FormatChecker(formats=())
    for name, (read, _) in _FORMATS.items():
        formats.checks(name)(lambda value, read=read: not isinstance(value, str) or read(value) is not None)
    judge = validators.extend(Draft202012Validator, type_checker=types)
    return judge(shapes()["requests"][endpoint], format_checker=formats)


def _problems(error: ValidationError) -> Iterator[tuple[Path, str]]:
    """What is wrong and where, in the words of an API."""
    at, value, limit = tuple(error.absolute_path), error.instance, error.validator_value
    match error.validator:
        case "required":
            yield from (((*at, name), f"{_name((*at, name))} is required") for name in limit if name not in value)
        case "additionalProperties":
            known = error.schema["properties"]
            for name in value.keys() - known.keys():
                hint = did_you_mean(name, known)
                yield (*at, name), f"{_name((*at, name[:100]))} is unknown" + (f" ({hint})" if hint else "")
        case "type":
            yield at, f"{_name(at)} must be {_NOUNS[_types(error.schema)[0]]}"
        case "enum" if isinstance(value, str):
            yield at, f"{_name(at)} must be one of {', '.join(filter(None, limit))}, not {_shown(value)}"
        case "format":
            yield at, f"{_name(at)} must be {_FORMATS[limit][1]}, not {_shown(value)}"
        case "minimum":
            yield at, f"{_name(at)} must be at least {limit}, not {plain(value)}"
        case "minItems" | "maxItems" | "minLength" | "maxLength" as bound:
            side, what = "least" if bound[:3] == "min" else "most", "items" if bound[3:] == "Items" else "characters"
            yield at, f"{_name(at)} must have at {side} {limit} {what}"


def _name(path: Path) -> str:
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return parts.removeprefix(".") or "the body"


def _order(body: Any, path: Path) -> list[int]:
    """Problems are told in the order of the body; what is missing in it before what is there."""
    places = []
    for part in path:
        places.append(part if isinstance(part, int) else list(body).index(part) if part in body else -1)
        body = body[part] if places[-1] >= 0 else ()
    return places


def _shown(value: str) -> str:
    return json.dumps(value if len(value) <= 60 else value[:60] + "...")


_FORMATS = {"uuid": (read_uuid, "a UUID"), "date-time": (read_instant, "an RFC 3339 timestamp")}
_NOUNS = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}
