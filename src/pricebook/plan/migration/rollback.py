"""The way back: a plan that undoes what can still be undone, and says of the rest why it cannot.

A new contract that has not started yet bills nothing: its old contract gets its end back and it is archived. One that
has started, or starts within the hour, stays: its usage is metered under it, invoices may be finalized and credits
used. Its customer can only be moved again, by a migration to the version before, and what was billed stays billed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from pricebook.catalog.reference import Ref
from pricebook.plan.contract import Lives
from pricebook.plan.migration.planner import stepped
from pricebook.plan.step import Plan
from pricebook.plan.verb.move_contract import LEAD, MoveStatus, found_in
from pricebook.problem import Problem

STARTED = "the new contract has started"


def plan_back(done: Plan, lives: Lives, as_of: datetime) -> Plan:
    """The plan that moves back what `done` moved."""
    moves, left = [], Counter[str]()
    for move in done.moves:
        found = found_in(move, lives)
        if found.new is None:
            left["nothing to undo" if found.old is not None else "the old contract is archived"] += 1
        elif found.old is None:
            left["the old contract is archived"] += 1
        elif move.at - LEAD < as_of:
            left[STARTED] += 1
        elif found.old.ending_before not in (move.at, move.ends):
            left["the old contract was given another end"] += 1
        elif found.status is MoveStatus.CROWDED:
            left["the customer has another contract at the same time"] += 1
        elif found.new.ending_before is not None and found.new.ending_before <= move.at:
            left["the new contract was ended"] += 1
        else:
            moves.append(replace(move, direction="back", successor=found.new.id))
    stay = dict(sorted(left.items()))
    return replace(
        done,
        as_of=as_of,
        steps=stepped(moves),
        migration=replace(done.moving, direction="back", verdict="none", left=stay),
        findings=tuple(_findings(done.moving.target, left, bool(moves))),
    )


def _findings(target: Ref, left: Counter[str], any_: bool) -> Iterator[Problem]:
    if left[STARTED]:
        what = f"contracts on {target} that have started, or start within the hour: {left[STARTED]:,}"
        message = f"{what}; invoices of theirs may be finalized and credits used, and that cannot be undone"
        hint = "move these customers again, by a migration to the version before, and credit by hand what was overpaid"
        yield Problem("cannot-undo", message, hint=hint, severity="warning")
    if any_:
        message = "the new contracts are archived for good, and their uniqueness keys stay taken"
        hint = "who moves again later does so by a migration of another name"
        yield Problem("archived-for-good", message, hint=hint, severity="note")
        message = "the vendor extends no terms and no scheduled invoices when an end moves out"
        hint = "look at contracts that had in-advance subscriptions or dated terms beyond the date"
        yield Problem("terms-not-extended", message, hint=hint, severity="warning")
