"""A drift report as JSON, for programs: keys in order, one line, nothing in it that steers a log."""

from typing import Any

from pricebook.catalog.canonical import encode
from pricebook.catalog.instant import instant_text
from pricebook.format.document import problem_data
from pricebook.format.escape import escape_json
from pricebook.view.drift import TITLES, DriftItem, DriftView


def drift_json(view: DriftView) -> str:
    """A report. `counts` are prices, fields and objects by section; `rows` are those chosen of `total`."""
    counts = dict(view.counts)
    data = {
        "namespace": view.namespace,
        "environment": view.environment,
        "as_of": view.as_of.isoformat() if view.as_of.microsecond else instant_text(view.as_of),
        "drifted": view.drifted,
        "verdict": view.verdict,
        "counts": {section: counts.get(section, 0) for section in TITLES},
        "compared": {"objects": view.kept, "prices": view.prices},
        "items": [item_data(item, ("git", "account")) for item in view.items],
        "unverified": [{"subject": subject, "words": words} for subject, words in view.unverified],
        "leftovers": view.leftovers,
        "unmanaged": dict(view.unmanaged),
        "findings": [problem_data(finding) for finding in view.findings],
    }
    return escape_json(encode(data))


def item_data(item: DriftItem, sides: tuple[str, str]) -> dict[str, Any]:
    """One object that differs. `sides` are what the two that are compared are called."""
    return {
        "section": item.section,
        "ref": item.ref,
        "facet": item.facet,
        "sentence": item.sentence,
        "place": item.place,
        "money": item.money,
        "total": item.total,
        "rows": [
            {"name": row.name, sides[0]: row.git, sides[1]: row.account, "when": row.when, "money": row.money}
            for row in item.rows
        ],
    }
