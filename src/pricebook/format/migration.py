"""A migration plan and what became of it, as lines for a terminal, and as tables for a spreadsheet."""

from collections.abc import Iterator

from pricebook.catalog.instant import instant_words
from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.impact import draw_impact
from pricebook.format.object_text import draw_offer
from pricebook.format.page import Page, sheet, wrapped
from pricebook.format.problem import draw_findings
from pricebook.view.field import FieldRow
from pricebook.view.migration import GUARD_WORDS, MigrationReceiptView, MigrationView, ReconciliationView
from pricebook.view.plan import as_of_words
from pricebook.view.words import counted

FIELDS = 40
"""Fields of one version that are drawn."""
LISTED = 10
"""Contracts and times that are listed of each sort; other formats have all."""
NOTICE = ("customer", "contract", "from", "to", "moves_on", "wave", "what_changes")
FATES = ("customer", "contract", "from", "to", "date", "fate", "detail")
_WORDS = {
    "moved": "the old contract ends where the new one starts",
    "moved back": "the old contract has its end back, the new one is archived",
    "left": "only the old contract is there",
    "half moved": "both contracts are there: run the same apply again",
    "edited": "the old contract was ended or archived by somebody else",
    "several contracts": "another contract runs at the same time",
}


def migration_text(view: MigrationView, page: Page) -> Iterator[str]:
    """The lines of a plan, and of what it does to bills where that is known."""
    width, paint = page.columns, page.paint
    target = f"{view.namespace} · {view.environment} · as of {as_of_words(view.as_of)}"
    yield paint("dim", cut(escape_terminal(target), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.title, 400), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.money, 600), width))
    yield from _waves(view, width)
    for source, rows in view.differences.items():
        yield ""
        offer = view.offers.get(source)
        named = f"{offer.before_name} ({source})" if offer is not None else source
        yield cut(escape_terminal(f"  What changes for those on {named}"), width)
        yield from _differences(rows, width) if offer is None else draw_offer(offer, width, paint, whole=False)
    if view.differences:
        words = "Terms begin anew with a new contract: periods, credits and offsets count from its start."
        yield from (f"    {line}" for line in wrapped(words, width - 4))
    if view.contracts:
        yield ""
        _, _, version = view.target.rpartition("@")
        for move in view.contracts:
            new = f"   {escape_terminal(move.successor)} is there" if move.successor else ""
            who = f"{escape_terminal(move.customer)}   {escape_terminal(move.contract)}"
            yield f"    {who}   @{move.version} -> @{version}   {instant_words(move.at)}{new}"
    if view.left:
        yield ""
        yield "  Contracts that stay"
        column = max(width_of(escape_terminal(reason)) for reason in view.left)
        for reason, count in view.left.items():
            yield cut(f"    {padded(escape_terminal(reason), column)}   {count:,}", width)
    if view.direction == "forward" and view.moves:
        yield ""
        style = "alarm" if view.verdict in ("exceeded", "unverified") else ""
        yield f"  Guard: {paint(style, GUARD_WORDS[view.verdict])}"
    if view.impact is not None:
        yield ""
        yield from draw_impact(view.impact, width, paint)
    if view.findings:
        yield ""
        yield from draw_findings(view.findings, width, paint, notes=True)
    yield ""
    yield from wrapped(view.closing, width)


def _waves(view: MigrationView, width: int) -> Iterator[str]:
    if view.waves:
        yield ""
        column = max(width_of(counted(wave.contracts, "contract")) for wave in view.waves)
    for wave in view.waves:
        days = wave.from_ if wave.from_ == wave.to else f"{wave.from_} to {wave.to}"
        versions = ", ".join(f"@{version}: {count:,}" for version, count in wave.versions.items())
        contracts = f"{counted(wave.contracts, 'contract'):>{column}}"
        yield cut(f"  wave {wave.wave}   {days}   {contracts}   {versions}", width)


