"""Known differences, of an account or of another list: what is accepted for a while, why, and until when."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from pricebook.catalog.instant import instant_words
from pricebook.catalog.model import Instant, Model, Text
from pricebook.manifest.locate import NodePath
from pricebook.manifest.place import read_one
from pricebook.problem import Problem, quote, reject
from pricebook.span import Span

MAX_FILE = 1 << 20
"""Bytes of the file."""


class Acceptance(Model):
    """One known difference, or several by a pattern: `*` stands for anything."""

    what: Text
    """The object as the report names it: `rate-card:tokens`."""
    part: Text = "*"
    """The price or field as the report names it; everything of the object by default."""
    reason: Text
    """Why it is accepted, and by whom."""
    until: Instant
    """When it ends to be accepted (exclusive)."""


class Acceptances(Model):
    """The content of the file."""

    accept: Annotated[tuple[Acceptance, ...], Field(min_length=1)]
    """What is known."""


class Known(NamedTuple):
    """An acceptance and where it stands."""

    acceptance: Acceptance
    at: Span

    def covers(self, ref: str, part: str) -> bool:
        """Whether it is about this."""
        return fnmatchcase(ref, _plain(self.acceptance.what)) and fnmatchcase(part, _plain(self.acceptance.part))

    @property
    def words(self) -> str:
        """`waiting for legal, until 2026-03-01`."""
        return f"{self.acceptance.reason}, until {instant_words(self.acceptance.until)}"

    def ended(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.acceptance.until <= now


def read_acceptances(path: Path) -> tuple[Known, ...]:
    """The acceptances of a file, in its order. Raises Rejected."""
    found = read_one(Acceptances, Path(), str(path), limit=MAX_FILE, beside="put all of them under one accept:")
    if found is None:
        raise reject("empty", f"{path} is not one document", Span(str(path)), "it starts with accept:")
    paths: list[NodePath] = [("accept", index) for index in range(len(found.value.accept))]
    spans = found.spans(paths)
    return tuple(Known(each, spans[at]) for each, at in zip(found.value.accept, paths, strict=True))


class Accepted:
    """What is known at an instant, and which of it something needed."""

    def __init__(self, known: Iterable[Known], now: datetime) -> None:
        self._known, self._now = tuple(known), now
        self._used: set[int] = set()

    def find(self, ref: str, part: str) -> Known | None:
        """The first acceptance that is about a difference and has not ended."""
        for index, each in enumerate(self._known):
            if each.covers(ref, part) and not each.ended(self._now):
                self._used.add(index)
                return each
        return None

    def findings(self) -> Iterator[Problem]:
        """A finding for each acceptance that ended, or that nothing needed."""
        for index, each in enumerate(self._known):
            what = f"{each.acceptance.what} {each.acceptance.part}".removesuffix(" *")
            if each.ended(self._now):
                message = f"{quote(what)} was accepted until {instant_words(each.acceptance.until)}"
                hint = "mend the difference, or accept it anew with another date"
                yield Problem("acceptance-ended", message, each.at, hint, severity="warning")
            elif index not in self._used:
                message = f"{quote(what)} is accepted, but there is no such difference"
                yield Problem("acceptance-unused", message, each.at, "remove the entry", severity="warning")


def _plain(pattern: str) -> str:
    """Only `*` is a pattern: names may hold brackets and question marks."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
