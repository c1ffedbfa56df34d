"""What an import or a change of prices writes into manifests, and the rules that look at them, as lines."""

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from pricebook.catalog.reference import Kind
from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.page import Page, wrapped
from pricebook.view.manifests import EditsView, ImportView, RepricingView, RulePageView, RulesView
from pricebook.view.words import counted

LONG_LINE = 4_000
"""Characters of a line of a file that is shown as it stands."""
LISTED = 20
"""Prices that are listed; all are counted."""
_MANY = 8
"""Files of one folder that are listed; more are counted."""
_SEVERITY, _ABOUT = 8, 10
"""Columns of a list of rules."""


def import_text(view: ImportView, page: Page) -> Iterator[str]:
    """The edits of a dry run, the summary, and everything that is not in the manifests, once."""
    if view.started:
        yield from (escape_terminal(f"wrote {file}", LONG_LINE) for file in view.started)
        yield ""
    yield from (escape_terminal(line, LONG_LINE) for line in view.diff)
    yield from _summary(view)
    if view.files:
        yield ""
        yield from (f"  {line}" for line in _new_files([file for file, new in view.files if new]))
        yield from (f"  {escape_terminal(file)}   changed" for file, new in view.files if not new)
    yield from _left_out(view, page.width)
    yield ""
    if not view.written:
        yield "Nothing was written (--dry-run)."
    elif view.remaining:
        yield "Next: pricebook plan   (besides adopting it would change what is listed as remaining above)"
    elif view.files:
        rest = "what is left as git has it would change in the account" if view.pending else ""
        rest = f"{counted(len(view.missing), 'object')} would be made in the account" if view.missing else rest
        words = f"what was imported is adopted; {rest}" if rest else "nothing changes in the account; it is adopted"
        yield f"Review it, commit it. Next: pricebook plan   ({words})"
    elif view.unchanged or view.pending:
        yield "Nothing to write: the manifests say what the account says."
    else:
        yield "Nothing to import: there is nothing in the account that manifests can say."


def _summary(view: ImportView) -> Iterator[str]:
    yield f"Imported from {escape_terminal(view.environment)}: {', '.join(view.new) or 'nothing new'}."
    if view.updated:
        yield f"Updated: {', '.join(map(escape_terminal, view.updated))}."
    if view.unchanged and not view.imported:
        yield f"{counted(view.unchanged, 'object')} as the manifests have them."
    if behind := [ref for ref in view.pending if ref not in view.missing]:
        yield f"Left as git has them, where the account is behind: {', '.join(map(escape_terminal, behind))}."
    if view.missing:
        named = ", ".join(map(escape_terminal, view.missing))
        yield f"In manifests and not in the account, where an apply would make them: {named}."
        yield "Take out what is not meant for it, as a sample, before you apply."


def _new_files(files: list[str]) -> Iterator[str]:
    """The files, many of one folder as one line."""
    folders: dict[str, list[str]] = {}
    for file in files:
        folders.setdefault(str(PurePosixPath(file).parent), []).append(file)
    for folder, found in folders.items():
        if len(found) > _MANY:
            kinds = Counter(PurePosixPath(file).suffix for file in found)
            parts = [counted(count, "table" if suffix == ".csv" else "file") for suffix, count in sorted(kinds.items())]
            yield f"{escape_terminal(folder)}/   new: {' and '.join(reversed(parts))}"
        else:
            yield from (f"{escape_terminal(file)}   new" for file in found)


def _left_out(view: ImportView, width: int) -> Iterator[str]:
    if view.archived_words:
        yield ""
        yield f"Left out because they are archived: {', '.join(view.archived_words)}."
    if view.contracts:
        yield f"Not in manifests: {counted(view.contracts, 'contract')} on these packages."
    if view.left:
        yield ""
        yield f"Of what the account has, the manifests do not say {counted(len(view.left), 'thing')}:"
        for left in view.left:
            head = padded(escape_terminal(f"{Kind(left.kind).words} {left.id}"), 30)
            path = f" · {escape_terminal(left.path, 120)}" if left.path else ""
            yield f'  {head} "{escape_terminal(left.name, 60)}"{path}'
            yield from (f"      {line}" for line in wrapped(escape_terminal(left.reason, 500), width - 8))
    if view.gone:
        yield ""
        yield "Gone from the account, and still in the manifests:"
        yield from (f"  {escape_terminal(ref)}   {escape_terminal(id_)}" for ref, id_ in view.gone)
    if view.remaining:
        yield ""
        yield "Remaining: what a plan would still change, because manifests cannot say it:"
        for name, parts in view.remaining:
            words = f"{escape_terminal(name)}: {escape_terminal(parts, 500)}"
            yield from (f"  {line}" for line in wrapped(words, width - 4))


