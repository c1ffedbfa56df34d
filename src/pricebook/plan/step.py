"""A plan: the steps that make a store say what the manifests say, in the order in which they may be done."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field, NonNegativeInt

from pricebook.catalog.amount import Scale
from pricebook.catalog.canonical import digest, encode
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.product import PricedProduct
from pricebook.catalog.rate_book import digest_text
from pricebook.catalog.transition import MigrationTransition
from pricebook.plan.change import RateChange
from pricebook.plan.contract import Contract
from pricebook.plan.hazard import Hazard
from pricebook.plan.offered import Offered
from pricebook.plan.verb.add_rates import AddRates
from pricebook.plan.verb.form import CLOSED, Moment, PlanFinding, RefText
from pricebook.plan.verb.move_contract import MoveContract, MoveDirection
from pricebook.plan.verb.table import AnyVerb

FORMAT: Literal[2] = 2
_DIGEST_FORMAT = 1
"""Counts up when the same plan comes to mean something else to a newer pricebook: a part of its digest."""
GuardState = Literal["none", "kept", "exceeded", "unverified"]
"""`none`: the migration sets no limit. `unverified`: it does, and no usage was billed."""


@dataclass(frozen=True, slots=True)
class Share:
    """Contracts on a card whose prices change, which buy alike: on a package version, or with terms of their own on one
    or on none (None). Those that `buys` is false of buy none of the prices; `shielded` when overrides keep every change
    from them."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    package: RefText | None
    contracts: int
    shielded: bool
    buys: bool = True

    @property
    def reached(self) -> bool:
        """Whether they pay any of the prices."""
        return self.buys and not self.shielded


@dataclass(frozen=True, slots=True)
class Step:
    """One change with the ids of the steps it needs first.

    `expects` is the digest of the object as observed, of a package's new version that of the version before (None: it
    is not there, or the change carries the observed state itself, as rates do): at apply time anything else means that
    the plan is stale. `reach` counts the live contracts that the change touches, None when it was not known. Of rates
    these are those that buy them among the `live` ones on the card, and `shares` says it of those whose terms are
    known, package by package; empty where the store does not tell. `at` is where the manifest says so, as text.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    id: str
    change: AnyVerb
    needs: Annotated[tuple[str, ...], Field(description="ids of the steps that must be done before")] = ()
    hazards: tuple[Hazard, ...] = ()
    expects: Annotated[str | None, Field(description="digest of the object as observed; else the plan is stale")] = None
    reach: Annotated[int | None, Field(description="live contracts; null when not known")] = None
    at: Annotated[str, Field(description="file:line of the manifest")] = ""
    shares: Annotated[tuple[Share, ...], Field(description="those on the card, package by package")] = ()
    live: Annotated[int | None, Field(description="of rates: live contracts on the card; null when not known")] = None

    @property
    def rates(self) -> tuple[RateChange, ...]:
        """The prices that it changes."""
        return self.change.rates if isinstance(self.change, AddRates) else ()


@dataclass(frozen=True, slots=True)
class Leftover:
    """An object of ours that no manifest declares any more: the aliases that stand for it, the live contracts on it
    (None: not known), the live objects that use it, and what the plan makes that looks like it. `name` is what people
    call it; `fees` are what contracts on it pay a year whatever they use, and `once` what they pay by schedule in all,
    in API units by pricing unit."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    ref: RefText
    aliases: tuple[str, ...] = ()
    contracts: int | None = None
    used_by: tuple[RefText, ...] = ()
    like: RefText | None = None
    name: str = ""
    fees: Mapping[str, Decimal] = field(default_factory=dict)
    once: Mapping[str, Decimal] = field(default_factory=dict)


def _by_ref(found: Iterable[object]) -> list[object]:
    """Plans that were made earlier have nothing but the names."""
    return [{"ref": each} if isinstance(each, str) else each for each in found]


@dataclass(frozen=True, slots=True)
class Moving:
    """What the moves of a migration have in common. `left` counts the contracts that do not move, by reason; a way
    `back` has in it those that cannot be moved back. `verdict` is what the guard came to."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    name: Annotated[str, Field(description="the migration's metadata.name")]
    package: Annotated[str, Field(description="the package that contracts move from")]
    target: Annotated[RefText, Field(description="the version that they move to")]
    transition: MigrationTransition
    direction: Annotated[MoveDirection, Field(description="back: a rollback")] = "forward"
    verdict: Annotated[GuardState, Field(description="what the guard came to")] = "none"
    left: Annotated[Mapping[str, NonNegativeInt], Field(description="contracts that do not move, by reason")] = field(
        default_factory=dict
    )

    @property
    def packages(self) -> tuple[str, ...]:
        """The names of the packages whose contracts are concerned."""
        return tuple(dict.fromkeys((self.package, self.target.name)))


class Besides(NamedTuple):
    """What is pending besides a branch: the name it was planned against, the merge base's commit, and the plan of what
    that has and the store has not. The branch's own plan starts where this one ends."""

    ref: str
    commit: str
    plan: "Plan"


class FixedChange(NamedTuple):
    """What changes of the fees of contracts without any usage: a year, in API units by pricing unit; for how many
    contracts; of how many more nobody knows the quantity; from when the first pays another amount; and how many more
    have such a fee and end before a period with the new one begins."""

    amounts: Mapping[str, Decimal]
    contracts: int
    unknown: int
    since: str
    ending: int = 0