def _differences(rows: tuple[FieldRow, ...] | None, width: int) -> Iterator[str]:
    if rows is None:
        yield "    not known: the store does not show both versions"
        return
    if not rows:
        yield "    nothing that moves money"
    names = max((width_of(escape_terminal(row.path)) for row in rows), default=0)
    for row in rows[:FIELDS]:
        name = padded(cut(escape_terminal(row.path), width // 2), min(names, width // 2))
        yield cut(f"    {name}   {escape_terminal(f'{row.moved}   {row.change}'.rstrip(), 300)}", width)
    if len(rows) > FIELDS:
        yield f"    and {counted(len(rows) - FIELDS, 'more field')}"


def migration_receipt_text(view: MigrationReceiptView, page: Page) -> Iterator[str]:
    """The lines of an apply: what was not done and why, and then what the account shows."""
    width, paint = page.columns, page.paint
    words = {"already": "done already", "unknown": "of unknown outcome"}
    counts = sorted(view.outcomes.items())
    told = ", ".join(f"{count:,} {words.get(outcome, outcome)}" for outcome, count in counts) or "nothing to do"
    yield from wrapped(f"Applied: {told}.", width)
    reasons: dict[tuple[str, str], list[str]] = {}
    for _, contract, outcome, detail in view.undone:
        reasons.setdefault((outcome, detail), []).append(contract)
    for (outcome, detail), contracts in reasons.items():
        yield f"  {paint('alarm', outcome)}: {cut(escape_terminal(detail, 300), width - len(outcome) - 4)}"
        yield from _listed(contracts, width)
    yield from reconciliation_text(view, page)


def reconciliation_text(view: ReconciliationView, page: Page) -> Iterator[str]:
    """What became of a plan: counts, the contracts that want a person, the timeline."""
    width, paint = page.columns, page.paint
    name, target = escape_terminal(view.migration), escape_terminal(view.target)
    head = f"Rollback of {name} from {target}" if view.direction == "back" else f"Migration {name} to {target}"
    yield from wrapped(f"{head}, read back", width)
    column = max((len(fate) for fate in view.counts), default=0)
    for fate, count in sorted(view.counts.items()):
        style = "alarm" if fate == "half moved" else "green" if fate.startswith("moved") else ""
        yield f"  {paint(style, fate)}{' ' * (column - len(fate))}   {count:>9,}   {_WORDS[fate]}"
        if fate not in ("moved", "moved back", "left"):
            yield from _listed([one.contract for one in view.contracts if one.fate == fate], width)
    if not view.breaches:
        yield f"Timeline: {counted(view.customers, 'customer')}, each with exactly one contract at every instant."
        return
    people = len({breach.customer for breach in view.breaches})
    head = f"Timeline: {people:,} of {counted(view.customers, 'customer')} have none or several contracts at a time."
    yield paint("alarm", head)
    for customer, contracts, since, end in view.breaches[:LISTED]:
        until = f"until {instant_words(end)}" if end is not None else "for good"
        what = " and ".join(contracts) if contracts else "no contract"
        words = f"{customer}: {what} from {instant_words(since)} {until}"
        yield f"  {cut(escape_terminal(words, 300), width - 2)}"
    if len(view.breaches) > LISTED:
        yield f"  and {counted(len(view.breaches) - LISTED, 'more time')}"


def _listed(contracts: list[str], width: int) -> Iterator[str]:
    for contract in contracts[:LISTED]:
        yield f"    {cut(escape_terminal(contract), width - 4)}"
    if len(contracts) > LISTED:
        yield f"    and {counted(len(contracts) - LISTED, 'more contract')}"


def notice_csv(view: MigrationView, _: Page) -> Iterator[str]:
    """Whom to tell what: a row for each contract that moves."""
    changes = {ref: "; ".join(map(_field_words, rows or ())) for ref, rows in view.differences.items()}
    for ref, offer in view.offers.items():
        sides = ((line.name, line.before or "nothing", line.after or "nothing") for line in offer.changed)
        changes[ref] = "; ".join(f"{name}: {before} -> {after}" for name, before, after in sides)
    rows = (
        (
            one.customer,
            one.contract,
            one.from_,
            view.target,
            instant_words(one.at),
            str(one.wave),
            changes.get(one.from_, ""),
        )
        for one in view.every
    )
    return sheet((NOTICE, *rows))


def reconciliation_csv(view: ReconciliationView, _: Page) -> Iterator[str]:
    """A row for each contract of the plan, and one for each time that is not that of exactly one contract."""
    return sheet((FATES, *_fates(view)))


def _fates(view: ReconciliationView) -> Iterator[tuple[str, ...]]:
    for one in view.every:
        moved = instant_words(one.at)
        yield one.customer, one.contract, one.from_, view.target, moved, one.fate, one.successor
    for customer, contracts, since, end in view.breaches:
        what = "no contract" if not contracts else "several contracts"
        until = f"until {instant_words(end)}" if end is not None else "for good"
        yield customer, " ".join(contracts), "", "", instant_words(since), what, until


def _field_words(row: FieldRow) -> str:
    return f"{row.path} {(row.change or row.desired or row.observed) if row.sign else row.moved}"
