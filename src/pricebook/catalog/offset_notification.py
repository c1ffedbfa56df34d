"""Offset notifications: what the vendor tells our servers so long before or after something happens to a contract, a
commit or a credit."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from pricebook.catalog.field import ISO_OFFSET
from pricebook.catalog.model import Model, Noun, Text
from pricebook.catalog.reference import Kind


class OffsetPolicy(Model):
    """When it is sent."""

    type: Literal[
        "contract.create",
        "contract.start",
        "contract.edit",
        "contract.end",
        "contract.archive",
        "commit.create",
        "commit.edit",
        "commit.archive",
        "commit.segment.start",
        "commit.segment.end",
        "credit.create",
        "credit.edit",
        "credit.archive",
        "credit.segment.start",
        "credit.segment.end",
    ]
    """What happens: contract.start, credit.segment.end and others ("System notifications", docs.metronome.com)."""
    offset: Annotated[str, StringConstraints(pattern=ISO_OFFSET)]
    """How long after it, as an ISO 8601 duration of hours, days, weeks, months and years: `P1D`; before it `-P7D`."""


class OffsetNotification(Noun):
    """A webhook message so long before or after an event, about every customer. Of one that is there the offset can
    change, and nothing else."""

    kind = Kind.OFFSET_NOTIFICATION
    mutable: ClassVar[frozenset[str]] = frozenset({"policy"})
    called: ClassVar[tuple[str, ...]] = ("name",)

    name: Text
    """The display name; an account knows it by this."""
    policy: OffsetPolicy
    """When it is sent."""
