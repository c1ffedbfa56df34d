"""JSON as it stands on the wire, requests and answers. Numbers are exact decimals in both directions.

A number that a reader with doubles would round is not rounded here: what was written is what is read back.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from pricebook.account.refusal import Refused
from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import EXACT, plain

MAX_EXPONENT = 60
"""Decimal places before and after the point that a number may have: a bound on hostile input."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `headers` have lower-case names; `query` has the last value of each parameter."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. `broken` says that the connection ends without it; `slowly` is how many seconds it takes."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    broken: bool = False
    slowly: float = 0.0


def decode(text: bytes) -> object:
    """The data of a body. Raises Refused (400) for anything that is no JSON, or cannot be kept."""
    try:
        data: object = _DECODER.decode(text.decode("utf-8"))
        json.dumps(data, ensure_ascii=False, default=str).encode("utf-8")  # half a surrogate pair is no text
    except (ValueError, RecursionError, ArithmeticError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Refused(400, f"the body is not JSON that can be read: {reason}") from None
    return data


class RawJson(str):
    """JSON text that stands for itself in `encode`: what is shown a hundred times on a page is made once."""

    __slots__ = ()


def encode(value: object) -> str:
    """JSON text of plain data with exact decimals. Keys stay in their order; what is None stays null."""
    if value is None:
        return "null"
    if isinstance(value, RawJson):
        return value
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{quoted(key)}:{encode(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(encode, value)) + "]"
    raise TypeError(f"no JSON for {type(value).__name__}")


def answer(data: object, status: int = 200) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, encode(data).encode(), {"content-type": "application/json"})


def refusal(refused: Refused) -> Answer:
    """The vendor's error shape."""
    return answer({"message": refused.message}, refused.status)


def stamp(instant: str | None) -> str | None:
    """An instant as the vendor writes it, where there is one: `2025-04-01T00:00:00.000Z`."""
    return instant if instant is None or "." in instant else instant.replace("Z", ".000Z")


def stamp_at(instant: datetime) -> str:
    """The same of an instant that is one."""
    return instant_text(instant).replace("Z", ".000Z")


def known(**fields: object) -> dict[str, Any]:
    """The fields that say something: those without a value are left out of an answer."""
    return {name: value for name, value in fields.items() if value is not None}


def _number(text: str) -> Decimal:
    value = EXACT.create_decimal(text)
    if value and abs(value.adjusted()) > MAX_EXPONENT:
        raise ValueError(f"{text[:40]} is a number too large or too small")
    return value


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a name that stands twice, a reader takes the first and another one the last: so it is refused."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
        raise ValueError(f"{json.dumps(twice[:60])} stands twice in one object")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_int=_number, parse_constant=_refuse)
