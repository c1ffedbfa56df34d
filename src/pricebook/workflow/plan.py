"""Plan: what would make the store say what the manifests say."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from pricebook.apply.ports import BillingStore, Store
from pricebook.catalog.reference import Ref
from pricebook.manifest.load import Loaded, load
from pricebook.observe.renames import renamed
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.adoption import Claims
from pricebook.plan.planner import make_plan
from pricebook.plan.step import Plan
from pricebook.policy.judge import in_order
from pricebook.problem import Problem, Rejected
from pricebook.project.project import Project
from pricebook.span import Span
from pricebook.workflow.policy import company_rules
from pricebook.workflow.python_rule import Reviewer
from pricebook.workflow.review import review


def plan(
    project: Project,
    environment: str,
    store: Store,
    as_of: datetime,
    *,
    prune: bool = False,
    reviewer: Reviewer | None = None,
    billed: BillingStore | None = None,
) -> Plan:
    """The rehearsed plan of a project against a store, as of an instant. Reads only. With a reviewer the rules are
    run, and the plan has their findings; with a store whose contracts are `billed`, what it does to their fees.

    Raises Rejected for what is wrong with the manifests or impossible for the store, StoreError when it is unreadable.
    """
    loaded = load(project, environment)
    snapshot = store.snapshot(project.settings.namespace, as_of, loaded.adopted(environment))
    return plan_to(project, environment, store, loaded, snapshot, as_of, prune=prune, reviewer=reviewer, billed=billed)


def plan_to(
    project: Project,
    environment: str,
    store: Store,
    loaded: Loaded,
    snapshot: Snapshot,
    as_of: datetime,
    *,
    prune: bool = False,
    reviewer: Reviewer | None = None,
    billed: BillingStore | None = None,
) -> Plan:
    """The same to a catalogue that is given, from what the store was seen to hold with the claims of the manifests."""
    made = make_plan(
        loaded.catalog,
        snapshot,
        namespace=project.settings.namespace,
        environment=environment,
        as_of=as_of,
        prune=prune,
        places=loaded.places,
        claims=claims_of(project, loaded, environment),
    )
    check_limits(made, store, loaded.places)
    if reviewer is None:
        return made
    snapshot = renamed(snapshot, made.moved)
    if made.steps or any(left.contracts for left in made.leftovers):
        # Bills fees and reads packages, and most plans have no steps.
        from pricebook.workflow.offering import offering

        made = offering(made, loaded.catalog, snapshot, billed)
    policy, company = project.policy(environment), company_rules(project, environment)
    judged = review(project, policy, loaded, as_of, reviewer, company=company, change=(made, snapshot))
    return replace(made, findings=in_order([*made.findings, *judged]))


def check_limits(plan: Plan, store: Store, places: Mapping[Ref, Span] | None = None) -> None:
    """Raises Rejected when the store has no way to do something that the plan wants. Asks the store nothing."""
    problems: list[Problem] = []
    for step in plan.steps:
        ref = step.change.ref
        at = (places or {}).get(ref.unversioned)
        for violation in store.cannot(plan.namespace, step.change):
            problems.append(Problem(violation.code, violation.message, at, violation.hint, subject=str(ref)))
    if problems:
        raise Rejected(problems)


def claims_of(project: Project, loaded: Loaded, environment: str) -> Claims:
    """The claims of an environment. Where they stand is looked up when it has to be said. Raises Rejected for what
    moved to where nothing is."""
    problems = [*_check_moves(project, loaded), *_check_removed(project, loaded, environment)]
    if problems:
        raise Rejected(problems)
    fresh = {ref for ref in loaded.adopt if loaded.is_new(ref, environment)}
    moves = project.moves
    places = partial(_claim_at, project, loaded, environment)
    return Claims(environment, loaded.adopted(environment), fresh, moves, project.removed(environment), places)


def _check_moves(project: Project, loaded: Loaded) -> Iterator[Problem]:
    """An entry leads from a name that is given up to one that is declared, or that moved on."""
    left = {old for old, _ in project.moves}
    for index, (old, new) in enumerate(project.moves):
        if old in loaded.catalog.nouns:
            hint = "an object has one name: rename its manifest, or remove this entry"
            yield Problem("moved", f"{old} is still declared", project.place(("moved", index, "from")), hint)
        elif new not in loaded.catalog.nouns and new not in left:
            message = f"{new} is not declared: the entry matches nothing any more"
            yield Problem("moved", message, project.place(("moved", index, "to")), "remove this entry")


def _check_removed(project: Project, loaded: Loaded, environment: str) -> Iterator[Problem]:
    """What is let go is not declared."""
    for ref, path in project.removed(environment).items():
        if ref in loaded.catalog.nouns:
            hint = "remove its manifest, or this entry"
            yield Problem("removed", f"{ref} is still declared", project.place(path), hint)


def _claim_at(project: Project, loaded: Loaded, environment: str, ref: Ref) -> Span | None:
    """Where the entry stands; for a noun without one its name, for a name that was given up the entry that says so."""
    for index, (old, _) in enumerate(project.moves):
        if old == ref:
            return project.place(("moved", index, "from"))
    if ref in (removed := project.removed(environment)):
        return project.place(removed[ref])
    said = environment in loaded.adopt.get(ref, ())
    return loaded.source_map.at(ref, ("metadata", "adopt", environment) if said else ("metadata", "name"))
