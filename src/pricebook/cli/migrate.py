"""`pricebook migrate`."""

from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from pricebook.apply.mover import lives_of
from pricebook.apply.ports import ContractStore
from pricebook.cli.apply import carried_out
from pricebook.cli.complete import complete_objects
from pricebook.cli.impact import ImpactRequest, assessed_migration
from pricebook.cli.invocation import STALE, Invocation, invoked
from pricebook.cli.options import (
    PATH,
    csv_option,
    engine_option,
    impact_from_option,
    impact_option,
    rows_option,
    yes_option,
)
from pricebook.manifest.load import Loaded, Outline, load
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Lives
from pricebook.plan.document import write
from pricebook.plan.step import Plan
from pricebook.problem import Problem, quote
from pricebook.project.project import METRONOME
from pricebook.view.impact import ImpactView
from pricebook.view.impact_table import impact_view
from pricebook.view.migration import (
    MigrationReceiptView,
    MigrationView,
    ReconciliationView,
    migration_receipt_view,
    migration_view,
    reconciliation_view,
)
from pricebook.view.rate_terms import units_of
from pricebook.view.rows import RowChoice
from pricebook.workflow.apply import check_approved, check_target, read_approval, read_plan
from pricebook.workflow.migration import back, check, done_before, guarded, judged_again, named, plan, refusal
from pricebook.workflow.present import PresentStore

_OPTIONAL: dict[str, Any] = {"is_flag": False, "flag_value": "", "default": None, "metavar": "[FILE]"}
"""An option that may come without its value."""


