"""One object of a plan as a reviewer sees it: what happens to it, in one sentence, and what that means for whom.

The text here is data and sentences as they are; each format escapes them on its own. Names within sentences are short.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pricebook.catalog.instant import instant_words
from pricebook.catalog.metric import BillableMetric
from pricebook.catalog.model import Alias, Noun
from pricebook.catalog.path import name_of
from pricebook.catalog.product import METERED, Product
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.unit import PricingUnit
from pricebook.plan.change import FieldChange
from pricebook.plan.hazard import Hazard
from pricebook.plan.reach import reached
from pricebook.plan.step import Step
from pricebook.plan.verb.table import Adopt, Create, Repoint, Revise, Supersede
from pricebook.plan.versions import NAMED
from pricebook.view.field import FieldRow, OfferView, field_rows, rows_of_new
from pricebook.view.plain import hidden, optional
from pricebook.view.price import Units, bare
from pricebook.view.rate_shape import RateShape
from pricebook.view.rows import PriceCounts
from pricebook.view.words import counted, shortened

NAMES = (*NAMED, "aliases")
"""What of a package is told apart from its terms."""


@dataclass(frozen=True, slots=True)
class HazardCount:
    """How many of an object's changes bear a hazard, and whether that is refused."""

    hazard: Hazard
    count: int
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectView:
    """One object: `action`, `symbol` and `done` are of its verb; `place` is `file:line`, empty when not known;
    `contracts` counts live ones, None when not known; of prices those that buy them, of the `live` ones on the card.
    `notes` are further sentences. `since` says from when new contracts get it, where aliases decide that. `terms` are
    all that a new package version says, when that was asked for, and `previous` is the version before. `rates` is there
    for the action `rates` only, `offer` for packages that are made."""

    action: str
    symbol: str
    done: tuple[str, str] = hidden()
    kind: str
    ref: str
    sentence: str
    place: str
    contracts: int | None
    notes: tuple[str, ...]
    fields: tuple[FieldRow, ...]
    hazards: tuple[HazardCount, ...]
    steps: tuple[str, ...]
    live: int | None = optional()
    rates: RateShape | None = optional()
    offer: OfferView | None = optional()
    since: str = hidden(default="")
    terms: tuple[FieldRow, ...] = hidden(default=())
    previous: str = hidden(default="")
    per_change: tuple[str, ...] = hidden(default=())
    """Of a product whose prices are for something else from now on: its name, what for until then, and after."""


def noun_view(
    step: Step,
    hazards: tuple[HazardCount, ...],
    units: Units,
    as_of: datetime,
    *,
    offer: OfferView | None = None,
    terms: bool = False,
) -> ObjectView:
    """The view of a step that is not about rates; `offer` is what a package offers, and `terms`: with all terms of a
    new package version."""
    change = step.change
    fields: tuple[FieldRow, ...] = ()
    notes: tuple[str, ...] = ()
    whole: tuple[FieldRow, ...] = ()
    per_change: tuple[str, ...] = ()
    since = previous = ""
    sentence = change.sentence
    match change:
        case Create():
            sentence = _created(change.ref, change.noun)
            fields = tuple(_new_fields(change.noun, units))
            aliases = _aliases(change.noun)
            notes = tuple(_alias_notes(aliases, "stands for it", as_of, "from"))
            since = _since(aliases, as_of)
        case Revise():
            sentence = _revised(change, hazards)
            fields = tuple(field_rows(type(change.noun), change.fields, units))
            per_change = _per_change(change, units)
        case Supersede():
            # Aliases move with the version and are notes of it: a field that changes is what customers buy.
            told = [field for field in change.fields if not _is_alias(field)]
            fields = tuple(field_rows(type(change.noun), told, units))
            notes = tuple(_version_notes(change, step.reach, as_of))
            since = _since(_aliases(change.noun), as_of)
            whole, previous = tuple(rows_of_new(change.noun, units, NAMES)) if terms else (), str(change.previous)
        case Repoint():
            sentence = _repointed(change)
            notes = tuple(_repoint_notes(change, as_of))
            since = _since([alias for alias in change.aliases if alias not in change.observed], as_of)
        case Adopt():
            sentence = _adopted(change)
    return ObjectView(
        action=change.label,
        symbol=change.symbol,
        done=change.done,
        kind=change.ref.kind.value,
        ref=str(change.ref),
        sentence=sentence,
        place=step.at,
        contracts=step.reach,
        notes=notes,
        fields=fields,
        hazards=hazards,
        steps=(step.id,),
        since=since,
        terms=whole,
        previous=previous,
        per_change=per_change,
        offer=offer,
    )


