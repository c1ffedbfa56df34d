"""Price tests: every scenario of a project billed and compared, and what is expected rewritten where that is asked for.

Nothing is read but the project's files: what a store holds before the manifests begin is in the catalogue already that
is given (`workflow.present`). Other kinds of tests join by giving `TestResult`s.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pricebook.catalog.amount import Scale
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.scenario import Scenario
from pricebook.catalog.unit import money_text
from pricebook.catalog.violation import Path
from pricebook.edit.dump import BARE
from pricebook.edit.rewrite import Unplaceable, rewritten
from pricebook.manifest.load import Loaded
from pricebook.manifest.locate import locate
from pricebook.manifest.source_map import Declaration
from pricebook.manifest.text import MAX_YAML, as_written, editable, read_text
from pricebook.preview.invoice import Invoice, InvoiceLine
from pricebook.preview.notified import Mismatch, Notified
from pricebook.preview.tariff import Tariff
from pricebook.preview.verdict import ScenarioVerdict, judge, writable
from pricebook.problem import did_you_mean, quote, reject
from pricebook.project.project import Project
from pricebook.span import Span
from pricebook.workflow.writing import FileChange


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test that was run: its place, and what of it is not as expected, each with its place. Empty: it passed."""

    group: str
    name: str
    at: Span
    failures: tuple[tuple[Mismatch, Span], ...]
    verdict: ScenarioVerdict


def chosen_scenarios(loaded: Loaded, names: Sequence[str]) -> dict[str, Scenario]:
    """The scenarios of these names, all of them when there are none, by name. Raises Rejected."""
    found = {ref.name: noun for ref, noun in loaded.beside.items() if isinstance(noun, Scenario)}
    unknown = [name for name in names if name not in found]
    if unknown:
        hint = did_you_mean(unknown[0], found) or f"scenarios: {', '.join(sorted(found)[:10]) or 'none'}"
        raise reject("unknown-scenario", f"there is no scenario {quote(unknown[0])}", hint=hint)
    return {name: found[name] for name in sorted(names or found)}


def run_tests(loaded: Loaded, project: Project, scenarios: Mapping[str, Scenario]) -> list[TestResult]:
    """Bill the scenarios by a catalogue, and compare."""
    outcomes = []
    for name, scenario in scenarios.items():
        verdict = judge(name, scenario, loaded.catalog)
        declared = loaded.source_map.declarations[Ref(Kind.SCENARIO, name)]
        placed = _placed(project, declared, verdict.mismatches)
        outcomes.append(TestResult("scenario", name, declared.at, placed, verdict))
    return outcomes


def _placed(
    project: Project, declared: Declaration, mismatches: Iterable[Mismatch]
) -> tuple[tuple[Mismatch, Span], ...]:
    listed = {(*declared.base, "spec", *mismatch.path): mismatch for mismatch in mismatches}
    if not listed:
        return ()
    text = read_text(project.root / declared.file, declared.file, limit=MAX_YAML)
    spans = locate(declared.file, text, declared.index, listed)
    return tuple((mismatch, spans[path]) for path, mismatch in listed.items())


def updates(outcomes: Iterable[TestResult], loaded: Loaded, project: Project) -> list[FileChange]:
    """How the files change whose scenarios fail: what is expected becomes what came.

    Raises Rejected for what has no place of its own (it stands behind an alias).
    """
    before: dict[str, str] = {}
    texts: dict[str, str] = {}
    for outcome in outcomes:
        if not outcome.failures:
            continue
        file = outcome.at.file
        text = texts.get(file)
        if text is None:
            before[file] = (project.root / file).read_bytes().decode("utf-8")
            text = editable(before[file])
        declared = loaded.source_map.declarations[Ref(Kind.SCENARIO, outcome.name)]
        values = _values(outcome, Tariff(loaded.catalog, None).scales)
        try:
            texts[file] = rewritten(
                text, declared.index, {(*declared.base, *path): value for path, value in values.items()}
            )
        except Unplaceable:
            message = f"what scenario {quote(outcome.name)} expects stands behind an alias"
            raise reject("not-updatable", message, outcome.at, "write it out, or change it by hand") from None
    return [FileChange(file, before[file], as_written(text, before[file])) for file, text in sorted(texts.items())]


