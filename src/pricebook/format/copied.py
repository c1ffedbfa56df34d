"""What was copied, and how it is known to be the same: a few lines, or JSON."""

from collections.abc import Iterator

from pricebook.apply.copied import Copied
from pricebook.catalog.canonical import encode
from pricebook.format.escape import escape_json, escape_terminal
from pricebook.format.page import MIN_WIDTH, Paint, wrapped
from pricebook.view.words import counted

_WORDS = {
    "rate_timeline": ("price", ""),
    "alias": ("alias", "aliases"),
    "account": ("account mark", ""),
    "run": ("apply", "applies"),
    "journal": ("journal entry", "journal entries"),
}
"""What the rows of a table are called where that is not its name."""


def draw_copied(copied: Copied, width: int = 100, colour: bool = False) -> Iterator[str]:
    """What, from where to where, what was compared, and what to write into the project file."""
    width, paint = max(width, MIN_WIDTH), Paint(colour)
    held = ((name, extent.rows) for name, extent in copied.tables.items() if extent.rows and name != "lease")
    parts = [counted(rows, *_words(name)) for name, rows in held]
    title = f"{copied.environment} is there already, the same" if copied.already else f"Copied {copied.environment}"
    yield from (paint("green", line) for line in wrapped(f"{title}: {', '.join(parts)}.", width))
    yield f"  from {escape_terminal(' and '.join(copied.sources))}"
    yield f"  to   {escape_terminal(copied.target)}"
    yield from wrapped(_proof(copied), width)
    yield ""
    yield from wrapped("Write it into the project file. What was copied is left as it is; apply there no more.", width)
    yield from (f"  {escape_terminal(str(place))}   {escape_terminal(line)}" for place, line in copied.lines)
    if any("***" in line for _, line in copied.lines):
        words = "No password belongs there: PGPASSWORD may hold it, or a variable that ?password_env=NAME names."
        yield from wrapped(words, width)


def copied_json(copied: Copied) -> str:
    """The same for programs."""
    document = {
        "environment": copied.environment,
        "from": list(copied.sources),
        "to": copied.target,
        "already": copied.already,
        "tables": {name: {"rows": extent.rows, "digest": extent.digest} for name, extent in copied.tables.items()},
        "namespaces": list(copied.namespaces),
        "steps": copied.steps,
        "lines": [{"at": str(place), "line": line} for place, line in copied.lines],
    }
    return escape_json(encode(document))


def _words(table: str) -> tuple[str, str]:
    return _WORDS.get(table, (table.replace("_", " "), ""))


def _proof(copied: Copied) -> str:
    if copied.steps is None:
        return "Read back and verified: every table is the same."
    names = ", ".join(escape_terminal(name) for name in copied.namespaces)
    todo = counted(copied.steps, "step") if copied.steps else "nothing to do"
    return f"Read back and verified, and the same: every table, what {names or 'anybody'} has, and the plan ({todo})."
