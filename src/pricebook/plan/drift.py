"""Drift: a plan seen from the other side. The same difference, told by who moved, and nothing planned.

What money hangs on comes before what is cosmetic, what the account did before what git did. What a plan would refuse
(an archived object, a field that cannot change) is a difference here like any other.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from pricebook.catalog.amount import Scale
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest, content_text
from pricebook.catalog.model import Noun
from pricebook.catalog.path import path_text
from pricebook.catalog.product import PricedProduct
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_key
from pricebook.observe.mark import NO_ALIASES, alias_digest
from pricebook.observe.renames import Moves, pending, present
from pricebook.observe.snapshot import Snapshot, bare, digest_of
from pricebook.plan.adoption import adoptions
from pricebook.plan.change import FieldChange, RateChange
from pricebook.plan.diff import Difference, diff, products_in
from pricebook.plan.fields import field_changes
from pricebook.plan.leftover import left_over
from pricebook.plan.origin import Origin, origin, rate_origins
from pricebook.plan.step import Leftover
from pricebook.plan.verb.table import AddRates, Archive, Create, Repoint, Revise, Supersede
from pricebook.plan.verb.verb import Verb
from pricebook.plan.versions import named
from pricebook.problem import Problem
from pricebook.span import Span


class Facet(StrEnum):
    """What of an object differs."""

    FIELDS = "fields"
    RATES = "rates"
    ALIASES = "aliases"
    OWNER = "owner"
    """Git asks for an object that bears no mark of ours yet, or that of an earlier name."""
    MISSING = "missing"
    """Git has it, the account does not."""
    VERSION = "version"
    """Git wants another content than the newest version of the package has."""
    ARCHIVED = "archived"
    """Archived in the account, for good, and still wanted."""
    TWICE = "twice"
    """Another object bears its mark too."""
    WANTED = "wanted"
    """Git asks for something else: what is to be done says it."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference of one object and one origin. `change` is what a plan would do about it; None when nothing can be
    done. `fields` are there for FIELDS and VERSION, from the account (observed) to git (desired)."""

    ref: Ref
    facet: Facet
    origin: Origin
    money: bool
    change: Verb | None
    fields: tuple[FieldChange, ...] = ()

    @property
    def rates(self) -> tuple[RateChange, ...]:
        """The prices that differ."""
        return self.change.rates if isinstance(self.change, AddRates) else ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of what differs: a price's, a field's path, or the facet's."""
        if self.facet is Facet.RATES:
            return tuple(str(read_key(rate.key)) for rate in self.rates)
        return tuple(path_text(field.path) for field in self.fields) or (self.facet.value,)

    def only(self, keep: Sequence[bool]) -> "Drift | None":
        """The drift with some of its `parts`; None with none of them."""
        if all(keep):
            return self
        if not any(keep):
            return None
        if isinstance(self.change, AddRates):
            rates = tuple(rate for rate, kept in zip(self.rates, keep, strict=True) if kept)
            return replace(self, change=replace(self.change, rates=rates, mark=""))
        return replace(self, fields=tuple(field for field, kept in zip(self.fields, keep, strict=True) if kept))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Git against an account. `unverified` says what could not be compared, by the ref or the word it is about."""

    namespace: str
    environment: str
    as_of: datetime
    drifts: tuple[Drift, ...]
    kept: int
    prices: int
    leftovers: tuple[Leftover, ...]
    unmanaged: Mapping[str, int]
    unverified: tuple[tuple[str, str], ...]
    units: Mapping[str, Scale]
    places: Mapping[Ref, Span]
    products: Mapping[str, PricedProduct] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DriftReport:
    """A comparison, with what of it is known apart. `open` are the differences that nobody accepted, pending ones
    included; `accepted` those that somebody did, with their words; `findings` are about the acceptances."""

    comparison: Comparison
    open: tuple[Drift, ...]
    accepted: tuple[tuple[Drift, str], ...] = ()
    findings: tuple[Problem, ...] = ()
    unverified: tuple[tuple[str, str], ...] = ()
    left: tuple[Leftover, ...] = ()
    """What is in no manifest any more, and nobody accepted."""

    @property
    def drifted(self) -> bool:
        """Whether the account may have moved without git."""
        return any(drift.origin.is_drift for drift in self.open)


def compare(
    desired: Catalog,
    snapshot: Snapshot,
    *,
    namespace: str,
    environment: str,
    as_of: datetime,
    places: Mapping[Ref, Span],
    applied: frozenset[str] = frozenset(),
    moves: Moves = (),
    removed: Collection[Ref] = (),
) -> Comparison:
    """Every difference between the manifests and the account. `applied` are refs, as text, that the journal knows to
    have been applied: one of them that is not there any more was taken away. `moves` are how objects were called
    before, `removed` what is let go."""
    moving = pending(snapshot, moves)
    snapshot = present(snapshot, moves, desired)
    difference = diff(desired, snapshot, as_of)
    gone = [ref for ref in difference.leftovers if ref.unversioned not in removed]
    found = [
        Drift(change.ref, Facet.OWNER, Origin.PENDING, False, change) for change in adoptions(desired, snapshot, moving)
    ]
    found += [*_drifts(difference, desired, snapshot, applied), *_refused(difference, desired, snapshot)]
    found += [
        Drift(each.twin, Facet.TWICE, Origin.DRIFTED, True, Archive(each.twin, f"{each.id} came second", each.id))
        for each in snapshot.foreign
        if each.twin is not None and not each.archived
    ]
    return Comparison(
        namespace=namespace,
        environment=environment,
        as_of=as_of,
        drifts=tuple(sorted(found, key=_rank)),
        kept=difference.kept,
        prices=sum(len(rates) for rates in desired.rates.values()),
        leftovers=left_over(gone, difference.changes, snapshot, as_of),
        unmanaged={kind.value: count for kind, count in snapshot.unmanaged.items() if count},
        unverified=tuple(_unverified(desired, snapshot)),
        units=desired.scales,
        places=places,
        products=products_in(difference.changes, desired, snapshot.catalog),
    )


_ORDER = (Origin.BOTH, Origin.DRIFTED, Origin.UNCLEAR, Origin.PENDING)


def _rank(drift: Drift) -> tuple[bool, bool, int, int, str, str]:
    ref = drift.ref
    pending = drift.origin is Origin.PENDING
    return pending, not drift.money, _ORDER.index(drift.origin), ref.kind.rank, ref.name, drift.facet


def _drifts(difference: Difference, desired: Catalog, snapshot: Snapshot, applied: frozenset[str]) -> Iterator[Drift]:
    rates: dict[str, list[RateChange]] = {}
    superseded = {change.previous for change in difference.changes if isinstance(change, Supersede)}
    for change in difference.changes:
        ref = change.ref
        match change:
            case Create():
                gone = str(ref) in applied
                yield Drift(ref, Facet.MISSING, Origin.DRIFTED if gone else Origin.PENDING, True, change)
            case Revise():
                yield _revised(ref, change.noun, change, change.fields, snapshot)
            case Supersede():
                yield _superseded(change, snapshot)
            case AddRates():
                rates.setdefault(change.card, []).extend(change.rates)
            case Repoint():
                now = alias_digest(change.observed, _order(snapshot, ref))
                wanted = alias_digest(change.aliases, change.product_order)
                money = set(change.aliases) != set(change.observed)
                whose = origin(wanted, now, snapshot.of(ref).marks.aliases or NO_ALIASES)
                yield Drift(ref, Facet.ALIASES, whose, money, change)
            case Archive() if ref in superseded:
                pass  # told with the version that takes its place
            case _:
                yield Drift(ref, Facet.WANTED, Origin.PENDING, False, change)
    origins = rate_origins(difference.changes, desired, snapshot)
    for card, changes in rates.items():
        told = origins.get(card, {})
        for whose in Origin:
            mine = tuple(rate for rate in changes if told.get(rate.key, Origin.PENDING) is whose)
            if mine:
                yield Drift(
                    Ref(Kind.RATE_CARD, card), Facet.RATES, whose, True, AddRates(Ref(Kind.RATE_CARD, card), mine)
                )


def _revised(ref: Ref, noun: Noun, change: Revise | None, fields: tuple[FieldChange, ...], snapshot: Snapshot) -> Drift:
    observed = snapshot.catalog.nouns[ref]
    whose = origin(digest_of(noun), digest_of(observed), snapshot.of(ref).marks.content)
    return Drift(ref, Facet.FIELDS, whose, any(not field.cosmetic for field in fields), change, fields)


def _superseded(change: Supersede, snapshot: Snapshot) -> Drift:
    """A package cannot be edited, so another content is git's doing; only archiving the newest version is not."""
    money = any(not field.cosmetic for field in change.fields)
    if change.previous not in snapshot.archived:
        return Drift(change.ref, Facet.VERSION, Origin.PENDING, money, change, change.fields)
    same = snapshot.of(change.previous).marks.content == change.digest
    return Drift(change.previous, Facet.ARCHIVED, Origin.DRIFTED if same else Origin.BOTH, True, change, change.fields)


