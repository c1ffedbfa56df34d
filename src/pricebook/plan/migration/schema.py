"""The published description of a migration plan: JSON Schema (2020-12) of each line that `plan.migration.document`
writes, the head and the contracts."""

from typing import Any, get_args

from pricebook.catalog.migration import Transition
from pricebook.plan.migration.document import WHAT
from pricebook.plan.migration.move import FORMAT, Direction, GuardState
from pricebook.problem import Severity


def migration_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a line of a migration plan."""
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    instant = {"type": "string", "format": "date-time"}
    finding = {
        "description": "[code, severity, message, way out]",
        "type": "array",
        "prefixItems": [text, {"enum": list(get_args(Severity))}, text, text],
        "minItems": 4,
        "maxItems": 4,
    }
    head = {
        "what": {"const": WHAT},
        "format": {"const": FORMAT},
        "namespace": text,
        "environment": text,
        "migration": {**text, "description": "its metadata.name"},
        "package": {**text, "description": "the package that contracts move from"},
        "target": {"description": "the version that they move to", "type": "string", "pattern": "^package:.+@[0-9]+$"},
        "transition": {"enum": list(get_args(Transition))},
        "direction": {"enum": list(get_args(Direction)), "description": "back: a rollback"},
        "as_of": instant,
        "verdict": {"enum": list(get_args(GuardState)), "description": "what the guard came to"},
        "moves": {**count, "description": "how many lines follow"},
        "left": {"description": "contracts that do not move, by reason", "additionalProperties": count},
        "findings": {"type": "array", "items": finding},
    }
    move = {
        "contract": text,
        "customer": text,
        "version": {"description": "of the package that it moves from", "type": "integer", "minimum": 1},
        "ends": {"description": "the end that it had; null: none", "anyOf": [instant, {"type": "null"}]},
        "at": {**instant, "description": "where the new contract starts"},
        "wave": {"type": "integer", "minimum": 1},
        "key": {**text, "description": "the uniqueness key of the new contract", "maxLength": 128},
        "successor": {**text, "description": "the id of the new contract where it is there already, else empty"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://pricebook.dev/schemas/migration.schema.json",
        "title": "a line of a pricebook migration plan",
        "oneOf": [_closed(head), _closed(move)],
    }


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }
