"""Desired against observed: the changes that turn one into the other, and what cannot be changed at all.

Pure; order and hazards come after. What the store holds and no manifest declares is left alone unless pruned.
"""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest, content_text
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.model import Noun
from pricebook.catalog.path import path_text
from pricebook.catalog.priced import products_of
from pricebook.catalog.product import PricedProduct
from pricebook.catalog.rate_book import NO_RATES, RateBook, Rates, shares, total
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import first_start, read_key
from pricebook.catalog.traverse import references
from pricebook.catalog.unit import BUILT_IN, PricingUnit
from pricebook.observe.mark import RateMark, moved, sums_of
from pricebook.observe.snapshot import AFTER_RATES, Snapshot
from pricebook.plan.change import RateChange
from pricebook.plan.fields import field_changes
from pricebook.plan.handover import holders_of, yielded
from pricebook.plan.timeline import rate_change
from pricebook.plan.verb.add_rates import after
from pricebook.plan.verb.table import VERBS, AddRates, Archive, Create, Repoint, Revise, Supersede
from pricebook.plan.verb.verb import Verb, Wanted
from pricebook.plan.versions import version_change
from pricebook.problem import Problem, quote
from pricebook.span import Span

RATES_PER_STEP = 1000


@dataclass
class Difference:
    """The changes, how many objects are kept, what is left over, and what is refused."""

    changes: list[Verb] = field(default_factory=list)
    kept: int = 0
    leftovers: list[Ref] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def diff(
    desired: Catalog,
    snapshot: Snapshot,
    as_of: datetime,
    *,
    prune: bool = False,
    places: Mapping[Ref, Span] | None = None,
    removed: Collection[Ref] = (),
) -> Difference:
    """Every change that is needed, in the order of kinds and names.

    What is `removed` is let go, and left alone from then on. With `prune`, objects of ours that are not desired any
    more, and superseded package versions, are archived; a version of what is replaced is so without it.
    """
    difference = Difference()
    at = places or {}
    for ref, noun in sorted(desired.nouns.items(), key=lambda item: (item[0].kind.rank, item[0].name)):
        if ref.kind.versioned:
            _keep_or(difference, version_change(ref, noun, snapshot))
        elif ref in snapshot.archived:
            difference.problems.append(_archived(ref, at.get(ref)))
        elif ref.kind is Kind.RATE_CARD:
            _diff_card(
                difference, ref, cast(RateCard, noun), desired=desired, snapshot=snapshot, as_of=as_of, at=at.get(ref)
            )
        else:
            _diff_noun(difference, ref, noun, snapshot.catalog.nouns.get(ref), at.get(ref))
    difference.problems += _called_alike(difference.changes, desired, snapshot, at)
    wanted = Wanted(desired, snapshot, removed)
    difference.changes += [change for verb in VERBS.values() for change in verb.wanted(wanted)]
    superseded = {change.previous for change in difference.changes if isinstance(change, Supersede)}
    leftovers = sorted(
        (ref for ref in _leftovers(desired, snapshot, superseded) if ref.unversioned not in removed),
        key=lambda ref: (-ref.kind.rank, ref.name, ref.version or 0),
    )
    going = [ref for ref in leftovers if prune or (ref.kind.replaced and ref.unversioned in desired.nouns)]
    difference.problems += _in_use(going, desired, snapshot)
    difference.changes += [Archive(ref, _why(ref, desired)) for ref in going]
    if not prune:
        difference.leftovers = [ref for ref in leftovers if ref.unversioned not in desired.nouns]
    return difference


def products_in(changes: Iterable[Verb], desired: Catalog, observed: Catalog) -> Mapping[str, PricedProduct]:
    """How the products read whose rates change, those that are revised, and those that new packages sell."""
    keys = [rate.key for change in changes if isinstance(change, AddRates) for rate in change.rates]
    nouns = [change.noun for change in changes if isinstance(change, (Create, Supersede))]
    revised = [change.ref.name for change in changes if isinstance(change, Revise) and change.ref.kind is Kind.PRODUCT]
    if not (keys or nouns or revised):
        return {}
    return products_of(keys, nouns, desired, observed, revised)


def _keep_or(difference: Difference, change: Verb | None) -> None:
    if change is None:
        difference.kept += 1
    else:
        difference.changes.append(change)


