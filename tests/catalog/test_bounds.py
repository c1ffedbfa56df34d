"""Every number of every noun has bounds from the day on which its field is declared: money, shares, counts, lengths."""

import json
from collections.abc import Iterator

from pricebook.manifest.schema import schema_files
from pricebook.project.project import ProjectSettings

UNBOUNDED = {
    "ExpectedLine.quantity": "a price test says what comes out, and that may be below zero",
    "ScenarioUsage.quantity": "a metric of the latest value is billed by what it changes, down too",
    "Commit.priority": "an order, no amount",
    "Credit.priority": "an order, no amount",
    "PrepaidThresholdCommit.priority": "an order, no amount",
    "RecurringCommit.priority": "an order, no amount",
    "RecurringCredit.priority": "an order, no amount",
    "ThresholdCommit.priority": "an order, no amount",
}
LEAST = {"minimum", "exclusiveMinimum", "enum", "const"}


def numbers() -> Iterator[tuple[str, bool]]:
    """Each numeric field of the manifests' schema, and whether it has a least value."""
    definitions = json.loads(schema_files(ProjectSettings)["manifest.schema.json"])["$defs"]
    for model, definition in definitions.items():
        for name, field in definition.get("properties", {}).items():
            if field is False or "type" not in field or "errorMessage" in field:
                continue
            types = field["type"] if isinstance(field["type"], list) else [field["type"]]
            if {"number", "integer"} & set(types):
                yield f"{model}.{name}", bool(LEAST & field.keys())


def test_every_number_has_a_least_value() -> None:
    assert {name for name, bounded in numbers() if not bounded} == UNBOUNDED.keys()


def test_money_is_never_below_zero_but_in_what_a_price_test_expects() -> None:
    definitions = json.loads(schema_files(ProjectSettings)["manifest.schema.json"])["$defs"]
    assert definitions["Amount"]["anyOf"][0]["minimum"] == 0
    signed = {
        model
        for model, definition in definitions.items()
        for field in definition.get("properties", {}).values()
        if "#/$defs/Sum" in json.dumps(field)
    }
    assert signed == {"Expectation", "ExpectedInvoice", "ExpectedLine"}
