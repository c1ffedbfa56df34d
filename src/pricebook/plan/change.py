"""What of a noun or of a card's prices changes: the parts of a change that are looked at one by one."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

from pydantic import ConfigDict, Field

from pricebook.catalog.move import Move, schedule_moves
from pricebook.plan.hazard import Hazard
from pricebook.plan.verb.form import CLOSED, Plain, WrittenPath


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a noun, from what to what. None stands for "not there"; values are plain data.

    `path` is the one by which plans, findings, patches and the source map know the field (`catalog.path`). `unit` is
    the pricing unit of an amount, None for anything that is not money.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    path: WrittenPath
    observed: Plain
    desired: Plain
    unit: Annotated[str | None, Field(description="the pricing unit of an amount")] = None
    cosmetic: Annotated[bool, Field(description="does not move money")] = False


class RateChange(NamedTuple):
    """One price of a card: its key's text, its observed schedule's text (None: no rate yet), and what to add; `reach`
    counts the live contracts that buy it (`plan.reach`), None where that is not known."""

    key: str
    observed: str | None
    segments: str
    hazards: tuple[Hazard, ...] = ()
    reach: int | None = None

    def moves(self, now: str | None) -> tuple[Move, ...]:
        """What that does to the price, in order of time (`catalog.move.moves_of`): found once for each pair of texts,
        and never written down."""
        return schedule_moves(self.observed, self.segments, now)
