"""Errors as values: everything before the first side effect collects problems, and reports all of them.

One exception, `Rejected`, carries them to the command line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple
from urllib.parse import quote as quote_address

from pricebook import SITE
from pricebook.span import Span

Severity = Literal["error", "warning", "note"]


class Related(NamedTuple):
    """Another place that belongs to a problem, with a word on what it is."""

    word: str
    at: Span


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it stands, and the way out.

    `code` is a stable kebab-case id. `message` names the value as written and the rule it breaks.
    `related` are other places that belong to it. `more` counts further
    problems of the same kind that were seen but are not listed one by one (bad rows of a large table). A finding is a
    problem too: `subject` is the ref of the object that it is about, as text, and `waived` says why it is accepted, by
    whom and until when; empty: it is not. `url` is where the code is explained; a rule of the company's own (`own`) has
    no such place.
    """

    code: str
    message: str
    at: Span | None = None
    hint: str = ""
    related: tuple[Related, ...] = ()
    severity: Severity = "error"
    more: int = 0
    subject: str = ""
    waived: str = ""
    own: bool = field(default=False, metadata={"hidden": True})
    url: str = field(default="", init=False, metadata={"optional": True})

    def __post_init__(self) -> None:
        if not self.own:
            object.__setattr__(self, "url", address(self.code))


def address(code: str) -> str:
    """Where a code of an error, a rule or a hazard is explained."""
    return f"{SITE}/errors/#{quote_address(code, errors='replace')}"


class Rejected(Exception):  # noqa: N818 - the design's name: the input was rejected, the program did not err
    """The input cannot be used. `problems` says everything that is wrong with it; nothing was written."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("; ".join(f"{p.code}: {p.message}" for p in self.problems[:3]))


def reject(code: str, message: str, at: Span | None = None, hint: str = "") -> Rejected:
    """The exception for a single problem."""
    return Rejected([Problem(code, message, at, hint)])


def missing_extra(what: str, extra: str, error: ImportError) -> Rejected:
    """The exception for what needs a library that an extra of ours brings."""
    message = f"{what} needs {error.name}, which is not installed"
    return reject("missing-extra", message, hint=f"pip install 'pricebook[{extra}]'")


def unlisted(count: int, what: str, at: Span) -> list[Problem]:
    """What stands for so many further problems of one kind that are not listed one by one."""
    return [Problem("more", f"{count:,} more {what} are not listed", at, more=count)] if count > 0 else []


def quote(value: object, limit: int = 60) -> str:
    """A text as written, in double quotes, short enough for a message."""
    text = str(value)
    return f'"{text if len(text) <= limit else text[: limit - 1] + "…"}"'


def written(value: object) -> str:
    """A value of a manifest as a person wrote it, in a few words: text in quotes, `true`, `null`, `12.5`, `a list`."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return str(value)[:80]
        case Decimal():
            return f"{value:f}"[:80]
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
    return quote(value)


_SYNONYMS = {
    "yearly": "annual",
    "annually": "annual",
    "year": "annual years",
    "annual": "years",
    "month": "monthly months",
    "monthly": "months",
    "quarter": "quarterly",
    "week": "weekly weeks",
    "weekly": "weeks",
    "day": "daily days",
    "daily": "days",
    "period": "periods",
    "prepay": "prepaid",
    "percent": "percentage",
    "up_front": "advance",
    "upfront": "advance",
}
"""Words that people write first, and the words that mean it here, where one of those is known."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "x"?` for a known word that means the same, else for the nearest one, or an empty string."""
    from difflib import get_close_matches  # for mistakes only

    by_lower = {name.lower(): name for name in sorted(known, reverse=True)}
    meant = [name for name in _SYNONYMS.get(word.lower(), "").split() if name in by_lower]
    near: Sequence[str] = meant or get_close_matches(word.lower()[:100], by_lower, n=1, cutoff=0.6)
    return f'did you mean "{by_lower[near[0]]}"?' if near else ""


def fits_nothing(
    what: str, word: str, known: Iterable[str], at: Span | None = None, severity: Severity = "error"
) -> Problem:
    """The finding about something that was chosen by a name or a pattern which nothing bears: `what` says who chose,
    `known` are the names that there are."""
    names = sorted(known)
    there = f"there are: {', '.join(map(quote, names[:10]))}" if names else "there is none at all"
    hint = did_you_mean(word, names) or there
    return Problem("fits-nothing", f"{what} {quote(word)} fits nothing", at, hint, severity=severity)
