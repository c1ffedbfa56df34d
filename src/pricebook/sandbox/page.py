"""Pages: `limit` (1..100) and `next_page` of a list, as query parameters.

A cursor is opaque; one that no page of this account gave is a 400.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping

from pricebook.account.refusal import Refused

MOST = 100
Position = tuple[int, int]
"""Where the next page begins: after the object of this number, and for a schedule at which of its segments."""


def read_limit(query: Mapping[str, str], default: int = MOST) -> int:
    """How many are asked for. Raises Refused (400)."""
    text = query.get("limit")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST):
        raise Refused(400, f"limit must be a whole number from 1 to {MOST}, not {text[:40]!r}")
    return int(text)


def read_position(query: Mapping[str, str]) -> Position:
    """Where the page begins. Raises Refused (400)."""
    text = query.get("next_page")
    if not text:
        return (0, 0)
    try:
        kind, first, second = urlsafe_b64decode(text.encode("ascii")).decode("ascii").split(":")
        if kind == "page":
            return (int(first), int(second))
    except (ValueError, Error):
        pass
    raise Refused(400, f"next_page {text[:60]!r} is no cursor of this account")


def cursor(position: Position) -> str:
    """The text of a position."""
    return urlsafe_b64encode(f"page:{position[0]}:{position[1]}".encode()).decode()
