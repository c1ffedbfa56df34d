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

from pricebook.sandbox.service import Sandbox
from pricebook.sandbox.wire import Answer, Request

Schema = dict[str, Any]

BEYOND = {
    (
        "usage_filter",
        "package_id",
    ): "v2 contracts: the document has it, as beta; who reads contracts has no other way to their packages",
    ("rate_type", "minimum_config"): "rates: the document has it, for accounts with composite minimums",
    ("pricing_group_values", "exclude"): "specifiers: the document has it",
}
"""Fields that the document knows and the SDK does not, each with a field that tells the models that have it."""

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


def judged(sandbox: Sandbox) -> list[str]:
    """From now on, what the SDK has against the sandbox's answers is put into this list."""
    problems: list[str] = []
    answering = sandbox.handle

    def handle(request: Request) -> Answer:
        answer = answering(request)
        if not answer.broken and not any(fault.kind == "truncate" for fault in sandbox.faults):
            problems.extend(check_answer(request.method, request.path, answer.status, answer.body))
        return answer

    sandbox.handle = handle  # type: ignore[method-assign]
    return problems


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
    _widen(whole)
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _widen(schema: Any) -> None:
    """Allow what is beyond the SDK, wherever it may stand."""
    for part in schema if isinstance(schema, list) else schema.values() if isinstance(schema, dict) else ():
        _widen(part)
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if isinstance(properties, dict):
        properties |= {name: {} for mark, name in BEYOND if mark in properties}
