"""Migrations: planned, checked against the account, planned back. They are applied as any plan is (`apply.runner`)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from pricebook.apply.mover import lives_of
from pricebook.apply.ports import ContractStore, Journal
from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.migration import Migration
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.manifest.load import Loaded
from pricebook.manifest.row import SHOWN
from pricebook.manifest.source_map import Location
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Lives, gathered, keyed
from pricebook.plan.document import headline, read
from pricebook.plan.migration.planner import Choice, Setting, check_moves, newest, plan_migration, stepped
from pricebook.plan.migration.reconciliation import Reconciliation, reconcile
from pricebook.plan.migration.rollback import plan_back
from pricebook.plan.step import Plan
from pricebook.plan.verb.move_contract import MoveStatus, found_in
from pricebook.problem import Problem, Rejected, did_you_mean, fits_nothing, quote, reject, unlisted
from pricebook.project.project import Project
from pricebook.project.table import read_customers
from pricebook.span import Span
from pricebook.usage.assessment import Assessment
from pricebook.workflow.impact import exceeded


def named(loaded: Loaded, name: str | None) -> tuple[str, Migration]:
    """The migration of that name; the only one when none is given. Raises Rejected."""
    known = {ref.name: cast(Migration, noun) for ref, noun in loaded.beside.items() if ref.kind is Kind.MIGRATION}
    if name is None and len(known) == 1:
        return next(iter(known.items()))
    if name is None:
        hint = f"migrations: {', '.join(sorted(known)[:10])}" if known else "a manifest declares one: kind: Migration"
        raise reject("unknown-migration", "which migration?" if known else "there is no migration", hint=hint)
    if name not in known:
        hint = did_you_mean(name, known) or f"migrations: {', '.join(sorted(known)[:10]) or 'none'}"
        raise reject("unknown-migration", f"there is no migration {quote(name)}", hint=hint)
    return name, known[name]


def plan(
    project: Project, loaded: Loaded, environment: str, store: ContractStore, snapshot: Snapshot, name: str
) -> tuple[Plan, Lives]:
    """The plan of a migration against a store and its snapshot, as of then, and the contracts that it was made from.

    Reads only. Raises Rejected, StoreError.
    """
    _, migration = named(loaded, name)
    namespace, as_of = project.settings.namespace, snapshot.observed_at
    target = _target(loaded, snapshot, name, migration)
    listed = _listed(project, loaded, name, migration)
    choice = Choice(name, migration, listed)
    package = snapshot.catalog.nouns.get(target)
    duration = package.duration if isinstance(package, Package) else None
    packages = dict.fromkeys((migration.package, target.name))
    lives = gathered(c for package in packages for c in store.cohort(namespace, as_of, package, ended=True))
    lives = keyed(lives, target, lambda customer: store.customer_contracts(namespace, customer))
    made = plan_migration(name, migration, target, choice, lives, Setting(namespace, environment, as_of, duration))
    strange = list(_strangers(loaded, name, migration, listed, lives))
    if any(problem.severity == "error" for problem in strange):
        raise Rejected(strange)
    findings = (*_unapplied(loaded, snapshot, target), *strange, *made.findings)
    return replace(made, findings=findings), lives


def _listed(project: Project, loaded: Loaded, name: str, migration: Migration) -> frozenset[str] | None:
    """The customers of the migration's table, None when it has none. Raises Rejected."""
    table = migration.whom.customers_from
    return read_customers(project, table, _at(loaded, name, "whom", "customers_from")) if table is not None else None