def _diff_noun(difference: Difference, ref: Ref, noun: Noun, observed: Noun | None, at: Span | None) -> None:
    if observed is None:
        difference.changes.append(Create(ref, noun, content_digest(noun), "it is new"))
        return
    if content_text(observed) == content_text(noun):
        difference.kept += 1
        return
    fields = field_changes(observed, noun)
    immutable = [change for change in fields if change.path[0] not in type(noun).mutable]
    for change in immutable:
        message = (
            f"{path_text(change.path)} of {ref} cannot change ({_short(change.observed)} to {_short(change.desired)})"
        )
        difference.problems.append(Problem("immutable-field", message, at, ref.kind.way_out))
    if not immutable:
        difference.changes.append(Revise(ref, noun, content_digest(noun), fields))


def _diff_card(
    difference: Difference,
    ref: Ref,
    card: RateCard,
    *,
    desired: Catalog,
    snapshot: Snapshot,
    as_of: datetime,
    at: Span | None,
) -> None:
    observed = cast("RateCard | None", snapshot.catalog.nouns.get(ref))
    bare_observed = observed.model_copy(update=AFTER_RATES) if observed is not None else None
    if observed is not None:
        difference.problems += _changed_conversions(ref, card, observed, at)
    _diff_noun(difference, ref, card.model_copy(update=AFTER_RATES), bare_observed, at)
    rates, seen = desired.rates.get(ref.name, NO_RATES), snapshot.catalog.rates.get(ref.name, NO_RATES)
    changes: Iterator[RateChange] = iter(())
    if not _same(rates, seen):  # counting contracts may take a request for each customer
        live = bool(snapshot.of(ref).contracts)
        changes = diff_rates(rates, seen, as_of, live=live, sealed=snapshot.sealed)
    difference.changes += _marked(ref, list(_batches(changes)), desired, snapshot)
    held = observed.aliases if observed is not None else ()
    order = observed.product_order if observed is not None else ()
    # What another card took from it, and is over, is history: there is nothing to take away.
    past = {a for a in held if a.ending_before is not None and a.ending_before <= as_of and a not in card.aliases}
    if set(card.aliases) != set(held) - past or card.product_order != order:
        change = Repoint(ref, card.aliases, held, card.product_order, observed_order=order)
        holders = holders_of(change.given, ref, snapshot.catalog, desired)
        yields = yielded(ref.name, observed, desired.cards)
        difference.changes.append(replace(change, held_by=holders, yields=yields))


def diff_rates(
    desired: Rates, observed: Rates, as_of: datetime, *, live: bool, sealed: Container[str] = ()
) -> Iterator[RateChange]:
    """The prices of a card that must change: those that the store has first, then new ones, each in the order of keys.

    A price that nothing desires any more ends when the manifests begin to speak of its like (`_begins`). Prices of
    `sealed` products that nothing desires stay as they are. Streams over `observed`; nothing is read when the digests
    are equal.
    """
    if _same(desired, observed):
        return
    instant = instant_text(next_hour(as_of))
    matched: set[str] = set()
    gone: list[tuple[str, str]] = []
    changes: list[RateChange | None] = []
    for key, schedule in observed.items() if len(observed) else ():
        wanted = desired.get(key)
        if wanted is not None:
            matched.add(key)
            changes += [rate_change(key, wanted, schedule, instant, live)] if wanted != schedule else []
        elif not sealed or read_key(key).product not in sealed:
            gone.append((key, schedule))
    changes += [rate_change(key, new, None, instant, live) for key, new in desired.items() if key not in matched]
    if gone:
        begins = _begins(desired, matched, instant)
        changes += [rate_change(key, None, schedule, begins(key), live) for key, schedule in gone]
    yield from sorted(filter(None, changes), key=lambda rate: (rate.observed is None, rate.key))


def with_gone(desired: Catalog, observed: Catalog, as_of: datetime) -> Catalog:
    """What is desired, with the prices of its products that only the store has, until a plan ends them."""
    rates = dict(desired.rates)
    for card, book in desired.rates.items():
        held = observed.rates.get(card, NO_RATES)
        gone = {key: schedule for key, schedule in held.items() if book.get(key) is None}
        gone = {key: gone[key] for key in gone if Ref(Kind.PRODUCT, read_key(key).product) in desired.nouns}
        if gone:
            ended = {rate.key: after(rate) for rate in diff_rates(book, held, as_of, live=False) if rate.key in gone}
            rates[card] = RateBook(dict(book.items()) | gone | ended)
    return replace(desired, rates=rates) if rates != desired.rates else desired


def _begins(desired: Rates, known: Container[str], now: str) -> Callable[[str], str]:
    """From when on the manifests say that there is no price of a key: from the first one that they have of its product;
    of a product without any, from when a list on the card begins that moved on, or else the whole card does."""
    products: dict[str, str] = {}
    moved: set[str] = set()
    for key, schedule in desired.items():
        product, start = read_key(key).product, first_start(schedule)
        products[product] = min(start, products.get(product, start))
        if start > now and key in known:
            moved.add(start)
    card = min(moved or products.values(), default=now)
    return lambda key: max(now, products.get(read_key(key).product, card))


