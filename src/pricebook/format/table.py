"""The table of formats: which answer can be drawn how, and by which function.

An entry names a function `module:name` of this room, imported when it is used, or is a function itself. It takes the
view and the page, and gives lines or a whole document. JSON needs no entry: it is the view as plain data.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the command line asks for the names of formats alone
    from pricebook.format.page import Page
    from pricebook.view.plain import View

Drawing = Callable[[Any, "Page"], str | Iterable[str]]

FORMATS: dict[tuple[str, str], str | Drawing] = {
    ("plan", "text"): "plan_text:plan_text",
    ("plan", "markdown"): "plan_markdown:plan_markdown",
    ("plan", "html"): "report.page:plan_page",
    ("plan", "sarif"): "sarif:sarif",
    ("plan", "junit"): "junit:junit",
    ("plan", "github"): "github:github",
    ("digest", "text"): "plan_text:digest_text",
    ("receipt", "text"): "receipt:receipt_text",
    ("receipt", "markdown"): "receipt:receipt_markdown",
    ("receipt", "junit"): "junit:junit",
    ("problems", "text"): "refusal:problems_text",
    ("problems", "markdown"): "markdown:problems_markdown",
    ("problems", "html"): "report.page:problems_page",
    ("problems", "sarif"): "sarif:sarif",
    ("problems", "junit"): "junit:junit",
    ("problems", "github"): "github:github",
    ("validity", "text"): "refusal:validity_text",
    ("validity", "markdown"): "markdown:problems_markdown",
    ("validity", "html"): "report.page:problems_page",
    ("validity", "sarif"): "sarif:sarif",
    ("validity", "junit"): "junit:junit",
    ("validity", "github"): "github:github",
    ("checked", "text"): "refusal:checked_text",
    ("checked", "markdown"): "markdown:problems_markdown",
    ("checked", "html"): "report.page:problems_page",
    ("checked", "sarif"): "sarif:sarif",
    ("checked", "junit"): "junit:junit",
    ("checked", "github"): "github:github",
    ("drift", "text"): "drift:drift_text",
    ("drift", "markdown"): "drift:drift_markdown",
    ("drift", "junit"): "junit:junit",
    ("parity", "text"): "drift:report_lines",
    ("parity", "markdown"): "drift:parity_markdown",
    ("comparison", "text"): "comparison:comparison_text",
    ("comparison", "markdown"): "comparison:comparison_markdown",
    ("bills", "text"): "bill:bills_text",
    ("bills", "html"): "report.bill:bills_page",
    ("tests", "text"): "tests:tests_text",
    ("tests", "junit"): "tests:tests_junit",
    ("prices", "text"): "lookup:prices_text",
    ("timelines", "text"): "lookup:timelines_text",
    ("price-moves", "text"): "lookup:moves_text",
    ("package-versions", "text"): "lookup:versions_text",
    ("package-differences", "text"): "lookup:differences_text",
    ("history", "text"): "history:history_text",
    ("history", "csv"): "history:history_csv",
    ("cohorts", "text"): "cohort:cohorts_text",
    ("cohorts", "csv"): "cohort:cohorts_csv",
    ("contracts", "text"): "cohort:members_text",
    ("contracts", "csv"): "cohort:members_csv",
    ("migration", "text"): "migration:migration_text",
    ("migration", "csv"): "migration:notice_csv",
    ("migration-receipt", "text"): "migration:migration_receipt_text",
    ("reconciliation", "text"): "migration:reconciliation_text",
    ("reconciliation", "csv"): "migration:reconciliation_csv",
    ("reconciled", "text"): "reconciled:reconciled_text",
    ("provision", "text"): "bill:provision_text",
    ("import", "text"): "manifests:import_text",
    ("repricing", "text"): "manifests:repricing_text",
    ("edits", "text"): "manifests:edits_text",
    ("rules", "text"): "manifests:rules_text",
    ("rule-page", "text"): "manifests:rule_page_text",
    ("account", "text"): "storage:account_text",
    ("copy", "text"): "storage:copied_text",
    ("export", "text"): "storage:export_text",
    ("site", "text"): "storage:site_text",
    ("files", "text"): "storage:files_text",
    ("objects", "text"): "objects:objects_text",
    ("objects", "csv"): "objects:objects_csv",
    ("graph", "text"): "objects:graph_text",
    ("graph", "mermaid"): "objects:graph_mermaid",
    ("graph", "dot"): "objects:graph_dot",
}
"""(sort of answer, format) -> what draws it. The command line takes the names of formats from here."""


def formats_of(answer: str | None = None) -> tuple[str, ...]:
    """The formats in which there is an answer of this sort, or of any: text and JSON first."""
    found = (form for sort, form in FORMATS if answer in (None, sort))
    return tuple(dict.fromkeys(("text", "json", *found)))


def draw(view: "View", form: str, page: "Page") -> Iterator[str]:
    """The lines of an answer, made while they are read."""
    found = _drawn(view, form, page)
    return iter([found.rstrip("\n")] if isinstance(found, str) else found)


def text_of(view: "View", form: str, page: "Page") -> str:
    """An answer as a whole document."""
    found = _drawn(view, form, page)
    return found if isinstance(found, str) else "\n".join(found)


def _drawn(view: "View", form: str, page: "Page") -> str | Iterable[str]:
    entry = FORMATS.get((view.answer, form))
    if entry is None:
        # Whoever only asks for the names of formats, as --help does, needs neither of the two.
        from pricebook.format.escape import escape_json
        from pricebook.view.plain import document

        assert form == "json", f"{view.answer} as {form}: `formats_of` was not asked"
        return map(escape_json, document(view))
    if isinstance(entry, str):
        module, _, name = entry.partition(":")
        entry = getattr(import_module(f"{__package__}.{module}"), name)
    return entry(view, page)
