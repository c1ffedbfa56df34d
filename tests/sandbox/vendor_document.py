"""Judges answers by the types of the vendor's SDK: their status, every field, every word, and nothing besides.

The SDK is newer than the vendor's OpenAPI document; where they differ it wins. `BEYOND` has, with reasons, what is
answered all the same.
"""

import json
import re
from functools import cache
from typing import Any

import sdk
from jsonschema import Draft202012Validator

Schema = dict[str, Any]

BEYOND = {
    "package_id": "v2 contracts: the document has it, as beta; who reads contracts has no other way to their packages",
}
"""Fields that the document knows and the SDK does not."""

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
    """What the SDK has against an answer; nothing when it is as its types say."""
    name = operation_of(method, path)
    if status != 200:
        schema: Schema | None = _ERROR
        problems = [] if status in STATUSES else [f"status {status} of {name}"]
    elif name is None:
        return [f"{method} {path} is no endpoint of the SDK, and was answered"]
    else:
        schema, problems = sdk.answer_schema(name), []
    if schema is None:
        return problems + ([f"{name} has no body, but answered {body[:80]!r}"] if body else [])
    found = _validator(json.dumps(schema)).iter_errors(json.loads(body))
    return problems + [f"{name} {status}: {error.json_path} {error.message[:200]}" for error in found]


@cache
def operation_of(method: str, path: str) -> str | None:
    """The name of an endpoint of the SDK."""
    for name in sorted(sdk.operations(), key=lambda one: one.count("{")):
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(name)), f"{method} {path}"):
            return name
    return None


_ERROR = {"type": "object", "properties": {"message": {"type": "string", "minLength": 1}}, "required": ["message"]}


@cache
def _validator(schema: str) -> Draft202012Validator:
    whole: Schema = json.loads(schema)
    listed = whole.get("properties", {}).get("data", {}).get("items", {})
    for model in (listed, *whole.get("$defs", {}).values()):
        if "usage_filter" in model.get("properties", {}):  # a contract as version 2 has it
            model["properties"] |= {name: {} for name in BEYOND}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