def judged_again(project: Project, loaded: Loaded, made: Plan, lives: Lives, *, approved: bool) -> Plan:
    """The plan of a file, held against the migration as the manifests have it. That its guard was kept counts where
    the file is `approved`, by its digest, and is not verified otherwise. Raises Rejected for a file that was edited."""
    name = made.moving.name
    migration = cast("Migration | None", loaded.beside.get(Ref(Kind.MIGRATION, name)))
    choice = Choice(name, migration, _listed(project, loaded, name, migration)) if migration is not None else None
    wrong = list(check_moves(made, migration, choice, lives))
    hint = "plan again, and let that be reviewed"
    problems = [Problem("plan-file", f"the plan is none of this migration: {words}", hint=hint) for words in wrong]
    if problems:
        more = [Problem("more", f"{len(problems) - SHOWN:,} more moves like this", more=len(problems) - SHOWN)]
        raise Rejected([*problems[:SHOWN], *(more if len(problems) > SHOWN else ())])
    guarded_ = migration is not None and migration.guard.of_bills and made.moving.direction == "forward"
    done = all(found_in(move, lives).status is MoveStatus.MOVED for move in made.moves)
    if approved or done or not guarded_ or made.moving.verdict == "exceeded":
        return made
    return replace(made, migration=replace(made.moving, verdict="unverified"))


def _strangers(
    loaded: Loaded, name: str, migration: Migration, listed: frozenset[str] | None, lives: Lives
) -> Iterator[Problem]:
    """Customers who are named, and have no contract on the packages. Who is written almost as somebody who has one was
    meant to be that customer, and a migration that moves whom it should leave alone is not planned."""
    whom = migration.whom
    named_there: list[tuple[str, tuple[str | int, ...], Sequence[str]]] = [
        ("exclude", ("whom", "exclude", index), (customer,)) for index, customer in enumerate(whom.exclude)
    ]
    named_there += [("customer", ("whom", "customers", i), (customer,)) for i, customer in enumerate(whom.customers)]
    if listed is not None:
        named_there.append((f"customer of {whom.customers_from}", ("whom", "customers_from"), sorted(listed)))
    for what, path, customers in named_there:
        strange = [customer for customer in customers if customer not in lives]
        for customer in strange[:SHOWN]:
            found = fits_nothing(what, customer, lives, _at(loaded, name, *path), "warning")
            slip = found.hint.startswith("did you mean")
            yield replace(found, severity="error") if slip and what == "exclude" else found
        more = unlisted(len(strange) - SHOWN, "customers without a contract there", _at(loaded, name, *path))
        yield from (replace(problem, severity="warning") for problem in more)


def guarded(loaded: Loaded, made: Plan, assessment: Assessment) -> Plan:
    """The plan with the guard's verdict on what was found of bills."""
    name, verdict = made.moving.name, made.moving.verdict
    _, migration = named(loaded, name)
    found = assessment.impact
    findings = list(exceeded(assessment, migration.guard, lambda field: _at(loaded, name, "guard", field), "guard"))
    if verdict != "none" and found.contracts:
        verdict = "exceeded" if findings else "kept"
    unbilled = found.skipped + found.unknown
    if unbilled:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(unbilled.items()))
        message = f"contracts whose bills are not known: {unbilled.total():,} ({reasons})"
        findings.append(Problem("not-billed", message, hint="the guard does not speak for them", severity="warning"))
    return replace(made, migration=replace(made.moving, verdict=verdict), findings=(*made.findings, *findings))


def refusal(made: Plan) -> Problem | None:
    """Why a plan is not applied without a word; None when nothing stands against it."""
    if made.moving.verdict == "exceeded":
        hint = "see who with --impact; when it is meant, raise the guard's limits, or say: --allow GUARD"
        return Problem(
            "guard", "the migration moves bills further than its guard allows; nothing was written", hint=hint
        )
    if made.moving.verdict == "unverified":
        message = "the migration has a guard, and no usage was billed to verify it; nothing was written"
        hint = "say --impact USAGE, of a plan file that was approved --expect DIGEST, or --allow GUARD"
        return Problem("guard", message, hint=hint)
    return None


