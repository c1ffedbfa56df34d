"""What a field is about: the marks on the models' fields from which hazards, links, drawings and the wire are derived.

A mark stands in the field's annotation: `Annotated[tuple[Credit, ...], Role.GRANTS]`. It holds for everything below the
field that has no mark of its own. Whoever adds a field says here what it is, and nowhere else.
"""

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a field is to a customer."""

    GRANTS = "grants"
    """Something to spend: less of it, or for a shorter time, is a cut."""
    CHARGES = "charges"
    """Something to pay: more of it is a higher price."""
    FACTOR = "factor"
    """What a price is multiplied by; where nothing is said, by one."""
    ENTITLES = "entitles"
    """Whether a product can be used at all."""
    COSMETIC = "cosmetic"
    """Words that move no money."""
    IDENTITY = "identity"
    """Our own name for a term: it stands in the paths of its fields, and is not sold."""
    OURS = "ours"
    """Said to readers of manifests alone: it is not sent, not compared and no part of what is applied."""
    PLAIN = "plain"
    """None of these: when something happens, in which order, how it is rounded."""


class Link(NamedTuple):
    """Marks a field that holds keys of other terms of the same package, and the lists in which those stand."""

    lists: tuple[str, ...]
