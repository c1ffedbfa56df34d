"""What became of a migration, as lines for a terminal: counts, the contracts that want a person, the timeline."""

from collections import Counter
from collections.abc import Iterator

from pricebook.apply.migrator import MigrationReceipt
from pricebook.catalog.instant import instant_words
from pricebook.format.escape import cut, escape_terminal
from pricebook.format.page import MIN_WIDTH, Paint, wrapped
from pricebook.plan.migration.reconciliation import Reconciliation
from pricebook.view.words import counted

LISTED = 10
"""Contracts and times that are listed of each sort; other formats have all."""
_WORDS = {
    "moved": "the old contract ends where the new one starts",
    "moved back": "the old contract has its end back, the new one is archived",
    "left": "only the old contract is there",
    "half moved": "both contracts are there: run the same apply again",
    "edited": "the old contract was ended or archived by somebody else",
    "several contracts": "another contract runs at the same time",
}


def draw_receipt(receipt: MigrationReceipt, width: int = 100, colour: bool = False) -> Iterator[str]:
    """The lines of an apply: what was not done and why, and then what the account shows."""
    width, paint = max(width, MIN_WIDTH), Paint(colour)
    outcomes = Counter(result.outcome for result in receipt.results)
    words = {"already": "done already", "unknown": "of unknown outcome"}
    counts = sorted(outcomes.items())
    told = ", ".join(f"{count:,} {words.get(outcome, outcome)}" for outcome, count in counts) or "nothing to do"
    yield from wrapped(f"Applied: {told}.", width)
    reasons: dict[tuple[str, str], list[str]] = {}
    for result in receipt.results:
        if result.outcome not in ("done", "already"):
            reasons.setdefault((result.outcome, result.detail), []).append(result.move.contract)
    for (outcome, detail), contracts in reasons.items():
        yield f"  {paint('alarm', outcome)}: {cut(escape_terminal(detail, 300), width - len(outcome) - 4)}"
        yield from _listed(contracts, width)
    yield from draw_reconciliation(receipt.report, width, colour)


def draw_reconciliation(report: Reconciliation, width: int = 100, colour: bool = False) -> Iterator[str]:
    """The lines of a report."""
    width, paint, plan = max(width, MIN_WIDTH), Paint(colour), report.plan
    name, target = escape_terminal(plan.name), escape_terminal(str(plan.target))
    head = f"Rollback of {name} from {target}" if plan.direction == "back" else f"Migration {name} to {target}"
    yield from wrapped(f"{head}, read back", width)
    column = max((len(fate) for fate in report.counts), default=0)
    for fate, count in sorted(report.counts.items()):
        style = "alarm" if fate == "half moved" else "green" if fate.startswith("moved") else ""
        yield f"  {paint(style, fate)}{' ' * (column - len(fate))}   {count:>9,}   {_WORDS[fate]}"
        if fate not in ("moved", "moved back", "left"):
            yield from _listed([move.contract for move, each in report.fates if each == fate], width)
    if not report.breaches:
        yield f"Timeline: {counted(report.customers, 'customer')}, each with exactly one contract at every instant."
        return
    people = len({breach.customer for breach in report.breaches})
    head = f"Timeline: {people:,} of {counted(report.customers, 'customer')} have none or several contracts at a time."
    yield paint("alarm", head)
    for breach in report.breaches[:LISTED]:
        until = f"until {instant_words(breach.until)}" if breach.until is not None else "for good"
        what = " and ".join(breach.contracts) if breach.contracts else "no contract"
        words = f"{breach.customer}: {what} from {instant_words(breach.starting_at)} {until}"
        yield f"  {cut(escape_terminal(words, 300), width - 2)}"
    if len(report.breaches) > LISTED:
        yield f"  and {counted(len(report.breaches) - LISTED, 'more time')}"


def _listed(contracts: list[str], width: int) -> Iterator[str]:
    for contract in contracts[:LISTED]:
        yield f"    {cut(escape_terminal(contract), width - 4)}"
    if len(contracts) > LISTED:
        yield f"    and {counted(len(contracts) - LISTED, 'more contract')}"
