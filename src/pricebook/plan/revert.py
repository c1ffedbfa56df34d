"""The plan that undoes what somebody did in the account, and nothing that git has to come.

Only what is certain to be theirs alone is undone: where git moved as well, or nobody knows who did, applying git's plan
is the way. What cannot be undone at all is said.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import NO_RATES, shares
from pricebook.catalog.reference import Ref
from pricebook.catalog.traverse import references
from pricebook.observe.mark import RateMark, moved
from pricebook.observe.normalise import normalise
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.diff import RATES_PER_STEP, Difference
from pricebook.plan.drift import Comparison, Drift, Facet, compare
from pricebook.plan.origin import Origin
from pricebook.plan.planner import plan_of, rehearsal_failed
from pricebook.plan.rehearse import rehearse
from pricebook.plan.step import Plan
from pricebook.plan.verb.add_rates import after
from pricebook.plan.verb.table import AddRates, Create, Supersede
from pricebook.plan.verb.verb import Verb


def revert_plan(
    drifts: Iterable[Drift], comparison: Comparison, desired: Catalog, snapshot: Snapshot
) -> tuple[Plan, tuple[tuple[str, str], ...]]:
    """The plan, and what it leaves: the object with the reason. Raises Rejected when it would not undo it."""
    snapshot = normalise(snapshot, desired.nouns)
    mine = [(drift, _why(drift, snapshot)) for drift in drifts if drift.origin.is_drift]
    undone = [drift for drift, why in mine if not why]
    changes = [change for drift in undone for change in _changes(drift.change, desired, snapshot)]
    namespace, environment, as_of = comparison.namespace, comparison.environment, comparison.as_of
    places = comparison.places
    mended = rehearse(snapshot, changes)
    again = compare(desired, mended, namespace=namespace, environment=environment, as_of=as_of, places=places)
    before = {(drift.ref, drift.facet, part) for drift in undone for part in drift.parts}
    for drift in again.drifts:
        for part in drift.parts:
            if (drift.ref, drift.facet, part) in before:
                raise rehearsal_failed(f"after the plan {drift.ref} would still differ: {part}")
    difference = Difference(changes, comparison.kept, [each.ref for each in comparison.leftovers])
    plan = plan_of(
        difference, desired, snapshot, namespace=namespace, environment=environment, as_of=as_of, places=places
    )
    return plan, tuple((str(drift.ref), why) for drift, why in mine if why)


def _changes(change: Verb | None, desired: Catalog, snapshot: Snapshot) -> Iterator[Verb]:
    """The change in steps of a size."""
    if isinstance(change, AddRates):
        for start in range(0, len(change.rates), RATES_PER_STEP):
            batch = change.rates[start : start + RATES_PER_STEP]
            last = start + RATES_PER_STEP >= len(change.rates)
            marked = snapshot.of(change.ref).marks.rates or ""
            mark = _mark(change, desired, marked) if last else ""
            yield replace(change, rates=batch, mark=mark, marked=marked if mark else "")
    elif change is not None:
        yield change


def _mark(change: AddRates, desired: Catalog, marked: str) -> str:
    """The card's mark, which says again what the card holds. A price of nobody's cannot be deleted, only ended: the
    mark learns of it. Empty when there is nothing to learn."""
    before, wanted = RateMark.read(marked), desired.rates.get(change.card, NO_RATES)
    strange = [rate for rate in change.rates if wanted.get(rate.key) is None]
    if before is None or not strange:
        return ""
    reached = shares([(rate.key, after(rate)) for rate in strange])
    return before._replace(sums=moved(before.sums, [(rate.key, None) for rate in strange], reached)).text


def _why(drift: Drift, snapshot: Snapshot) -> str:
    """Why a drift is not undone; empty when it is."""
    change = drift.change
    if change is None and drift.facet is Facet.ARCHIVED:
        return "archiving cannot be undone: declare it under another name"
    if change is None:
        return "the field cannot be changed in place"
    if drift.origin is Origin.BOTH:
        return "git wants something else by now: plan and apply it"
    if drift.origin is Origin.UNCLEAR:
        return "nothing says who changed it: plan, and review it"
    if isinstance(change, (Create, Supersede)):
        for _, kind, name in references(change.noun):
            if Ref(kind, name) in snapshot.archived:
                return f"it uses {Ref(kind, name)}, which is archived"
    return ""