def _refused(difference: Difference, desired: Catalog, snapshot: Snapshot) -> Iterator[Drift]:
    """What no plan can mend: objects that were archived, and fields that cannot change."""
    revised = {change.ref for change in difference.changes if isinstance(change, Revise)}
    for ref, noun in desired.nouns.items():
        if ref.kind.versioned or ref in revised:
            continue
        if ref in snapshot.archived:
            same = snapshot.of(ref).marks.content in (None, digest_of(noun))
            yield Drift(ref, Facet.ARCHIVED, Origin.DRIFTED if same else Origin.BOTH, True, None)
            continue
        observed = snapshot.catalog.nouns.get(ref)
        if observed is not None and content_text(bare(observed)) != content_text(bare(noun)):
            fields = field_changes(bare(observed), bare(noun))
            yield _revised(ref, noun, None, fields, snapshot)


def _order(snapshot: Snapshot, ref: Ref) -> Iterable[str]:
    card = snapshot.catalog.nouns.get(ref)
    return card.product_order if isinstance(card, RateCard) else ()


def _unverified(desired: Catalog, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """What the store says it cannot show, and packages that are what was meant by the digest in their key, and read
    back as something else."""
    for note in snapshot.notes:
        yield note.subject or "store", note.message.removeprefix(f"{note.subject} ")
    for ref, noun in sorted(desired.nouns.items(), key=lambda item: item[0].name):
        latest = snapshot.latest(ref) if ref.kind.versioned else None
        if latest is None or latest in snapshot.archived:
            continue
        observed = snapshot.catalog.nouns.get(latest)
        if snapshot.of(latest).marks.content != content_digest(noun):
            continue
        if observed is None:
            yield str(latest), "its content cannot be read back; its key says that it is as desired"
        elif content_text(observed) != content_text(meant := named(noun, latest.version or 0)):
            paths = ", ".join(path_text(field.path) for field in field_changes(observed, meant)[:5]) or "its terms"
            yield str(latest), f"read back otherwise than it was sent ({paths}); its key says that it is as desired"
