"""Judges answers by the vendor's OpenAPI document: their status, every field, every word, and nothing besides.

`BEYOND` lists, with reasons, where the vendor's newer SDK has more than the document; there the SDK wins.
"""

import json
import re
from functools import cache
from typing import Any

import shape_source
from jsonschema import Draft202012Validator

Schema = dict[str, Any]

BEYOND = {
    "access_type": "packages: SPEND or QUANTITY, in metronome-sdk 4.12",
    "any_commit_or_credit_template_ids": "packages: what an override is specific to, in metronome-sdk 4.12",
    "billing_cycle_config": "packages: on which invoice a subscription stands, in metronome-sdk 4.12",
    "cap": "packages: the cap of a threshold's discount, in metronome-sdk 4.12",
    "include_composite_spend": "products: in metronome-sdk 4.12",
    "proration_rounding": "packages: in metronome-sdk 4.12",
    "rounding": "packages: the rounding of a subscription's proration, in metronome-sdk 4.12",
    "spend_trackers": "packages: in metronome-sdk 4.12",
    "sql_breakdown_granularity": "products: in metronome-sdk 4.12",
    "threshold_balance_specifiers": "packages: in metronome-sdk 4.12",
    "rate_type": "packages: of a threshold's commit, and of an override's rate, in metronome-sdk 4.12",
    "duration": "packages: of a threshold's commit, in metronome-sdk 4.12",
    "rollover_fraction": "packages: of a threshold's commit, in metronome-sdk 4.12",
}
"""Fields that the SDK knows and the document does not."""

WORDS = {"DAILY": "the recurrence of a commit or credit", "CUSTOM_DATE": "the day of a usage statement"}
"""Enum words that the SDK knows and the document does not."""

STATUSES = {
    400: "what a request may not say, where the document names the success alone",
    401: "the token is missing or unknown: the document names no status for it",
    403: "the token lacks a permission: the document names no status for it",
    404: "an id that nothing has, where the document names the success alone",
    405: "no operation of the document",
    409: "a key or value that is taken (packages/create in the SDK's words), or an idempotency key used twice",
    429: "too many requests",
    500: "an injected fault",
    501: "what the sandbox does not answer",
    503: "an injected fault",
    504: "an injected fault",
}
"""Statuses that are answered with `{"message": ...}` although the document does not list them everywhere."""


def check_answer(method: str, path: str, status: int, body: bytes) -> list[str]:
    """What the document has against an answer; nothing when it is as documented."""
    name = operation_of(method, path)
    if status != 200:
        schema = _error()
        known = status in STATUSES
    else:
        if name is None:
            return [f"{method} {path} is no operation of the document, and was answered"]
        schema = response_schema(name)
        known = True
    problems = [] if known else [f"status {status} of {name}"]
    if schema is None:
        return problems + ([f"{name} has no body, but answered {body[:80]!r}"] if body else [])
    found = _validator(json.dumps(schema)).iter_errors(json.loads(body))
    return problems + [f"{name} {status}: {error.json_path} {error.message[:200]}" for error in found]


@cache
def operation_of(method: str, path: str) -> str | None:
    """The name of an operation, of the document or of the SDK alone."""
    names = [name for name, _ in shape_source.operations(shape_source.document())] + list(shape_source.SDK_ONLY)
    for name in sorted(names, key=lambda one: one.count("{")):
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(name)), f"{method} {path}"):
            return name
    return None


@cache
def response_schema(name: str) -> Schema | None:
    """The schema of a success; None where it has no body."""
    root = shape_source.document()
    if name in shape_source.SDK_ONLY:
        name = "POST /v1/billable-metrics/create"  # the SDK says the same of both: an id
    operation = dict(shape_source.operations(root))[name]
    content = operation["responses"]["200"].get("content")
    return _strict(shape_source.plain(content["application/json"]["schema"], root)) if content else None


def _error() -> Schema:
    return {"type": "object", "properties": {"message": {"type": "string", "minLength": 1}}, "required": ["message"]}


def _strict(schema: Schema) -> Schema:
    """JSON Schema that allows no field besides those that are documented."""
    made = {key: value for key, value in schema.items() if key != "nullable"}
    if "enum" in made:
        made["enum"] = sorted({*made["enum"], *map(str.lower, made["enum"]), *WORDS})
    if schema.get("nullable"):
        made["type"] = [made["type"], "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    if "items" in made:
        made["items"] = _strict(made["items"])
    if made.get("properties"):
        made["properties"] = {name: _strict(part) for name, part in made["properties"].items()}
        # The document requires a `type` of a package's credits, which it describes nowhere and the SDK does not know.
        made["required"] = [name for name in made.get("required", ()) if name in made["properties"]]
        made["properties"] = {**{name: {} for name in BEYOND}, **made["properties"]}
        made["additionalProperties"] = False
    return made


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema), format_checker=Draft202012Validator.FORMAT_CHECKER)