def _values(outcome: TestResult, scales: Mapping[str, Scale]) -> dict[Path, Any]:
    """New values by path: a scalar where only that differs, else the list or mapping around it."""
    verdict = outcome.verdict
    expect = verdict.scenario.expect
    found: dict[Path, Any] = {}
    for mismatch, _ in outcome.failures:
        path: Path = ("spec", *mismatch.path)
        if path == ("spec", "expect"):
            found[path] = _expectation(verdict, scales)
        elif path[2] == "notifications":
            found[path[:3]] = [_message(one) for one in verdict.notified]
        elif len(path) >= 5 and path[4] == "lines" and (mismatch.expected is None or mismatch.came is None):
            invoice = _invoice_at(verdict, path)
            found[path[:5]] = [_line(line, scales) for line in invoice.lines] if invoice is not None else []
        elif mismatch.expected is None or mismatch.came is None or isinstance(path[-1], int):
            detailed = expect is None or any(i.lines is not None for i in expect.invoices or ())
            found[path[:3]] = [_invoice(i, scales, detailed=detailed) for i in verdict.bill.invoices]
        else:
            found[path] = _as_written(mismatch, scales)
    # What is replaced as a whole has the rest of it in it.
    return {p: v for p, v in found.items() if not any(p != o and p[: len(o)] == o for o in found)}


def _as_written(mismatch: Mismatch, scales: Mapping[str, Scale]) -> Any:
    came = mismatch.came
    return _amount(came, mismatch.unit, scales) if isinstance(came, Decimal) and mismatch.unit else came


def _amount(amount: Decimal, unit: str, scales: Mapping[str, Scale]) -> Any:
    scale = scales.get(unit, BARE)
    amount = writable(amount)
    return money_text(amount, scale) if scale.currency is not None else amount


def _invoice_at(verdict: ScenarioVerdict, path: Path) -> Invoice | None:
    expect = verdict.scenario.expect
    assert expect is not None
    assert expect.invoices is not None
    wanted = expect.invoices[int(path[3])]
    for invoice in verdict.bill.invoices:
        if invoice.issued_at == wanted.issued_at and wanted.type in (None, invoice.kind.upper()):
            return invoice
    return None


def _expectation(verdict: ScenarioVerdict, scales: Mapping[str, Scale]) -> dict[str, Any]:
    invoices = verdict.bill.invoices
    unit = invoices[0].unit if invoices else "usd"
    data: dict[str, Any] = {"total": _amount(verdict.bill.total, unit, scales)}
    if unit != "usd":
        data["credit_type"] = unit
    return data | {"invoices": [_invoice(invoice, scales, detailed=True) for invoice in invoices]}


def _message(one: Notified) -> dict[str, Any]:
    name = "notification" if one.notification.kind is Kind.THRESHOLD_NOTIFICATION else "offset_notification"
    return {name: one.notification.name, "at": one.day, **({"part": one.part} if one.part else {})}


def _invoice(invoice: Invoice, scales: Mapping[str, Scale], *, detailed: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "issued_at": f"{invoice.issued_at:%Y-%m-%dT%H:00:00Z}".removesuffix("T00:00:00Z"),
        "total": _amount(invoice.total, invoice.unit, scales),
    }
    if invoice.unit != "usd":
        data["credit_type"] = invoice.unit
    return data | ({"lines": [_line(line, scales) for line in invoice.lines]} if detailed else {})


def _line(line: InvoiceLine, scales: Mapping[str, Scale]) -> dict[str, Any]:
    values = dict((*line.pricing, *line.presentation))
    data: dict[str, Any] = {
        "type": line.kind,
        "product": line.product or None,
        "group_values": values or None,
        "quantity": writable(line.quantity) if line.quantity is not None else None,
        "balance": line.balance or None,
        "amount": _amount(line.amount, line.unit, scales),
        "credit_type": line.unit if line.unit != "usd" else None,
    }
    return {name: value for name, value in data.items() if value is not None}