def done_before(journal: Journal, environment: str, namespace: str, name: str, migration: Migration) -> Plan:
    """The moves that runs of a migration were to make, as the journal remembers them.

    What was planned last of a contract counts: it is what was done, and the end that it saw is the one to give back.
    Raises Rejected when the journal knows of no run, or of runs to several versions of which the manifest names none.
    """
    found: dict[Ref, list[Plan]] = {}
    for run in journal.runs(environment):
        text = journal.plan(run.number)
        if run.namespace != namespace or not headline(text):
            continue
        made = read(text, "journal", migration=True)
        if made.moving.name == name and made.moving.direction == "forward":
            found.setdefault(made.moving.target, []).append(made)
    if not found:
        hint = "name the plan file that was applied: --rollback FILE"
        raise reject("unknown-migration", f"the journal knows of no run of migration {quote(name)}", hint=hint)
    wanted = Ref(Kind.PACKAGE, migration.target, migration.to_version)
    if len(found) > 1 and wanted not in found:
        message = f"migration {quote(name)} was applied to {' and to '.join(map(str, found))}"
        hint = "say which is meant: to_version in the manifest, or the plan file that was applied"
        raise reject("several-targets", message, hint=hint)
    runs = found.get(wanted) or next(iter(found.values()))
    moves = {move.contract: move for made in runs for move in made.moves}
    last = runs[-1]
    moving = replace(last.moving, verdict="none", left={})
    return replace(last, steps=stepped(moves.values()), migration=moving, findings=())


def back(done: Plan, store: ContractStore, as_of: datetime) -> Plan:
    """The plan that undoes what still can be undone of a plan that was applied. Reads only. Raises StoreError."""
    return plan_back(done, lives_of(done, store, as_of), as_of)


def check(made: Plan, store: ContractStore, at: datetime) -> Reconciliation:
    """The account against a plan, every customer's timeline looked at. Reads only. Raises StoreError."""
    return reconcile(made, lives_of(made, store, at))


def _target(loaded: Loaded, snapshot: Snapshot, name: str, migration: Migration) -> Ref:
    """The version that contracts move to. Raises Rejected for versions that are not there."""
    there = [ref for ref in snapshot.ids if ref.kind is Kind.PACKAGE]
    problems = []
    target = Ref(Kind.PACKAGE, migration.target, migration.to_version) if migration.to_version is not None else None
    found = target or newest(migration.target, there)
    wanted = [(("to_version",), found, migration.target)] + [
        (("from_versions", index), Ref(Kind.PACKAGE, migration.package, version), migration.package)
        for index, version in enumerate(migration.from_versions)
    ]
    for path, ref, package in wanted:
        if ref is None or ref not in there:
            versions = sorted(each.version or 0 for each in there if each.name == package)
            hint = f"versions there: {', '.join(map(str, versions))}" if versions else "apply the package first"
            what = str(ref) if ref is not None else f"package {quote(package)}"
            problems.append(Problem("unknown-version", f"{what} is not in the store", _at(loaded, name, *path), hint))
    if found is not None and found in snapshot.archived:
        message = f"{found} is archived: no contract can be made on it"
        problems.append(Problem("archived-version", message, _at(loaded, name, "to_version"), "name another version"))
    if problems or found is None:
        raise Rejected(problems)
    return found


def _unapplied(loaded: Loaded, snapshot: Snapshot, target: Ref) -> Iterator[Problem]:
    """A package of the manifests that no version in the store is: perhaps it is the one that is meant."""
    package = loaded.catalog.packages.get(target.name)
    newest_there = package is not None and snapshot.latest(target) == target
    if package is not None and newest_there and snapshot.of(target).marks.content != content_digest(package):
        message = f"the manifests have another {Ref(Kind.PACKAGE, target.name)} than {target}, not applied yet"
        hint = "apply it first, when that is the version to move to"
        yield Problem("not-applied", message, hint=hint, severity="warning")


def _at(loaded: Loaded, name: str, *path: str | int) -> Span:
    location = Location(Ref(Kind.MIGRATION, name), path)
    return loaded.source_map.spans([location])[location]