def rates_view(steps: Sequence[Step], shape: RateShape, hazards: tuple[HazardCount, ...]) -> ObjectView:
    """The view of all steps that add rates to one card."""
    first, reach = steps[0], reached(steps)
    change, ref = first.change, first.change.ref
    sentence = rates_sentence(shape.counts, reach, first.live)
    notes = tuple(_contract_notes(steps)) if shape.counts.changed or shape.counts.ended else ()
    return ObjectView(
        action=change.label,
        symbol=change.symbol,
        done=change.done,
        kind=ref.kind.value,
        ref=str(ref),
        sentence=sentence,
        place=first.at,
        contracts=reach,
        live=first.live,
        notes=notes,
        fields=(),
        hazards=hazards,
        steps=tuple(step.id for step in steps),
        rates=shape,
    )


def _contract_notes(steps: Sequence[Step]) -> Iterator[str]:
    """`on starter-plan@1 271 contracts, on good@2 40 that keep their prices by an override`."""
    alike = zip(*(step.shares for step in steps), strict=True)  # of one card they are the same contracts
    shares = sorted(alike, key=lambda each: (-each[0].contracts, str(each[0].package)))
    said = []
    for each in shares[:_MOST]:
        share = each[0]
        spared = "" if any(other.reached for other in each) else "; they buy none of these"
        if spared and any(other.shielded for other in each):
            spared = "; overrides keep their prices"
        on = f"{share.package.name}@{share.package.version}" if share.package is not None else "no package"
        said.append(f"{counted(share.contracts, 'contract')} on {on}{spared}")
    more = sum(each[0].contracts for each in shares[_MOST:])
    if more:
        said.append(f"{counted(more, 'contract')} on {len(shares) - _MOST:,} more versions")
    yield from said


_MOST = 5
"""Package versions that are told one by one."""


def rates_sentence(counts: PriceCounts, reach: int | None, live: int | None) -> str:
    """`2 prices change for 271 of 311 contracts on the card`: of the live ones, those that buy them."""
    parts = [
        _more(counts.changed, "changes", "change", first=True),
        _more(counts.new, "is new", "are new", first=not counts.changed),
        _more(counts.ended, "ends", "end", first=not counts.changed and not counts.new),
        _more(counts.cancelled, "stays", "stay", first=counts.cancelled == counts.total),
    ]
    what = ", ".join(part for part in parts if part)
    if not counts.changed and not counts.ended:
        return f"{what}; {counted(live, 'contract')} on the card" if live else what
    if reach is not None and reach == live != 0:
        return f"{what} for every contract on the card ({live:,}), those on older packages included"
    return f"{what}{'; ' if reach == 0 else ' for '}{reach_words(reach, live)}"


def reach_words(reach: int | None, live: int | None) -> str:
    """Whom a change of prices reaches, of the live contracts on the card; None: not known."""
    if reach is None or live is None:
        return "contracts on the card, how many is not known"
    if not live:
        return "no contract is on the card"
    if not reach:
        return f"none of {counted(live, 'contract')} on the card pays it"
    if reach < live:
        return f"{reach:,} of {counted(live, 'contract')} on the card"
    return f"all {live:,} contracts on the card" if live > 1 else "the contract on the card (1)"


def _more(n: int, one: str, many: str, *, first: bool) -> str:
    if not n:
        return ""
    words = one if n == 1 else many
    return f"{counted(n, 'price')} {words}" if first else f"{n:,} {words}"


def _created(ref: Ref, noun: Noun) -> str:
    called = "" if bare(noun.title) in ("", bare(ref.name)) else f": {shortened(noun.title)}"
    match noun:
        case Product():
            metric = noun.billable_metric or ""
            return (
                f"new product, {noun.type}{f' of {shortened(metric)}' if metric not in ('', ref.name) else ''}{called}"
            )
        case BillableMetric():
            key = f" of {shortened(noun.aggregation_key)}" if noun.aggregation_key else ""
            return f"new metric, {noun.aggregation_type or 'SQL'}{key}{called}"
        case PricingUnit():
            return f"new pricing unit, {noun.currency or 'custom'}{called}"
        case RateCard():
            return f"new rate card, invoiced in {shortened(noun.fiat_credit_type)}{called}"
    if not noun.title:  # it is known by other fields
        called = ": " + " ".join(shortened(str(getattr(noun, field))) for field in noun.called)
    if noun.kind is Kind.PACKAGE:
        return f"new package, for contracts made from now on{called}"
    return f"new {noun.kind.words}{called}"


