"""Findings that somebody accepts: beside the noun that they are about, or in `waivers.yaml`."""

from pricebook.catalog.model import Instant, Model, Text


class WaiverHere(Model):
    """A finding that somebody accepts, written beside what it is about."""

    rule: Text
    """The rule's id, or a hazard."""
    reason: Text
    """Why it is accepted."""
    by: Text
    """Who accepts it."""
    until: Instant
    """Until when (exclusive): afterwards the finding is back."""
    covers: Text | None = None
    """Which part of it, with `*`: `*/overrides[sale]`; all of it when not given."""


class Waiver(WaiverHere):
    """A finding that somebody accepts."""

    covers: Text
    """What it is about, with `*`: `package:starter`, `rate-card:*`, `rate-card:models/* · model=gpt-4`, or `*`."""


class Waivers(Model):
    """The content of `waivers.yaml`."""

    waivers: tuple[Waiver, ...]
    """Findings that are accepted, each with who says so and until when."""
