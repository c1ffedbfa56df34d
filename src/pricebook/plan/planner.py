"""The planner: from a desired catalogue and a snapshot to a plan that has been rehearsed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.path import path_text
from pricebook.catalog.rate_book import NO_RATES
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.renames import pending, present
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.adoption import (
    NO_CLAIMS,
    Claims,
    adoptions,
    check_claims,
    check_moves,
    check_questions,
    check_removed,
)
from pricebook.plan.assess import alias_holders, mark_foreign
from pricebook.plan.diff import Difference, diff, products_in
from pricebook.plan.fields import field_changes
from pricebook.plan.leftover import left_over, looks_renamed
from pricebook.plan.order import ordered
from pricebook.plan.origin import Origin, rate_origins
from pricebook.plan.reach import Buyers, reach_of
from pricebook.plan.rehearse import rehearse
from pricebook.plan.step import Plan, Step
from pricebook.plan.verb.add_rates import AddRates
from pricebook.plan.verb.verb import Verb
from pricebook.plan.versions import named
from pricebook.problem import Problem, Rejected, quote, reject
from pricebook.span import Span

_NAMED = 3
"""Notifications that are named."""


def rehearsal_failed(message: str) -> Rejected:
    """The refusal of a plan that does not do what it is for."""
    hint = "this is a bug of pricebook, not of the manifests; nothing was written. Please report it with them"
    return reject("rehearsal", message, hint=hint)


def make_plan(
    desired: Catalog,
    snapshot: Snapshot,
    *,
    namespace: str,
    environment: str,
    as_of: datetime,
    prune: bool = False,
    places: Mapping[Ref, Span] | None = None,
    claims: Claims = NO_CLAIMS,
) -> Plan:
    """The plan that makes the store say what is desired, as of an instant. `claims` say which objects of the store are
    to become ours.

    Raises Rejected when something desired cannot be done at all, or the plan does not close.
    """
    unmarked = {ref: snapshot.ids[ref] for ref in snapshot.unmarked}
    problems = [*check_moves(claims, snapshot), *check_removed(claims, snapshot, namespace)]
    moving = pending(snapshot, claims.moves)
    snapshot = present(snapshot, claims.moves, desired)
    taken = list(adoptions(desired, snapshot, moving))
    snapshot = rehearse(snapshot, taken) if taken else snapshot
    removed = claims.removed
    difference = diff(desired, snapshot, as_of, prune=prune, places=places, removed=removed)
    problems += [*check_claims(claims, snapshot), *difference.problems]
    problems += check_questions(difference.changes, claims, snapshot)
    if problems:
        raise Rejected(problems)
    if difference.changes:
        again = diff(desired, rehearse(snapshot, difference.changes), as_of, prune=prune, removed=removed)
        if again.changes or again.problems:
            first = again.changes[0] if again.changes else again.problems[0]
            raise rehearsal_failed(
                f"after the plan there would still be {len(again.changes)} changes, the first: {first}"
            )
    difference.changes[:0] = taken
    made = plan_of(
        difference, desired, snapshot, namespace=namespace, environment=environment, as_of=as_of, places=places or {}
    )
    return replace(made, adopted={ref.unversioned: id_ for ref, id_ in unmarked.items()}, moved=moving)


def plan_of(
    difference: Difference,
    desired: Catalog,
    snapshot: Snapshot,
    *,
    namespace: str,
    environment: str,
    as_of: datetime,
    places: Mapping[Ref, Span],
) -> Plan:
    """The plan of changes that were rehearsed: in order, each with its hazards and with whom it reaches."""
    origins = rate_origins(difference.changes, desired, snapshot)
    buyers = {change.ref: Buyers(change.ref, snapshot) for change in difference.changes if isinstance(change, AddRates)}
    now = instant_text(next_hour(as_of))
    changes = [
        _reaching(change, buyers[change.ref], origins.get(change.card, {}), now)
        if isinstance(change, AddRates)
        else change
        for change in difference.changes
    ]
    steps = ordered(changes, alias_holders(desired))
    left = left_over(difference.leftovers, changes, snapshot, as_of)
    return Plan(
        namespace=namespace,
        environment=environment,
        as_of=as_of,
        base=snapshot.digest,
        desired=desired.digest,
        steps=tuple(assessed(step, desired, snapshot, places, buyers) for step in steps),
        kept=difference.kept,
        prices=sum(len(rates) for rates in desired.rates.values()),
        leftovers=left,
        units=desired.scales,
        products=products_in(difference.changes, desired, snapshot.catalog),
        order=_declared(difference.changes, desired),
        unmanaged={kind.value: count for kind, count in snapshot.unmanaged.items() if count},
        findings=(
            *snapshot.notes,
            *_unlike(desired, snapshot),
            *_nobodys(desired, snapshot),
            *looks_renamed(left, places),
        ),
    )


def _declared(changes: Iterable[Verb], desired: Catalog) -> dict[str, dict[str, int]]:
    """Card by card, where manifests declare each price that changes; one that they do not have any more is last."""
    found: dict[str, dict[str, int]] = {}
    for change in changes:
        if isinstance(change, AddRates):
            found.setdefault(change.card, {}).update((rate.key, 0) for rate in change.rates)
    for card, places in found.items():
        book = desired.rates.get(card, NO_RATES)
        declared = {key: place for place, (key, _) in enumerate(book.items()) if key in places}
        places.update((key, declared.get(key, len(book))) for key in places)
    return found


def _nobodys(desired: Catalog, snapshot: Snapshot) -> Iterator[Problem]:
    """Messages that an account sends and no manifest declares: it has no mark on them, so they may be anybody's."""
    if not snapshot.partial or not any(ref.kind.file == Kind.OFFSET_NOTIFICATION.file for ref in desired.nouns):
        return
    left = sorted(
        each.noun.title if each.noun is not None else ref.name
        for ref, each in snapshot.objects.items()
        if ref.kind is Kind.OFFSET_NOTIFICATION and not each.archived and ref not in desired.nouns
    )
    if left:
        named = ", ".join(quote(name) for name in left[:_NAMED]) + (", ..." if len(left) > _NAMED else "")
        message = f"the account sends {len(left)} offset notification{'s' * (len(left) > 1)} of no manifest: {named}"
        hint = "nothing shows whose they are, so they stay: archive in the account what is not meant, or declare it"
        yield Problem("unmarked-notification", message, hint=hint, severity="warning")


