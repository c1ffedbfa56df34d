"""The vendor's OpenAPI document as a judge of the adapter's requests.

The document is the one that https://docs.metronome.com/openapi.json served; it is older than the vendor's SDK in
places. `NEWER` lists, with the type of the SDK (metronome-sdk 4.12) that has it, whatever goes beyond the document.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

from pricebook.catalog.canonical import decode

DOCUMENT = Path(__file__).parents[1] / "sandbox" / "metronome-openapi.json"

NEWER_PATHS: Mapping[tuple[str, str], dict[str, Any]] = {
    # PricingUnitCreateParams, PricingUnitArchiveParams
    ("POST", "/v1/credit-types/create"): {"type": "object", "required": ["name"], "properties": {"name": {}}},
    ("POST", "/v1/credit-types/archive"): {"type": "object", "required": ["id"], "properties": {"id": {}}},
}
NEWER_FIELDS: Mapping[str, str] = {
    "access_type": "PackageCreateParams",
    "add_credit_type_conversions": "RateCardUpdateParams",
    "any_commit_or_credit_ids": "PackageCreateParams",
    "billing_cycle_config": "PackageCreateParams",
    "cap": "SpendThresholdConfiguration, PrepaidBalanceThresholdConfiguration",
    "include_composite_spend": "ProductCreateParams, ProductUpdateParams",
    "proration_rounding": "PackageCreateParams",
    "rounding": "PackageCreateParams",
    "spend_trackers": "PackageCreateParams",
    "sql_breakdown_granularity": "ProductCreateParams, ProductUpdateParams",
    "threshold_balance_specifiers": "PrepaidBalanceThresholdConfiguration",
}
"""Fields of requests that the SDK has, by the type that has them, and the document has not."""


def request_problems(method: str, path: str, body: Any) -> list[str]:
    """What the document has against the body of a request, unknown fields included."""
    if (method, path) in NEWER_PATHS:
        schema = NEWER_PATHS[method, path]
    else:
        operation = _operation(method, path)
        if operation is None:
            return [f"{method} {path} is not in the document"]
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return [] if body is None else [f"{method} {path} takes no body"]
        schema = content["schema"]
    return _problems(schema, body)


def _problems(schema: Any, body: Any) -> list[str]:
    validator = Draft4Validator({**schema, "components": _document()["components"]})
    found = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in validator.iter_errors(body)
    ]
    return found + [
        f"{at} is not in the document" for at in _unknown(schema, body, "") if at.rpartition("/")[2] not in NEWER_FIELDS
    ]


def _unknown(schema: Any, data: Any, at: str) -> Iterator[str]:
    schema = _resolved(schema)
    if isinstance(data, list):
        for item in data:
            yield from _unknown(schema.get("items", {}), item, at)
    elif isinstance(data, Mapping):
        fields = dict(_fields(schema))
        open_ = not fields or _open(schema)
        for name, value in data.items():
            if name in fields:
                yield from _unknown(fields[name], value, f"{at}/{name}")
            elif not open_:
                yield f"{at}/{name}"


def _fields(schema: Any) -> Iterator[tuple[str, Any]]:
    schema = _resolved(schema)
    yield from schema.get("properties", {}).items()
    for word in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(word, ()):
            yield from _fields(part)


def _open(schema: Any) -> bool:
    return bool(schema.get("additionalProperties"))


def _resolved(schema: Any) -> Any:
    while isinstance(schema, Mapping) and "$ref" in schema:
        found: Any = _document()
        for name in schema["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        schema = found
    return schema


@cache
def _operation(method: str, path: str) -> Any:
    for template, operations in _document()["paths"].items():
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            return operations[method.lower()]
    return None


@cache
def _document() -> Any:
    return _nullable(decode(DOCUMENT.read_text(encoding="utf-8")))


def _nullable(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(value, list):
        return [_nullable(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: _nullable(item) for key, item in value.items()}
    if value.pop("nullable", False) is True and isinstance(value.get("type"), str):
        value["type"] = [value["type"], "null"]
        if "enum" in value:
            value["enum"] = [*value["enum"], None]
    return value
