"""Canonical JSON: the one text of a value, the same for every layout, key order and number of trailing zeros.

Keys are sorted, numbers are exact decimals in plain notation, no white space. Digests are taken over this text, stores
keep it, plan files are written in it. `decode(encode(x))` is x; `encode(decode(text))` is text.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from json.encoder import encode_basestring as quoted
from typing import Any

from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import plain

__all__ = ["decode", "digest", "encode", "quoted", "scan"]


def encode(value: object) -> str:
    """The canonical text of plain data: mappings, lists and tuples, text, bool, int, Decimal, datetime, None.

    A float is refused (TypeError): no binary fraction may enter.
    """
    if value is None:
        return "null"
    if isinstance(value, str):
        return quoted(value.value if isinstance(value, Enum) else value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{quoted(k)}:{encode(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(encode, value)) + "]"
    if isinstance(value, datetime):
        return quoted(instant_text(value))
    raise TypeError(f"no canonical form for {type(value).__name__}")


def decode(text: str) -> object:
    """Data from JSON text; a number with a fraction or exponent becomes a Decimal. Raises ValueError."""
    data: object = _DECODER.decode(text)
    return data


def digest(text: str) -> str:
    """24 hexadecimal digits (96 bits) of BLAKE2b over the text: short enough for the vendor's 128-character keys."""
    return blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not a number that can be carried")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
"""`json.loads` with an option makes a decoder for each call."""
scan: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once  # type: ignore[attr-defined]  # not in the stubs
"""The value that begins at a position of a text, and where it ends; nothing may stand before it."""
