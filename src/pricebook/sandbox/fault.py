"""Faults: what goes wrong between a client and an account, on purpose, at the n-th request or at a rate.

Written `KIND[@WHEN][:PATH]`: `500-after@3:/v1/packages/create` answers the third request to that path with 500 although
it did what it was asked; `drop-before@5%` loses one request in twenty.
"""

import re
from dataclasses import dataclass, field
from random import Random

STATUS = re.compile(r"(5\d\d)-(before|after)\Z")
KINDS = ("429", "5xx-before", "5xx-after", "drop-before", "drop-after", "slow=SECONDS", "truncate", "echo")
"""
- `429`: refused with Retry-After; nothing was done.
- `500-before`, `500-after` (any 5xx): an error, and nothing, or everything, was done.
- `drop-before`, `drop-after`: the connection ends without an answer; nothing, or everything, was done.
- `slow=2.5`: the body takes so many seconds.
- `truncate`: half of the body, and no more.
- `echo`: an error whose message holds the token; nothing was done.
"""
_TEXT = re.compile(r"(?P<kind>[^@:]+)(@(?P<when>[^:]+))?(:(?P<path>.+))?\Z")
_KIND = re.compile(r"429|5\d\d-(before|after)|drop-(before|after)|slow=\d+(\.\d+)?|truncate|echo\Z")
_WHEN = re.compile(r"(?P<first>[1-9]\d*)(?P<on>\+)?\Z|(?P<rate>\d+(\.\d+)?)%\Z")


@dataclass
class Fault:
    """One fault. It counts the requests that its path fits, from 1; without number and rate it hits them all."""

    kind: str
    first: int | None = None
    on: bool = False
    rate: float | None = None
    path: str = ""
    seen: int = 0
    _chance: Random = field(default_factory=lambda: Random(0), repr=False)

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """The fault of `KIND[@WHEN][:PATH]`. Raises ValueError, whose text says what is known."""
        match = _TEXT.match(text)
        if match is None or not _KIND.fullmatch(match["kind"]):
            raise ValueError(f"{text!r} is no fault: KIND[@WHEN][:PATH], with KIND one of {', '.join(KINDS)}")
        when = _WHEN.match(match["when"]) if match["when"] else None
        if match["when"] and when is None:
            raise ValueError(f"{match['when']!r} does not say when: @3 the third, @3+ from the third on, @5% at a rate")
        first = int(when["first"]) if when and when["first"] else None
        rate = float(when["rate"]) / 100 if when and when["rate"] else None
        return cls(match["kind"], first, bool(when and when["on"]), rate, match["path"] or "")

    def hits(self, path: str) -> bool:
        """Whether this request is one that it hits."""
        if self.path not in path:
            return False
        self.seen += 1
        if self.rate is not None:
            return self._chance.random() < self.rate
        return self.first is None or self.seen == self.first or (self.on and self.seen > self.first)

    @property
    def before(self) -> bool:
        """Whether nothing is done of what the request asks."""
        return self.kind in ("429", "echo") or self.kind.endswith("-before")

    @property
    def status(self) -> int | None:
        """The status of an error that it answers with; None when it answers otherwise."""
        match = STATUS.match(self.kind)
        if match:
            return int(match[1])
        return {"429": 429, "echo": 500}.get(self.kind)