def _same(desired: Rates, observed: Rates) -> bool:
    if len(desired) != len(observed):
        return False
    if isinstance(desired, RateBook) and isinstance(observed, RateBook):
        return desired == observed
    return desired.digest == observed.digest


def _marked(
    card: Ref, batches: list[tuple[RateChange, ...]], desired: Catalog, snapshot: Snapshot
) -> Iterator[AddRates]:
    """The batches, each with the mark that the card has once it is in; the last one makes the rates what is wanted."""
    if not batches:
        return
    observed = snapshot.catalog.rates.get(card.name, NO_RATES)
    marked = snapshot.of(card).marks.rates or ""
    before = RateMark.read(marked)
    told = before is not None and before.speaks_for(observed)
    wanted, held = before.wanted if before else "", before.sums if before and told else sums_of(observed.items())
    for batch in batches:
        reached = shares([(rate.key, after(rate)) for rate in batch])
        held = moved(held, [(rate.key, rate.observed) for rate in batch], reached)
        if batch is batches[-1]:
            wanted = desired.rates.get(card.name, NO_RATES).digest
        mark = RateMark(wanted, held).text
        yield AddRates(card, batch, "", mark, marked, total(reached))
        marked = mark


def _batches(changes: Iterable[RateChange]) -> Iterator[tuple[RateChange, ...]]:
    batch: list[RateChange] = []
    for change in changes:
        batch.append(change)
        if len(batch) == RATES_PER_STEP:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)


def _leftovers(desired: Catalog, snapshot: Snapshot, superseded: set[Ref]) -> Iterator[Ref]:
    """Live objects of ours that nothing declares, and package versions that are not, or will not be, the newest."""
    for ref in snapshot.ids:
        if ref in snapshot.archived:
            continue
        declared = ref.unversioned in desired.nouns
        old = ref.kind.versioned and (ref in superseded or ref != snapshot.latest(ref))
        if not declared or old:
            yield ref


def _called_alike(
    changes: Iterable[Verb], desired: Catalog, snapshot: Snapshot, places: Mapping[Ref, Span]
) -> Iterator[Problem]:
    """An account knows a pricing unit by its name alone: a second one of a name would be taken for the first."""
    owners = {unit.name: name for name, unit in sorted(desired.units.items(), reverse=True)}
    owners |= {unit.name: name for units in (snapshot.catalog.units, BUILT_IN) for name, unit in units.items()}
    for change in changes:
        if isinstance(change, Create) and change.ref.kind is Kind.PRICING_UNIT:
            name = cast(PricingUnit, change.noun).name
            other = owners[name]
            if other != change.ref.name:
                message = f"pricing unit {quote(other)} is called {quote(name)} already"
                hint = f"use {other} for these amounts, or give this unit another name"
                yield Problem("duplicate-unit", message, places.get(change.ref), hint)


def _in_use(leftovers: list[Ref], desired: Catalog, snapshot: Snapshot) -> Iterator[Problem]:
    """Nothing is archived by accident that something alive still names."""
    leaving = set(leftovers)
    for ref, noun in snapshot.catalog.nouns.items():
        if ref in leaving or ref in snapshot.archived or ref.unversioned not in desired.nouns:
            continue
        for _, kind, name in references(noun):
            target = Ref(kind, name)
            if target in leaving:
                message = f"{target} is to be archived, but {ref} is live and uses it"
                yield Problem("in-use", message, hint=f"archive {ref} first, or keep {target} declared")


def _changed_conversions(ref: Ref, card: RateCard, observed: RateCard, at: Span | None) -> Iterator[Problem]:
    """Conversions can be added, never changed or taken away."""
    desired = {c.custom_credit_type: c.fiat_per_custom_credit for c in card.credit_type_conversions}
    for conversion in observed.credit_type_conversions:
        unit, rate = conversion.custom_credit_type, conversion.fiat_per_custom_credit
        if desired.get(unit) != rate:
            message = f"the conversion of {unit} on {ref} cannot change ({_short(rate)} to {_short(desired.get(unit))})"
            yield Problem("immutable-field", message, at, "use another pricing unit, or another rate card")


def _archived(ref: Ref, at: Span | None) -> Problem:
    message = f"{ref} was archived in this store, and archiving cannot be undone"
    return Problem("archived", message, at, "declare it under another metadata.name")


def _why(ref: Ref, desired: Catalog) -> str:
    return "superseded" if ref.unversioned in desired.nouns else "no manifest declares it"


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
