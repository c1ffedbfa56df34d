"""What has to change: a closed union, handled by `match` with `assert_never`.

A change says what is meant by our keys alone, never by a store's ids, so the same change can be sent again after a
crash; only an object that is still nobody's is named by its id. `reason` explains and never decides.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from pricebook.catalog.model import Alias, Noun
from pricebook.catalog.move import Move, schedule_moves
from pricebook.catalog.path import FieldPath
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.hazard import Hazard

Scalar = object
"""Plain data: text, int, Decimal, bool, None, or a mapping or tuple of them."""


class FieldChange(NamedTuple):
    """One field of a noun, from what to what. None stands for "not there".

    `path` is the one by which plans, findings, patches and the source map know the field (`catalog.path`). `unit` is
    the pricing unit of an amount, None for anything that is not money.
    """

    path: FieldPath
    observed: Scalar
    desired: Scalar
    unit: str | None = None
    cosmetic: bool = False


class RateChange(NamedTuple):
    """One price of a card: its key's text, its observed schedule's text (None: no rate yet), and what to add."""

    key: str
    observed: str | None
    segments: str
    hazards: tuple[Hazard, ...] = ()

    @property
    def moves(self) -> tuple[Move, ...]:
        """What that does to the price, in order of time: found once for each pair of texts, and never written down."""
        return schedule_moves(self.observed, self.segments)


@dataclass(frozen=True, slots=True)
class Create:
    """A noun that the store does not have. A rate card is created without its aliases: see `Repoint`."""

    ref: Ref
    noun: Noun
    digest: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Revise:
    """Mutable fields of a noun change in place. `noun` is the whole of it afterwards."""

    ref: Ref
    noun: Noun
    digest: str
    fields: tuple[FieldChange, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AddRates:
    """Segments to add to the timelines of one card, so that they become what is desired.

    `mark` is what the card is marked with once they are in (`observe.mark.RateMark`), and `marked` what it was marked
    with before. An empty `mark` leaves the card's mark as it is.
    """

    card: str
    rates: tuple[RateChange, ...]
    reason: str = ""
    mark: str = ""
    marked: str = ""
    remembered: list[int] = field(default_factory=list, init=False, compare=False, repr=False)
    """What the timelines that they lead to add to the digest of the card's rates, once it was worked out: see
    `plan.rehearse.share_of`."""

    @property
    def ref(self) -> Ref:
        """The card."""
        return Ref(Kind.RATE_CARD, self.card)


@dataclass(frozen=True, slots=True)
class Supersede:
    """A package, which cannot be edited, gets a new version. `fields` is the difference from the version before."""

    ref: Ref
    noun: Noun
    digest: str
    previous: Ref
    fields: tuple[FieldChange, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Repoint:
    """The aliases and the product order of a rate card, given once its rates are all there.

    `observed` and `observed_order` are what it had, and `held_by` the other cards that had any of the names that it is
    given, or are given one by the same plan: a name that another one has got meanwhile is not taken away again.
    `yields` is what it had and another card is to have: it keeps that until the other one takes it (`plan.handover`).
    """

    ref: Ref
    aliases: tuple[Alias, ...]
    observed: tuple[Alias, ...]
    product_order: tuple[str, ...] = ()
    reason: str = ""
    observed_order: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    yields: tuple[Alias, ...] = ()

    @property
    def given(self) -> frozenset[str]:
        """The names of the aliases that it does not have yet as they are to be."""
        return frozenset(alias.name for alias in self.aliases if alias not in self.observed)


@dataclass(frozen=True, slots=True)
class Adopt:
    """An object that is there and bears no mark becomes ours under `ref`: it gets our marks and stays as it is.

    `id` is the store's, `noun` what it was observed to be. It is marked with that: `digest`, and of a rate card `rates`
    (`observe.mark.RateMark`) and `aliases` (`observe.mark.alias_digest`), empty where it has none.

    With `was` it is ours already, under that name: only the name in its mark changes, and the marks are empty here.
    """

    ref: Ref
    id: str
    noun: Noun
    digest: str
    rates: str = ""
    aliases: str = ""
    was: Ref | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """An object of ours becomes nobody's: our marks are taken off it, and it stays as it is, live."""

    ref: Ref
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """An object is taken out of use, for good."""

    ref: Ref
    reason: str = ""


Change = Create | Revise | AddRates | Supersede | Repoint | Adopt | Release | Archive
