"""Apply: do what a plan says, and nothing else; and the mark by which an account is known as an environment's."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, cast

from pricebook.apply.events import Event
from pricebook.apply.ports import BillingStore, Clock, ContractStore, Journal, Provenance, Store, StoreError
from pricebook.apply.runner import Receipt, run
from pricebook.apply.target import AccountMark
from pricebook.manifest.load import load
from pricebook.manifest.text import read_text
from pricebook.observe.renames import renamed
from pricebook.plan.again import Edited, found_again
from pricebook.plan.applied import applied
from pricebook.plan.approval import unlike
from pricebook.plan.document import check_seal, read
from pricebook.plan.rehearse import applied_to
from pricebook.plan.step import Plan
from pricebook.plan.verb.table import Archive
from pricebook.problem import Problem, Rejected, quote, reject
from pricebook.project.project import Project
from pricebook.workflow.plan import check_limits, plan_to
from pricebook.workflow.policy import company_rules
from pricebook.workflow.python_rule import Reviewer
from pricebook.workflow.review import review

_DIGEST = re.compile(r"[0-9a-fA-F]{24}\Z")
MOST = 10
"""Sentences about what is otherwise than approved, at most."""
MAX_PLAN = 1 << 30
"""Bytes of a plan file."""


def read_plan(path: Path, *, migration: bool = False, sealed: bool = True) -> Plan:
    """The plan of a file, as it was written unless it need not be `sealed` because its meaning is held against what was
    approved. Raises Rejected."""
    text = read_text(path, str(path), limit=MAX_PLAN)
    plan = read(text, str(path), migration=migration)
    if sealed:
        check_seal(text, str(path))
    return plan


def check_target(plan: Plan, namespace: str, environment: str) -> None:
    """A plan is applied where it was made for. Raises Rejected."""
    if (plan.namespace, plan.environment) != (namespace, environment):
        message = f"the plan is for {plan.namespace}/{plan.environment}, not for {namespace}/{environment}"
        raise reject("wrong-target", message, hint=f"say --env {plan.environment}, or plan again")


def judged_again(
    plan: Plan, project: Project, environment: str, store: BillingStore, now: datetime, reviewer: Reviewer
) -> Plan:
    """The plan of a file with everything found out anew that its digest does not bind: from the manifests, when they
    still say the same; otherwise from its changes alone, and from what the account holds. Raises Rejected for a file
    that was edited."""
    loaded = load(project, environment)
    snapshot = store.snapshot(plan.namespace, now, {**loaded.adopted(environment), **plan.adopted})
    prune = archives(plan)
    with suppress(Rejected):  # by now the manifests may say what is impossible
        made = plan_to(project, environment, store, loaded, snapshot, now, prune=prune, reviewer=reviewer, billed=store)
        if made.digest == plan.digest:
            return made
    snapshot = renamed(snapshot, plan.moved)
    try:
        found = found_again(plan, snapshot)
    except Edited as error:
        raise reject(
            "plan-file", f"the plan was edited: {error}", hint="plan again, and let that be reviewed"
        ) from None
    meant = loaded._replace(catalog=applied(applied_to(snapshot, replace(found, moved=())), {}))
    policy, company = project.policy(environment), company_rules(project, environment)
    about = {str(step.change.ref.unversioned) for step in found.steps}
    findings = review(project, policy, meant, now, reviewer, company=company, change=(found, snapshot))
    told = [finding for finding in findings if not finding.subject or finding.subject.partition("@")[0] in about]
    return replace(found, findings=tuple(dict.fromkeys((*plan.findings, *told))))


def archives(plan: Plan) -> bool:
    """Whether the plan takes something out of use, and so was made with `--prune`."""
    return any(isinstance(step.change, Archive) for step in plan.steps)


def check_digest(text: str) -> None:
    """An approval is the whole digest of a plan, never a part of it or nothing. Raises Rejected."""
    if not _DIGEST.match(text):
        hint = "it is the 24 digits that `pricebook plan --digest` prints"
        raise reject("plan-digest", f"{quote(text)} is no digest of a plan", hint=hint)


class Approval(NamedTuple):
    """What was approved: the digest of a plan, and the plan itself where its file was given."""

    digest: str
    plan: Plan | None = None


def read_approval(text: str, *, migration: bool = False) -> Approval:
    """What `--expect` says: the whole digest of a plan, never a part of it or nothing, or the approved plan's file.
    Raises Rejected."""
    if text.endswith(".json"):
        approved = read_plan(Path(text), migration=migration)
        return Approval(approved.digest, approved)
    check_digest(text)
    return Approval(text.lower())


def check_approved(plan: Plan, approval: Approval) -> Problem | None:
    """What is wrong when the plan does not mean what was approved; None when it does."""
    found = plan.digest
    if found == approval.digest:
        return None
    message = f"what was approved is {approval.digest}, and this plan is {found}; nothing was written"
    if approval.plan is not None and approval.plan.digest == approval.digest:
        sentences = unlike(approval.plan, plan)
        more = f"; and {len(sentences) - MOST:,} more" if len(sentences) > MOST else ""
        message += f". Otherwise is: {'; '.join(sentences[:MOST])}{more}"
    hint = "the manifests or the store changed since it was approved: review the plan, and approve its digest"
    return Problem("not-approved", message, hint=hint)


def unfinished(journal: Journal, environment: str, approval: Approval) -> Plan | None:
    """The approved plan when its last run in the environment did not come to its end; None otherwise.

    What is left of an interrupted plan is another plan, and nobody approved that one.
    """
    runs = [run for run in journal.runs(environment) if run.plan == approval.digest]
    if not runs or runs[-1].result == "done":
        return None
    plan = read(journal.plan(runs[-1].number), "journal")
    return plan if check_approved(plan, approval) is None else None


def apply(
    plan: Plan,
    store: Store | ContractStore,
    journal: Journal,
    *,
    owner: str,
    clock: Clock,
    tell: Callable[[Event], None],
    provenance: Provenance,
    workers: int = 1,
) -> Receipt:
    """Run the plan; see `apply.runner.run` for what it raises, and Rejected for what the store cannot do."""
    if plan.migration is None:
        check_limits(plan, cast(Store, store))
    return run(plan, store, journal, owner=owner, clock=clock, tell=tell, provenance=provenance, workers=workers)


@dataclass(frozen=True, slots=True)
class Marked:
    """The mark that an account bears, None without one; whether it was written now; and why it could not be."""

    mark: AccountMark | None
    new: bool = False
    failed: str = ""


def mark_once(store: BillingStore, namespace: str, environment: str, new_id: Callable[[], str], at: datetime) -> Marked:
    """Mark an account that was applied to, if it bears no mark. What was applied stays so when that fails."""
    wanted = AccountMark(environment, new_id())
    try:
        found = store.sign(namespace, wanted.text, at)
    except StoreError as error:
        return Marked(None, failed=error.message)
    return Marked(AccountMark.read(found), found == wanted.text)


def mark_anew(store: BillingStore, namespace: str, environment: str, new_id: Callable[[], str], at: datetime) -> Marked:
    """Mark an account as an environment's because somebody says that it is. Raises Rejected, StoreError."""
    wanted = AccountMark(environment, new_id())
    if not store.sign(namespace, wanted.text, at, anew=True):
        hint = "the mark stands on an object of ours: take `account` out of the environment, apply, and mark it then"
        raise reject("nothing-to-mark", "there is no object of this project in the account", hint=hint)
    return Marked(wanted, new=True)