@dataclass(frozen=True)
class Plan:
    """What `apply` will do, and nothing else. JSON first: see `plan.document`.

    `base` and `desired` are the digests of what was observed and of what is wanted. `kept` counts the objects that
    already are as desired, `prices` all prices that are desired. `leftovers` are objects of ours that no manifest
    declares any more and that stay untouched; `unmanaged` counts other owners' objects, per kind. `units` say how
    amounts of each pricing unit read, `products` what the prices that change are for. `findings` are what rules say
    about the plan and what it leads to, `offers` (`plan.offer`) the packages that it makes: both travel with it and are
    no part of what it is; nor are `besides`, and `order`, the place of each price that changes among those of its card
    as declared, which stay behind when the plan is written to a file. `adopted` are the
    objects that bore no mark and were read as ours, as `apply.ports.Store` takes them: the plan is about a store that
    is read so, and under the present names of what `moved`. A plan that moves contracts says in `migration` what they
    have in common, and has no other steps: nothing is observed and desired of objects then.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    namespace: str
    environment: str
    as_of: Moment
    base: Annotated[str, Field(description="digest of what was observed; empty: contracts alone are moved")]
    desired: Annotated[str, Field(description="digest of what is wanted")]
    steps: tuple[Step, ...]
    kept: NonNegativeInt = 0
    prices: Annotated[NonNegativeInt, Field(description="how many prices are desired")] = 0
    leftovers: Annotated[tuple[Leftover, ...], BeforeValidator(_by_ref)] = ()
    unmanaged: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, Scale] = field(default_factory=dict)
    products: Annotated[Mapping[str, PricedProduct], Field(description="how products whose prices change read")] = (
        field(default_factory=dict)
    )
    findings: tuple[PlanFinding, ...] = ()
    offers: Annotated[tuple[Offered, ...], Field(description="what the packages offer that it makes, as declared")] = ()
    besides: Annotated[Besides | None, Field(exclude=True)] = None
    order: Annotated[Mapping[str, Mapping[str, int]], Field(exclude=True)] = field(default_factory=dict, compare=False)
    adopted: Annotated[
        Mapping[RefText, str],
        Field(description="the store's ids of objects that bore no mark and were read as ours"),
    ] = field(default_factory=dict)
    moved: Annotated[
        tuple[tuple[RefText, RefText], ...],
        Field(description="objects of ours that were read under another name: from which, to which"),
    ] = ()
    fixed: Annotated[FixedChange | None, Field(description="what fees change a year; null: not known")] = None
    migration: Annotated[Moving | None, Field(description="null: no contract is moved")] = None
    format: Literal[2] = FORMAT

    @cached_property
    def digest(self) -> str:
        """What the plan means, in 24 hexadecimal digits: who approved it, approved this and nothing else.

        It covers where the plan goes, every change with what it leads to and what it was seen to start from, and its
        hazards. It says nothing of what does not change the meaning: the machine, the order and layout of files, where
        a manifest stands, what other objects there are, what rules found, the minute in which the plan was made. A
        price that left the manifests ends when the plan is applied, whenever that is; a date that has passed since
        makes a plan RETROACTIVE, and so another one.
        """
        now = instant_text(next_hour(self.as_of))
        rates: dict[str, int] = {}
        steps: list[tuple[Any, ...]] = []
        for step in self.steps:
            if isinstance(step.change, AddRates):
                # Card by card, so that it says nothing in how many batches the prices come.
                rates[step.change.card] = rates.get(step.change.card, 0) + step.change.digest_share(now)
            else:
                steps.append((str(step.change.ref), *step.change.digest_content(), step.expects, step.hazards))
        cards = {card: digest_text(total) for card, total in rates.items()}
        content: tuple[Any, ...] = (_DIGEST_FORMAT, self.namespace, self.environment, sorted(map(encode, steps)), cards)
        if (moving := self.migration) is not None:
            # The guard lets contracts move, so what it came to is approved with them.
            content = (*content, moving.name, str(moving.target), moving.direction, moving.verdict)
        # A package is what its manifest's id says; a new version of it follows that one.
        named = {step.change.ref.unversioned for step in self.steps if step.change.ref.kind.versioned}
        adopted = {ref.name: id_ for ref, id_ in self.adopted.items() if ref in named}
        moved = [[old.name, new.name] for old, new in self.moved if new in named]
        return digest(encode((*content, adopted, moved) if adopted or moved else content))

    @property
    def hazards(self) -> Counter[Hazard]:
        """How many changes bear each hazard; each price of a step counts."""
        found: Counter[Hazard] = Counter()
        for step in self.steps:
            for each in step.rates or (step,):
                if each.hazards:
                    found.update(each.hazards)
        return found

    @property
    def moving(self) -> Moving:
        """What the moves have in common, of a plan that is known to move contracts."""
        assert self.migration is not None
        return self.migration

    def present(self, contract: Contract) -> Contract:
        """A contract on what its package and card are called now."""
        package, card = contract.package, contract.card
        for old, new in self.moved:
            if package is not None and package[:2] == old[:2]:
                package = package._replace(name=new.name)
            if card is not None and card == old:
                card = new
        same = (package, card) == (contract.package, contract.card)
        return contract if same else replace(contract, package=package, card=card)

    @property
    def moves(self) -> tuple[MoveContract, ...]:
        """The moves of contracts."""
        return tuple(step.change for step in self.steps if isinstance(step.change, MoveContract))
