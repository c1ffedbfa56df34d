"""Which account an environment is, what was copied or saved, and the files that were written, as lines."""

from collections.abc import Iterator

from pricebook.format.escape import escape_terminal
from pricebook.format.page import Page, wrapped
from pricebook.view.storage import AccountView, CopiedView, ExportView, FilesView, SiteView
from pricebook.view.words import counted

_WORDS = {
    "rate_timeline": ("price", ""),
    "alias": ("alias", "aliases"),
    "account": ("account mark", ""),
    "run": ("apply", "applies"),
    "journal": ("journal entry", "journal entries"),
}
"""What the rows of a table are called where that is not its name."""


def account_text(view: AccountView, _: Page) -> Iterator[str]:
    """The mark, and whether the project remembers it."""
    if view.marked_as is None or view.id is None:
        yield f"The account of {escape_terminal(view.environment)} bears no mark: the first apply gives it one."
        return
    shown = escape_terminal(f"{view.namespace}/{view.marked_as}")
    yield f"The account of {escape_terminal(view.environment)} is {escape_terminal(view.id)}, marked as {shown}."
    if view.remembered == view.id:
        yield "pricebook.yaml remembers it: no other account is taken for it."
    else:
        if view.remembered is not None:
            yield f"pricebook.yaml remembers another one: {escape_terminal(view.remembered)}."
        yield remember_line(view.environment, view.id)
    if view.keys:
        yield f"pricebook keeps its own marks there in the custom fields {', '.join(map(escape_terminal, view.keys))}."


def remember_line(environment: str, account: str) -> str:
    """What to write where git reviews it, so that no other account is taken for the environment's."""
    name = escape_terminal(environment)
    return f"To have any other account refused, add in pricebook.yaml to {name}: account: {escape_terminal(account)}"


def copied_text(view: CopiedView, page: Page) -> Iterator[str]:
    """What, from where to where, what was compared, and what to write into the project file."""
    width, paint = page.columns, page.paint
    copied = ((name, extent.rows) for name, extent in view.tables.items() if extent.rows and name != "lease")
    parts = [counted(rows, *_WORDS.get(name, (name.replace("_", " "), ""))) for name, rows in copied]
    name = escape_terminal(view.environment)
    title = f"{name} is there already, the same" if view.already else f"Copied {name}"
    yield from (paint("green", line) for line in wrapped(f"{title}: {', '.join(parts)}.", width))
    yield f"  from {escape_terminal(' and '.join(view.from_))}"
    yield f"  to   {escape_terminal(view.to)}"
    yield from wrapped(_proof(view), width)
    yield ""
    yield from wrapped("Write it into the project file. What was copied is left as it is; apply there no more.", width)
    yield from (f"  {escape_terminal(at)}   {escape_terminal(line)}" for at, line in view.lines)
    if any("***" in line for _, line in view.lines):
        words = "No password belongs there: PGPASSWORD may hold it, or a variable that ?password_env=NAME names."
        yield from wrapped(words, width)


def _proof(view: CopiedView) -> str:
    if view.steps is None:
        return "Read back and verified: every table is the same."
    names = ", ".join(escape_terminal(name) for name in view.namespaces)
    todo = counted(view.steps, "step") if view.steps else "nothing to do"
    return f"Read back and verified, and the same: every table, what {names or 'anybody'} has, and the plan ({todo})."


def export_text(view: ExportView, _: Page) -> Iterator[str]:
    """What was saved of an account, and where."""
    yield f"Saved to {escape_terminal(view.file)}: {view.sentence}."
    yield f"Next: pricebook import --from {escape_terminal(view.file)}"


def files_text(view: FilesView, _: Page) -> Iterator[str]:
    """The files, and what comes next."""
    yield from (f"wrote {escape_terminal(file, 1000)}" for file in view.files)
    yield from view.after


def site_text(view: SiteView, _: Page) -> str:
    """One line."""
    size, rest = f"{view.size / 1e6:,.1f} MB", f"{view.written:,} written, {view.removed:,} removed"
    return f"{escape_terminal(view.index, 1000)}: {view.files:,} files, {size}; {rest}."