def _aliases(noun: Noun) -> tuple[Alias, ...]:
    """The aliases of a package; a card's are told by the step that gives them."""
    return noun.held_aliases if noun.kind is Kind.PACKAGE else ()


def _adopted(change: Adopt) -> str:
    how = f"renamed from {change.was}, and" if change.was is not None else "becomes ours and"
    return f"{how} stays as it is: {shortened(change.noun.title)}, {change.id}"


def _new_fields(noun: Noun, units: Units) -> Iterator[FieldRow]:
    """What of a new object moves money: the terms of a package, what custom units cost on a card."""
    if noun.kind.versioned:
        yield from rows_of_new(noun, units, NAMES)
    elif isinstance(noun, RateCard):
        shown = {"credit_type_conversions"}
        yield from rows_of_new(noun, units, set(type(noun).model_fields) - shown)


def _revised(change: Revise, hazards: Sequence[HazardCount]) -> str:
    n = len(change.fields)
    text = f"{counted(n, 'field')} {'changes' if n == 1 else 'change'} in place"
    if change.fields and all(field.cosmetic for field in change.fields):
        text += ", no money moves"
    if any(h.hazard is Hazard.FOREIGN_EDIT for h in hazards):
        text += "; somebody edited it in the store, and that edit is lost"
    return text


def _per_change(change: Revise, units: Units) -> tuple[str, ...]:
    """What the same number is for from now on."""
    if change.ref.kind is not Kind.PRODUCT or not any(field.path[0] in METERED for field in change.fields):
        return ()
    was, now = (per.words for per in units.per(change.ref.name, None))
    return units.called(change.ref.name).name, was, now if now != was else f"{now}, counted otherwise"


def _is_alias(field: FieldChange) -> bool:
    """Whether an alias comes or goes, which the notes tell."""
    return field.path[0] == "aliases" and len(field.path) == 2


def _version_notes(change: Supersede, reach: int | None, as_of: datetime) -> Iterator[str]:
    version = f"@{change.ref.version}"
    moved, given = change.alias_changes
    yield from _alias_notes(moved, f"moves to {version}", as_of)
    yield from _alias_notes(given, f"is new and stands for {version}", as_of, "from")
    gone = [name_of(field.observed) or "" for field in change.fields if field.desired is None and _is_alias(field)]
    for name in sorted(gone):
        yield f"alias {shortened(name)} stays on @{change.previous.version}"
    if reach is not None and change.previous.version is not None:
        before = " and before" if change.previous.version > 1 else ""
        stay = "stays" if reach == 1 else "stay"
        yield f"{counted(reach, 'contract')} {stay} on @{change.previous.version}{before}"


def _repointed(change: Repoint) -> str:
    gained = [alias for alias in change.aliases if alias not in change.observed]
    lost = [alias for alias in change.observed if alias not in change.aliases]
    if not gained and not lost:
        return "the order of its products on invoices changes"
    if not change.observed:
        return f"{counted(len(gained), 'alias', 'aliases')} given, once its rates are there"
    return "its aliases change, once its rates are there"


def _repoint_notes(change: Repoint, as_of: datetime) -> Iterator[str]:
    gained = [alias for alias in change.aliases if alias not in change.observed]
    yield from _alias_notes(gained, "stands for this card", as_of, "from")
    kept = {alias.name for alias in change.aliases}
    for alias in change.observed:
        if alias.name not in kept:
            yield f"alias {shortened(alias.name)} no longer stands for this card"


def _alias_notes(aliases: Sequence[Alias], verb: str, as_of: datetime, word: str = "on") -> Iterator[str]:
    for alias in aliases:
        start = alias.starting_at
        when = f"{word} {instant_words(start)}" if start is not None and start > as_of else "when applied"
        until = f", until {instant_words(alias.ending_before)}" if alias.ending_before else ""
        yield f"alias {shortened(alias.name)} {verb} {when}{until}"


def _since(aliases: Sequence[Alias], as_of: datetime) -> str:
    """When aliases start to stand for something; empty without one."""
    starts = {alias.starting_at for alias in aliases}
    words = sorted({instant_words(at) if at is not None and at > as_of else "when applied" for at in starts})
    return " or ".join(words[:2]) + (" or later" if len(words) > 2 else "")
