"""Shares, written as people write them, with their sign: `20%` is 0.2. A bare number is refused: 20, or 0.2?"""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from pricebook.catalog.model import Violation, broken
from pricebook.problem import quote

_PERCENT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*%\Z", re.ASCII)


def percent(text: str) -> Decimal | None:
    """The share that a text such as `20%` says; None when it says none."""
    match = _PERCENT.match(text)
    return Decimal(match[1]) / 100 if match is not None else None


def _percent(value: Any) -> Any:
    share = percent(value) if isinstance(value, str) else None
    if share is None:
        written = value if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else quote(value)
        raise broken(Violation("percent", f"{written} is not a percentage", (), "write it with its sign: 20%"))
    return share


Percent = Annotated[
    Decimal,
    BeforeValidator(_percent),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,6}(\.\d{1,6})?\s*%$"}),
]
"""A share, written `20%`."""
