"""The same answers as JSON, for programs: exact decimals as numbers, keys in order, one line.

Amounts are in API units of the pricing unit that is named beside them, as in a plan file; the texts beside them are for
people. Unseen and directing characters stand as `\\uXXXX`, so that a log that shows the line is not steered by it.
"""

from dataclasses import asdict
from typing import Any

from pricebook.catalog.canonical import encode
from pricebook.catalog.instant import instant_text
from pricebook.format.escape import escape_json
from pricebook.format.page import Page
from pricebook.problem import Problem
from pricebook.span import Span
from pricebook.view.field import FieldRow
from pricebook.view.object import ObjectView
from pricebook.view.plain import plain
from pricebook.view.plan import PlanView, summary
from pricebook.view.rate_row import RateRow
from pricebook.view.rate_shape import PriceCounts, RateShape


def plan_json(view: PlanView, _: Page) -> str:
    """A plan. `counts` are the numbers that a terminal shows; rows are those that were asked for, of `rows_total`."""
    return escape_json(encode({"format": "pricebook-answer/plan", **_plan_data(view)}))


def _plan_data(view: PlanView) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": view.id,
        "namespace": view.namespace,
        "environment": view.environment,
        "as_of": view.as_of.isoformat() if view.as_of.microsecond else instant_text(view.as_of),
        "empty": view.empty,
        "verdict": view.verdict,
        "summary": "" if view.empty else summary(view),
        "counts": {
            **view.work,
            **{f"prices_{name}": count for name, count in _counts(view.prices).items()},
            "kept": view.kept,
            "leftovers": len(view.leftovers),
            "unmanaged": sum(count for _, count in view.unmanaged),
        },
        "objects": [_object(item) for item in view.objects],
        "hazards": [
            {"hazard": h.hazard, "count": h.count, "meaning": h.words, "refused": h.refused, "flag": h.flag}
            for h in view.hazards
        ],
        "refused": [h.hazard for h in view.refused],
        "leftovers": view.leftovers,
        "unmanaged": dict(view.unmanaged),
        "findings": [problem_data(finding) for finding in view.findings],
    }
    if view.adopted:
        data["adopted"] = dict(view.adopted)
    if view.besides is not None:
        ref, commit, pending = view.besides.ref, view.besides.commit, view.besides.plan
        data["besides"] = {"ref": ref, "commit": commit, "plan": _plan_data(pending)}
    if view.impact is not None:
        data["impact"] = plain(view.impact)
    return data


def _object(item: ObjectView) -> dict[str, Any]:
    data: dict[str, Any] = {
        "action": item.action,
        "symbol": item.symbol,
        "kind": item.kind,
        "ref": item.ref,
        "sentence": item.sentence,
        "notes": item.notes,
        "place": item.place,
        "contracts": item.reach,
        "fields": [_field(row) for row in item.fields],
        "hazards": [{"hazard": h.hazard, "count": h.count, "refused": h.refused} for h in item.hazards],
        "steps": item.steps,
    }
    if item.rates is not None:
        data["rates"] = _shape(item.rates)
    return data


def _field(row: FieldRow) -> dict[str, Any]:
    return {
        "path": row.path,
        "depth": row.depth,
        "sign": row.sign,
        "observed": row.observed,
        "desired": row.desired,
        "observed_value": row.observed_value,
        "desired_value": row.desired_value,
        "unit": row.unit,
        "change": row.change,
        "cosmetic": row.cosmetic,
    }


def _shape(shape: RateShape) -> dict[str, Any]:
    return {
        "counts": _counts(shape.counts),
        "products": [
            {"product": item.product, **_counts(item.counts), "median_change": item.median} for item in shape.products
        ],
        "more_products": shape.more_products,
        "median_change": shape.median,
        "largest_rises": [_row(row) for row in shape.rises],
        "largest_falls": [_row(row) for row in shape.falls],
        "tenfold": [{**_row(suspect.row), "factor": suspect.factor} for suspect in shape.suspects],
        "tenfold_total": shape.suspects_total,
        "rows": [_row(row) for row in shape.rows],
        "rows_total": shape.rows_total,
    }


def _row(row: RateRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "product": row.product,
        "billing_frequency": row.frequency,
        "pricing_group_values": row.groups,
        "observed": row.observed,
        "desired": row.desired,
        "per": row.per,
        "change": row.change,
        "starting_at": row.since,
        "ending_before": row.until or None,
        "unit": row.unit,
        "observed_price": row.observed_price,
        "desired_price": row.desired_price,
        "relative_change": row.relative,
        "hazards": row.hazards,
    }


def _counts(counts: PriceCounts) -> dict[str, int]:
    return {**asdict(counts), "changed": counts.changed}


def problem_data(problem: Problem) -> dict[str, Any]:
    """A problem or a finding as plain data."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "at": _span(problem.at) if problem.at is not None else None,
        "related": [{"word": word, "at": _span(at)} for word, at in problem.related],
        "more": problem.more,
        "subject": problem.subject,
        "waived": problem.waived,
    }


def _span(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line, "column": span.column}
