"""What a YAML scalar means: YAML 1.2's core schema; numbers with a fraction or an exponent are exact decimals."""

import re
from decimal import Decimal

MAX_NUMBER = 400
"""Characters of a number, and its largest exponent either way."""

WORDS: dict[str, bool | None] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
WORDS |= {word: word[0] in "tT" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
NUMBER_START = frozenset("0123456789.+-")
_NUMBER = re.compile(
    r"(?P<int>[-+]?[0-9]++)|(?P<dec>[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE](?P<exponent>[-+]?[0-9]++))?)"
    r"|0o(?P<oct>[0-7]++)|0x(?P<hex>[0-9a-fA-F]++)|(?P<never>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_BASE = {"int": 10, "oct": 8, "hex": 16}
CORE_TYPES = {"int": int, "float": Decimal, "bool": bool, "null": type(None)}
"""Names of the core tags, besides that of text."""


def read_number(text: str) -> int | Decimal | str | None:
    """The number that a plain scalar is, else the text itself; None for a number that nothing here can carry."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    form = match.lastgroup or ""
    if form == "never" or len(text) > MAX_NUMBER:
        return None
    if form == "dec":
        return Decimal(text) if abs(int(match["exponent"] or 0)) <= MAX_NUMBER else None
    return int(match[form], _BASE[form])


def as_type(name: str, text: str) -> int | Decimal | bool | None:
    """What the text is as one of CORE_TYPES. Raises ValueError when it is none."""
    value = WORDS[text] if text in WORDS else read_number(text)
    if name == "float" and type(value) is int:
        value = Decimal(value)
    if type(value) is not CORE_TYPES[name] or (value is None and text not in WORDS) or isinstance(value, str):
        raise ValueError(text)
    return value
