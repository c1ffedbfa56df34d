"""A migration plan and what became of it, for programs; and both as tables for a spreadsheet, where no cell is a
formula."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from pricebook.apply.migrator import MigrationReceipt
from pricebook.catalog.canonical import encode
from pricebook.catalog.instant import instant_text, instant_words
from pricebook.format.document import problem_data
from pricebook.format.escape import escape_cell, escape_json
from pricebook.plan.migration.move import MigrationPlan, Move
from pricebook.plan.migration.reconciliation import Reconciliation
from pricebook.view.field import FieldRow
from pricebook.view.impact import ImpactView
from pricebook.view.migration import MigrationView

NOTICE = ("customer", "contract", "from", "to", "moves_on", "wave", "what_changes")
FATES = ("customer", "contract", "from", "to", "date", "fate", "detail")


def migration_json(view: MigrationView, bills: ImpactView | None) -> str:
    """The plan. `contracts` are those that were asked for; the plan file has all of them."""
    plan = view.plan
    data = _head(plan) | {
        "digest": view.digest,
        "transition": plan.transition,
        "verdict": plan.verdict,
        "moves": len(plan.moves),
        "requests": view.calls,
        "waves": [
            {
                "wave": wave.number,
                "from": wave.days[0],
                "to": wave.days[1],
                "contracts": wave.contracts,
                "versions": {str(version): count for version, count in wave.versions.items()},
            }
            for wave in view.waves
        ],
        "differences": {
            str(ref): None if rows is None else list(map(_field, rows)) for ref, rows in view.differences.items()
        },
        "left": dict(plan.left),
        "contracts": [_move(plan, move) for move in view.rows],
        "findings": list(map(problem_data, plan.findings)),
        "impact": bills.numbers if bills is not None else None,
    }
    return escape_json(encode(data))


def notice_csv(view: MigrationView) -> str:
    """Whom to tell what: a row for each contract that moves."""
    changes = {ref: "; ".join(map(_words, rows or ())) for ref, rows in view.differences.items()}
    plan = view.plan
    rows = (
        (
            move.customer,
            move.contract,
            str(plan.source(move)),
            str(plan.target),
            instant_words(move.at),
            str(move.wave),
            changes[plan.source(move)],
        )
        for move in plan.moves
    )
    return _table(NOTICE, rows)


def receipt_json(receipt: MigrationReceipt) -> str:
    """What an apply did and what the account shows; `undone` are the moves that it did not make, and why."""
    undone = [
        {"customer": one.move.customer, "contract": one.move.contract, "outcome": one.outcome, "detail": one.detail}
        for one in receipt.results
        if one.outcome not in ("done", "already")
    ]
    outcomes = dict(Counter(one.outcome for one in receipt.results))
    more = {"complete": receipt.complete, "outcomes": outcomes, "undone": undone}
    return escape_json(encode(_report(receipt.report) | more))


def reconciliation_json(report: Reconciliation) -> str:
    """What became of a plan; `contracts` are those that did not come to where it meant them to."""
    return escape_json(encode(_report(report)))


def _report(report: Reconciliation) -> dict[str, Any]:
    plan = report.plan
    return _head(plan) | {
        "sound": report.sound,
        "counts": dict(report.counts),
        "customers": report.customers,
        "breaches": [
            {
                "customer": breach.customer,
                "contracts": breach.contracts,
                "starting_at": instant_text(breach.starting_at),
                "ending_before": instant_text(breach.until) if breach.until is not None else None,
            }
            for breach in report.breaches
        ],
        "contracts": [
            _move(plan, move) | {"fate": fate} for move, fate in report.fates if fate not in ("moved", "moved back")
        ],
    }


def reconciliation_csv(report: Reconciliation) -> str:
    """A row for each contract of the plan, and one for each time that is not that of exactly one contract."""
    return _table(FATES, _fates(report))


def _fates(report: Reconciliation) -> Iterator[tuple[str, ...]]:
    plan = report.plan
    for move, fate in report.fates:
        yield (
            move.customer,
            move.contract,
            str(plan.source(move)),
            str(plan.target),
            instant_words(move.at),
            fate,
            move.successor,
        )
    for breach in report.breaches:
        until = instant_words(breach.until) if breach.until is not None else ""
        what = "no contract" if not breach.contracts else "several contracts"
        since = instant_words(breach.starting_at)
        yield (
            breach.customer,
            " ".join(breach.contracts),
            "",
            "",
            since,
            what,
            f"until {until}" if until else "for good",
        )


def _head(plan: MigrationPlan) -> dict[str, Any]:
    return {
        "namespace": plan.namespace,
        "environment": plan.environment,
        "migration": plan.name,
        "target": str(plan.target),
        "direction": plan.direction,
        "as_of": instant_text(plan.as_of),
    }


def _move(plan: MigrationPlan, move: Move) -> dict[str, Any]:
    return {
        "customer": move.customer,
        "contract": move.contract,
        "from": str(plan.source(move)),
        "at": instant_text(move.at),
        "wave": move.wave,
        "successor": move.successor,
    }


def _field(row: FieldRow) -> dict[str, Any]:
    return {"path": row.path, "observed": row.observed, "desired": row.desired, "change": row.change}


def _words(row: FieldRow) -> str:
    if row.sign:
        return f"{row.path} {row.change or row.desired or row.observed}"
    return f"{row.path} {row.observed} -> {row.desired}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([escape_cell(cell) for cell in row] for row in rows)
    return out.getvalue()