def _unlike(desired: Catalog, snapshot: Snapshot) -> Iterator[Problem]:
    """Versions whose mark says that they are what is desired, and which the store shows otherwise."""
    if not snapshot.partial:
        return
    for declared, noun in desired.nouns.items():
        ref = snapshot.latest(declared) if declared.kind.versioned else None
        observed = snapshot.catalog.nouns.get(ref) if ref is not None else None
        if ref is None or observed is None or snapshot.of(ref).marks.content != content_digest(noun):
            continue
        differing = field_changes(observed, named(noun, ref.version or 0))
        # What was left open in the request may have been filled in; what was said must be shown.
        fields = [field for field in differing if field.desired is not None or field.path[0] == "aliases"]
        if fields:
            words = ", ".join(path_text(field.path) for field in fields[:5]) + (", ..." if len(fields) > 5 else "")
            message = f"{ref} was made from this manifest, but the store shows it otherwise: {words}"
            hint = f"a {ref.kind.words} cannot be edited: its alias may be another's now, or the API shows less"
            yield Problem("reads-otherwise", message, hint=hint, severity="warning", subject=str(ref))


def _reaching(change: AddRates, buyers: Buyers, origins: Mapping[str, Origin], now: str) -> AddRates:
    """The change of rates with whom it reaches, and what others did to them."""
    rates = [buyers.annotated(rate, now) for rate in change.rates]
    if origins:
        foreign = (Origin.DRIFTED, Origin.BOTH)
        rates = [mark_foreign(rate) if origins[rate.key] in foreign else rate for rate in rates]
    return replace(change, rates=tuple(rates))


def assessed(
    step: Step, desired: Catalog, snapshot: Snapshot, places: Mapping[Ref, Span], buyers: Mapping[Ref, Buyers]
) -> Step:
    """The step with what follows from its change: hazards, what it expects, and whom it reaches."""
    change = step.change
    at = places.get(change.ref.unversioned)
    told = replace(
        step,
        hazards=tuple(sorted(set(change.hazards(desired, snapshot)))),
        expects=change.expects(snapshot),
        reach=reach_of(change.ref, snapshot),
        at=f"{at.file}:{at.line}" if at is not None else "",
    )
    return buyers[change.ref].assess(told, change.rates) if isinstance(change, AddRates) else told
