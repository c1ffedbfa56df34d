"""Drift: what differs between the manifests and the account, who moved, what of it is known. The store is only read."""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pricebook.apply.ports import Journal, State, StoreError
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import moment_words
from pricebook.catalog.reference import Ref
from pricebook.edit.manifest_edit import EditRequest, ManifestEdit
from pricebook.manifest.load import Loaded, load
from pricebook.observe.renames import Moves, pending, present, rewrite_marks
from pricebook.observe.snapshot import AFTER_RATES, Snapshot
from pricebook.plan.drift import Drift, DriftReport, Facet, compare
from pricebook.plan.revert import revert_plan
from pricebook.plan.step import Plan
from pricebook.problem import reject
from pricebook.project.acceptance import Accepted, read_acceptances
from pricebook.project.project import Project
from pricebook.workflow.offering import paid
from pricebook.workflow.writing import FileChange, write_all

UNDECLARED = "undeclared"
"""The part by which an object is accepted that is in no manifest any more."""


def drift(
    loaded: Loaded,
    snapshot: Snapshot,
    journal: Journal,
    *,
    namespace: str,
    environment: str,
    accept: Path | None = None,
    moves: Moves = (),
    removed: Collection[Ref] = (),
) -> DriftReport:
    """Compare the manifests with what an account holds, as of then. Raises Rejected for a bad file of acceptances; a
    journal that cannot be read only says less."""
    as_of = snapshot.observed_at
    known = Accepted(read_acceptances(accept) if accept is not None else (), as_of)
    absent = snapshot.ids and any(ref not in snapshot.ids and not snapshot.latest(ref) for ref in loaded.catalog.nouns)
    comparison = compare(
        loaded.catalog,
        snapshot,
        namespace=namespace,
        environment=environment,
        as_of=as_of,
        places=loaded.places,
        applied=_applied(journal, environment) if absent else frozenset(),
        moves=moves,
        removed=removed,
    )
    left: list[Drift] = []
    accepted: list[tuple[Drift, str]] = []
    for each in comparison.drifts:
        rest, taken = _sorted_out(each, known)
        left += [rest] if rest is not None else []
        accepted += taken
    gone = tuple(one for one in comparison.leftovers if known.find(str(one.ref), UNDECLARED) is None)
    unverified = (*comparison.unverified, *_unfinished(journal, environment))
    held = present(snapshot, moves, loaded.catalog) if gone else snapshot
    sold = tuple(paid(one, held, as_of) for one in gone)
    return DriftReport(comparison, tuple(left), tuple(accepted), tuple(known.findings()), unverified, sold)


def revert(
    report: DriftReport, loaded: Loaded, snapshot: Snapshot, moves: Moves
) -> tuple[Plan, tuple[tuple[str, str], ...]]:
    """The plan that undoes what nobody accepted, and what it has to leave, with the reason. Raises Rejected."""
    if pending(snapshot, moves):
        message = "objects are still to be renamed here, and can be named by neither name until then"
        raise reject("moved", message, hint="apply the plan that renames them first")
    return revert_plan(report.open, report.comparison, loaded.catalog, rewrite_marks(snapshot, moves, loaded.catalog))


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was written into the manifests; and what was left, and why."""

    files: tuple[FileChange, ...]
    left: tuple[tuple[str, str], ...]


def adopt(report: DriftReport, project: Project, loaded: Loaded, snapshot: Snapshot) -> Adopted:
    """Write into the manifests what somebody changed in the account and nobody accepted.

    What was written is loaded and compared again. Raises Rejected, with the files as they were, when the manifests
    would no longer hold.
    """
    held = present(snapshot, project.moves, loaded.catalog)
    work = ManifestEdit(loaded)
    requests: list[EditRequest] = []
    for each in report.open:
        if not each.origin.is_drift or each.facet is Facet.TWICE:
            continue  # of two objects with one mark manifests say nothing
        request = request_of(each, held, loaded.catalog)
        if request is not None:
            requests.append(request)
        else:
            work.left.append(
                (str(each.ref), "it is not there any more: take it out of the manifests, and what names it")
            )
    for request in requests:
        work.make(request)
    changed = [FileChange(*texts) for texts in work.files()]
    loads: list[Loaded] = []
    write_all(project.root, changed, lambda: loads.append(load(project, report.comparison.environment)))
    (again,) = loads
    comparison = report.comparison
    left = compare(
        again.catalog,
        snapshot,
        namespace=comparison.namespace,
        environment=comparison.environment,
        as_of=comparison.as_of,
        places=again.places,
        moves=project.moves,
    )
    asked = {request.ref for request in requests} - {Ref.parse(ref) for ref, _ in work.left}
    still = {each.ref for each in left.drifts if each.origin.is_drift and each.ref in asked}
    work.left += [
        (str(ref), "it still differs in what cannot be written: see pricebook drift") for ref in sorted(still)
    ]
    return Adopted(tuple(changed), tuple(work.left))


def request_of(drift: Drift, held: Snapshot, desired: Catalog) -> EditRequest | None:
    """What the manifests have to say so that the drift is none; None where the object is not there, or is a version of
    a package. `held` is the snapshot as it is meant."""
    observed = held.catalog.nouns.get(drift.ref)
    if observed is None or drift.facet in (Facet.MISSING, Facet.ARCHIVED, Facet.VERSION, Facet.TWICE):
        return None
    if drift.facet is Facet.RATES:
        rates = {rate.key: rate.observed for rate in drift.rates if rate.observed is not None}
        return EditRequest(drift.ref, observed, frozenset(), rates)
    if drift.facet is Facet.ALIASES:
        wanted = desired.nouns[drift.ref]
        differ = (name for name in AFTER_RATES if getattr(observed, name) != getattr(wanted, name))
        return EditRequest(drift.ref, observed, frozenset(differ))
    return EditRequest(drift.ref, observed, frozenset(re.split(r"[.\[]", part)[0] for part in drift.parts))


def _sorted_out(drift: Drift, known: Accepted) -> tuple[Drift | None, list[tuple[Drift, str]]]:
    """What of a drift nobody accepted, and what who did. What git does needs no acceptance."""
    by = [known.find(str(drift.ref), part) for part in drift.parts] if drift.origin.is_drift else []
    if not any(by):
        return drift, []
    taken = []
    for at, acceptance in sorted({found.at: found for found in by if found is not None}.items()):
        mine = drift.only([found is not None and found.at == at for found in by])
        assert mine is not None
        taken.append((mine, acceptance.words))
    return drift.only([found is None for found in by]), taken


def _applied(journal: Journal, environment: str) -> frozenset[str]:
    """The steps that the journal knows to have been done."""
    done: set[str] = set()
    with suppress(StoreError):
        for run in journal.runs(environment):
            done |= {entry.step for entry in journal.entries(run.number) if entry.state is State.DONE}
    return frozenset(done)


def _unfinished(journal: Journal, environment: str) -> Iterator[tuple[str, str]]:
    try:
        runs = journal.runs(environment)
    except StoreError as error:
        yield "journal", f"it cannot be read ({error.message}): what was applied when is not known"
        return
    if runs and runs[-1].ended_at is None:
        begun = moment_words(runs[-1].started_at)
        yield "journal", f"the apply of {runs[-1].plan} that began at {begun} has not ended: it may account for some"
