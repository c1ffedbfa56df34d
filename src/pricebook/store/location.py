"""Where a store is: its URL, the file behind it, and how it may be named to people.

A URL can hold a password, so it is shown only through `masked`.
"""

import re
from pathlib import Path

from pricebook.apply.ports import StoreError

SQLITE = "sqlite:///"
POSTGRES = "postgresql+psycopg://"
_PASSWORD = re.compile(r"(?<=://)([^/@:]*):.*@")
_SECRET = re.compile(r"(?i)([?&;][^=&;]*(?:password|secret|token)[^=&;]*=)[^&;]*")


def masked(url: str) -> str:
    """The URL without its secrets: `postgresql://billing:***@db/prices`."""
    return _SECRET.sub(r"\1***", _PASSWORD.sub(r"\1:***@", url))


def database_path(url: str) -> Path:
    """The file of `sqlite:///relative.db` or `sqlite:////absolute.db`. Raises StoreError for any other URL."""
    scheme, mark, name = url.partition(":///")
    if not mark or scheme != "sqlite":
        hint = f"write {SQLITE}prices.db, with four slashes for an absolute path, or {POSTGRES}user@host/database"
        raise StoreError(f"{masked(url)} is not a store that can be opened here", hint)
    if not name or name == ":memory:" or "?" in name:
        what = "has options after the file's name" if "?" in name else "names no file"
        raise StoreError(f"{masked(url)} {what}", "write sqlite:///prices.db")
    return Path(name)