def _notice(ctx: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
    """The table of a plan says whom to tell: the option is short for a report in that format."""
    if value is not None:
        ctx.find_root().ensure_object(dict)["reports"] = (("csv", value),)
    return value


@click.command()
@click.argument("name", required=False, shell_complete=complete_objects("migration"))
@click.option("--plan", "plan_only", is_flag=True, help="Show which contracts would move. This is the default.")
@click.option("--apply", "apply_file", **_OPTIONAL, help="Move them: what a plan file says, or what is planned now.")
@click.option("--check", "check_file", **_OPTIONAL, help="Read the account back against a plan file, or the journal.")
@click.option("--rollback", "rollback_file", **_OPTIONAL, help="Plan the way back from a plan file, or the journal.")
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Also write the plan to a file.")
@click.option("--notice", type=PATH, metavar="FILE", callback=_notice, help="Also write whom to tell what, as CSV.")
@rows_option
@impact_option
@impact_from_option
@engine_option
@csv_option
@click.option(
    "--expect", metavar="DIGEST", help="With --apply FILE: only if this is what was approved, as --plan -o says it."
)
@yes_option
@click.option(
    "--allow", multiple=True, metavar="GUARD", help="GUARD: apply although the guard is not kept or verified."
)
@invoked("migration")
def command(
    invocation: Invocation,
    name: str | None,
    plan_only: bool,
    apply_file: str | None,
    check_file: str | None,
    rollback_file: str | None,
    output: Path | None,
    notice: Path | None,
    rows: str | None,
    impact: tuple[str, ...],
    impact_from: datetime | None,
    engine: str,
    expect: str | None,
    yes: bool,
    allow: tuple[str, ...],
) -> None:
    """Move customers from older versions of a package to another one, as a reviewed plan.

    NAME is a manifest of kind Migration; it may be left out where there is one. --plan shows who moves when and what
    changes for them, and writes nothing to the account; -o keeps the plan as a file, one line for each contract.

    --apply makes the new contracts and ends the old ones, the new one always first. It is continued by running it
    again, and never moves a contract twice. Contracts that changed since the plan was made are left alone and listed.
    Everything is read back afterwards; --check does that at any time.

    --rollback is another plan: it undoes the moves whose new contract has not started, and says what cannot be undone.
    """
    modes = [word for word in (apply_file, check_file, rollback_file) if word is not None]
    if len(modes) + plan_only > 1:
        message = "--plan, --apply, --check and --rollback exclude each other"
        invocation.fail([Problem("conflict", message, hint="say one of them")])
    shows, plans = apply_file is None and check_file is None, rollback_file is None and check_file is None
    unfit = {
        "--output": output is not None and not shows,
        "--notice": notice is not None and (not shows or not plans),
        "--impact": bool(impact) and not plans,
        "--expect": expect is not None and not apply_file,
    }
    if any(unfit.values()):
        message = f"{' and '.join(word for word in unfit if unfit[word])} says nothing to what is asked for"
        hint = "--output is of a plan or --rollback, --notice of a plan, --expect of --apply FILE"
        invocation.fail([Problem("conflict", message, hint=hint)])
    view = ReconciliationView if check_file is not None else MigrationView if shows else MigrationReceiptView
    invocation.answers_in(view.answer)
    if any(word.upper() != "GUARD" for word in allow):
        invocation.fail([Problem("unknown-hazard", "a migration has one thing to allow", hint="say: --allow GUARD")])
    session, request = _Session(invocation, name, rows), ImpactRequest(impact, impact_from, False, engine)
    if check_file is not None:
        sound = session.check(check_file)
    elif rollback_file is not None:
        sound = session.show(session.back(rollback_file), output)
    elif apply_file is not None:
        made = session.again(apply_file, request, expect) if apply_file else session.plan(request)
        sound = session.apply(made, yes=yes, allowed=bool(allow))
    else:
        sound = session.show(session.plan(request), output)
    if not sound:
        raise click.exceptions.Exit(1)


class _Session:
    """One call of the command. Each mode returns whether everything is as it should be."""

    def __init__(self, invocation: Invocation, name: str | None, rows: str | None) -> None:
        self._invocation, self._name, self._rows = invocation, name, rows
        self._bills: ImpactView | None = None

    def plan(self, request: ImpactRequest) -> Plan:
        """The plan made now; with usage, the guard has judged it."""
        invocation = self._invocation
        name, _ = named(self._loaded, self._name)
        made, lives = plan(invocation.project, self._loaded, invocation.environment[0], *self._opened, name)
        return self._guarded(made, lives, request)

    def _guarded(self, made: Plan, lives: Lives, request: ImpactRequest) -> Plan:
        """The plan as the guard judges it, where there is usage."""
        if not request.files:
            return made
        limit = named(self._loaded, made.moving.name)[1].guard.max_customer_increase
        found = assessed_migration(self._invocation, made, self._opened[1], lives, request, limit)
        self._bills = impact_view(self._opened[1].catalog.scales, found, limit)
        return guarded(self._loaded, made, found)

    def again(self, file: str, request: ImpactRequest, expect: str | None) -> Plan:
        """The plan of a file that is to be applied: what of it is not approved is found out anew."""
        made, invocation = self.read(file, sealed=expect is None), self._invocation
        if expect is not None and (problem := check_approved(made, read_approval(expect, migration=True))) is not None:
            invocation.fail([problem], STALE)
        store, _ = self._opened
        lives = lives_of(made, store, invocation.as_of)
        made = judged_again(invocation.project, self._loaded, made, lives, approved=expect is not None)
        return self._guarded(made, lives, request)

    def read(self, file: str, *, sealed: bool = True) -> Plan:
        """The plan of a file, which is for this environment."""
        made = read_plan(Path(file), migration=True, sealed=sealed)
        if self._name is not None and self._name != made.moving.name:
            message = f"{file} is a plan of migration {quote(made.moving.name)}, not of {quote(self._name)}"
            self._invocation.fail([Problem("wrong-target", message, hint="leave the name out, or name another file")])
        check_target(made, self._invocation.project.settings.namespace, self._invocation.environment[0])
        return made

    def back(self, file: str) -> Plan:
        """The way back from what was applied."""
        return back(self._applied(file), self._opened[0], self._invocation.as_of)

    def show(self, made: Plan, output: Path | None) -> bool:
        """Show a plan and write its files."""
        invocation = self._invocation
        view = self._view(made)
        if output is not None:
            output.write_text(write(made), encoding="utf-8", newline="\n")
        invocation.answer(view)
        if output is not None:
            command = f"pricebook migrate --apply {output} --expect {made.digest}"
            told = [f"The plan is in {output}. Apply exactly it with:", f"  {command}"]
            invocation.say(["", *(told if made.steps else [f"The plan, which does nothing, is in {output}."])])
        return True

    def apply(self, made: Plan, *, yes: bool, allowed: bool) -> bool:
        """Do a plan, after it was shown and agreed to."""
        invocation = self._invocation
        environment, settings = invocation.environment
        invocation.show(self._view(made))
        if made.moves and not allowed and (problem := refusal(made)) is not None:
            invocation.fail([problem])
        if made.moves and not yes:
            invocation.confirm(f"Apply this to {environment}?")
        workers = settings.concurrency if settings.store == METRONOME else 1
        receipt = carried_out(invocation, made, self._opened[0], workers=workers)
        invocation.say([""])
        invocation.answer(migration_receipt_view(receipt, made))
        return receipt.complete

    def check(self, file: str) -> bool:
        """Read the account back against what was applied."""
        invocation = self._invocation
        report = check(self._applied(file), self._opened[0], invocation.as_of)
        invocation.answer(reconciliation_view(report))
        return report.sound

    def _applied(self, file: str) -> Plan:
        """What was applied: a file, or all that the journal knows of the migration."""
        if file:
            return self.read(file)
        invocation = self._invocation
        name, migration = named(self._loaded, self._name)
        namespace = invocation.project.settings.namespace
        return done_before(invocation.journal(), invocation.environment[0], namespace, name, migration)

    def _view(self, made: Plan) -> MigrationView:
        catalog = self._opened[1].catalog
        return migration_view(made, catalog, units_of(catalog), RowChoice.parse(self._rows), self._bills)

    @cached_property
    def _loaded(self) -> Loaded:
        return load(self._invocation.project, self._invocation.environment[0])

    @cached_property
    def _opened(self) -> tuple[ContractStore, Snapshot]:
        """The store under the present names, read once. Contracts are listed anyway."""
        invocation, project = self._invocation, self._invocation.project
        store = PresentStore(
            invocation.store(), Outline(self._loaded.adopted(invocation.environment[0]), {}), project.moves
        )
        return store, store.snapshot(project.settings.namespace, invocation.as_of)