def repricing_text(view: RepricingView, page: Page) -> Iterator[str]:
    """The edits of a dry run; otherwise the first prices, and the files."""
    if not view.written:
        nothing = "No price that could change is chosen: nothing to write."
        yield from _diff(view.diff or nothing)
        yield from _left_prices(view)
        yield from _affected(view)
        return
    yield f"{counted(len(view.prices), 'price')} in {counted(len(view.files), 'file')}:"
    shown = [(escape_terminal(name), was, now) for name, was, now in view.prices[:LISTED]]
    column = min(max(width_of(name) for name, _, _ in shown), max(page.width - 30, 20))
    for name, was, now in shown:
        words = f"{was} -> {now}" if was else "tiers, or a price that begins later"
        yield f"  {padded(cut(name, column), column)}   {words}"
    if len(view.prices) > LISTED:
        yield f"  and {len(view.prices) - LISTED:,} more (--dry-run shows every edit)"
    if view.skipped:
        yield f"{counted(view.skipped, 'percentage')} left alone."
    yield from (f"  {escape_terminal(file)}{' (new)' if file in view.new else ''}" for file in view.files)
    yield from _left_prices(view)
    yield from _affected(view)


def _affected(view: RepricingView) -> Iterator[str]:
    if view.affected is not None:
        contracts, customers, unlisted = view.affected
        whom = f"{counted(customers, 'customer')}, of {counted(contracts, 'contract')}"
        yield f"To be told: {whom} that pay these prices."
        yield from [f"Not listed: {escape_terminal(unlisted, 300)}"] if unlisted else ()


def _left_prices(view: RepricingView) -> Iterator[str]:
    if view.left:
        yield f"Left alone: {counted(len(view.left), 'price')} in overrides of packages (--overrides changes them too)"
        yield from (f"  {escape_terminal(one.price)}   {one.observed}" for one in view.left[:LISTED])
        if len(view.left) > LISTED:
            yield f"  and {len(view.left) - LISTED:,} more"


def _diff(text: str) -> Iterator[str]:
    return (escape_terminal(line, LONG_LINE) for line in text.rstrip("\n").split("\n"))


def edits_text(view: EditsView, _: Page) -> Iterator[str]:
    """The files; of those that are not written the diff."""
    if not view.written and view.diff:
        yield from _diff(view.diff)
    for file, new in view.files:
        yield f"{'wrote' if view.written else 'would write'} {escape_terminal(file)}{' (new)' if new else ''}"
    yield from (f"left as it is: {escape_terminal(words, 500)}" for words in view.left)
    if not view.files:
        yield "Nothing to write."


def rules_text(view: RulesView, page: Page) -> Iterator[str]:
    """One rule a line, the title wrapped below its column."""
    listed = [tuple(map(escape_terminal, (one.id, one.severity, one.about, one.title))) for one in view.rules]
    column = max((len(row[0]) for row in listed), default=0)
    left = column + _SEVERITY + _ABOUT + 6
    for id_, severity, about, title in listed:
        first, *rest = wrapped(title, max(page.width - left, 20))
        yield f"{padded(id_, column)}  {severity:<{_SEVERITY}}  {about:<{_ABOUT}}  {first}"
        yield from (" " * left + line for line in rest)


def rule_page_text(view: RulePageView, _: Page) -> Iterator[str]:
    """A page as it is written, each line inert."""
    yield from (escape_terminal(line, 2000) for line in view.markdown.rstrip("\n").split("\n"))
