"""A migration as it is planned: one line for each contract that moves, under a head that says what they have in common.

The uniqueness key of a new contract is made from the intent (namespace, migration, contract, target version) and never
from the plan: whoever plans again, on any machine, asks for the same contract, and an account makes it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, NonNegativeInt, PositiveInt

from pricebook.catalog.canonical import digest, encode
from pricebook.catalog.instant import instant_text
from pricebook.catalog.migration import Transition
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.verb.form import CLOSED, Finding, Moment, RefText

FORMAT: Literal[2] = 2
WHAT: Literal["pricebook-migration"] = "pricebook-migration"
Direction = Literal["forward", "back"]
GuardState = Literal["none", "kept", "exceeded", "unverified"]
"""`none`: the migration sets no limit. `unverified`: it does, and no usage was billed."""


@dataclass(frozen=True, slots=True)
class Move:
    """One contract that moves. `ends` is the end that it had when this was planned (None: none), `at` where the new one
    starts, `wave` counts from 1. `successor` is the id of the new contract where it is there already."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    contract: str
    customer: str
    version: Annotated[PositiveInt, Field(description="of the package that it moves from")]
    ends: Annotated[Moment | None, Field(description="the end that it had; null: none")]
    at: Annotated[Moment, Field(description="where the new contract starts")]
    wave: PositiveInt
    key: Annotated[str, Field(description="the uniqueness key of the new contract", max_length=128)]
    successor: Annotated[str, Field(description="the id of the new contract where it is there, else empty")] = ""


@dataclass(frozen=True)
class MigrationPlan:
    """What is applied. `left` counts the contracts that do not move, by reason; a plan `back` has in it those that
    cannot be moved back.

    `verdict` is what the guard came to; `findings` are what a reviewer should know.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    namespace: str
    environment: str
    name: Annotated[str, Field(description="the migration's metadata.name")]
    package: Annotated[str, Field(description="the package that contracts move from")]
    target: Annotated[RefText, Field(description="the version that they move to")]
    transition: Transition
    as_of: Moment
    moves: Annotated[tuple[Move, ...], Field(exclude=True)]
    direction: Annotated[Direction, Field(description="back: a rollback")] = "forward"
    verdict: Annotated[GuardState, Field(description="what the guard came to")] = "none"
    left: Annotated[Mapping[str, NonNegativeInt], Field(description="contracts that do not move, by reason")] = field(
        default_factory=dict
    )
    findings: tuple[Finding, ...] = ()
    format: Literal[2] = FORMAT
    what: Literal["pricebook-migration"] = WHAT

    def source(self, move: Move) -> Ref:
        """The package version that a contract moves from."""
        return Ref(Kind.PACKAGE, self.package, move.version)

    @property
    def packages(self) -> tuple[str, ...]:
        """The names of the packages whose contracts are concerned."""
        return tuple(dict.fromkeys((self.package, self.target.name)))


def successor_key(namespace: str, migration: str, contract: str, target: Ref) -> str:
    """The uniqueness key of the contract that takes over: at most 128 characters for any name."""
    intent = digest(encode((migration, contract, str(target))))
    return f"pricebook/{namespace[:40]}/migration/{digest(namespace)[:8]}/{intent}"


def migration_digest(plan: MigrationPlan) -> str:
    """24 hexadecimal digits of what the plan does: the same for plans that do the same, whenever they were made."""
    moves = (
        (m.contract, m.customer, m.version, instant_text(m.ends) if m.ends else None, instant_text(m.at), m.key)
        for m in plan.moves
    )
    head = (plan.namespace, plan.environment, plan.name, str(plan.target), plan.transition, plan.direction)
    return digest("\n".join((encode(head), *sorted(map(encode, moves)))))
