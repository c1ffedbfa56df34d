"""The published description of a plan file: JSON Schema (2020-12) of what `plan.document` writes."""

from typing import Any, get_args

from pricebook.catalog.reference import STORED
from pricebook.plan.hazard import Hazard
from pricebook.plan.step import FORMAT
from pricebook.problem import Severity

ACTIONS = ("create", "revise", "supersede", "add_rates", "repoint", "adopt", "release", "archive")


def plan_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a plan file."""
    text, texts = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
    hazards = {"type": "array", "items": {"enum": [hazard.value for hazard in Hazard]}}
    segment = {
        "description": "[starting_at, ending_before or null, terms]",
        "type": "array",
        "prefixItems": [text, {"type": ["string", "null"]}, {"type": "object"}],
        "minItems": 3,
        "maxItems": 3,
    }
    schedule = {"type": "array", "items": segment}
    field = {
        "type": "object",
        "required": ["path", "observed", "desired", "unit", "cosmetic"],
        "properties": {
            "path": {
                "description": "the steps to the field; in an array of its own, what a term of a list is called",
                "type": "array",
                "items": {"oneOf": [text, {"type": "array", "items": text, "minItems": 1, "maxItems": 1}]},
                "minItems": 1,
            },
            "observed": {"description": "null: not there"},
            "desired": {"description": "null: not there"},
            "unit": {"description": "the pricing unit of an amount", "type": ["string", "null"]},
            "cosmetic": {"description": "does not move money", "type": "boolean"},
        },
        "additionalProperties": False,
    }
    rate = {
        "type": "object",
        "required": ["key", "observed", "segments", "hazards"],
        "properties": {
            "key": {"description": "[product, billing frequency or null, pricing group values]", "type": "array"},
            "observed": {"oneOf": [schedule, {"type": "null"}], "description": "null: there was no rate"},
            "segments": {**schedule, "description": "what is added, laid over what was observed"},
            "hazards": hazards,
        },
        "additionalProperties": False,
    }
    step = {
        "type": "object",
        "required": ["id", "action", "ref", "needs", "hazards", "expects", "reach", "at", "reason"],
        "properties": {
            "id": text,
            "action": {"enum": list(ACTIONS)},
            "ref": {"type": "string", "pattern": f"^({'|'.join(kind.value for kind in STORED)}):"},
            "needs": {**texts, "description": "ids of the steps that must be done before"},
            "hazards": hazards,
            "expects": {
                "type": ["string", "null"],
                "description": "digest of the object as observed; else the plan is stale",
            },
            "shares": {
                "type": "array",
                "description": "of those, package by package: version, contracts, whether an override shields them",
                "items": {"type": "array", "minItems": 3, "maxItems": 3},
            },
            "reach": {"type": ["integer", "null"], "description": "live contracts; null when not known"},
            "at": {"type": "string", "description": "file:line of the manifest"},
            "reason": text,
            "digest": text,
            "spec": {
                "type": "object",
                "description": "the whole noun afterwards, of an adopted one as it is; amounts in API units",
            },
            "fields": {"type": "array", "items": field},
            "previous": text,
            "rates": {"type": "array", "items": rate},
            "mark": {"description": "what the card's rates are marked with once these are in, or once adopted", **text},
            "alias_mark": {"description": "what the card's aliases are marked with once adopted", **text},
            "was": {"description": "the name that it had as ours", **text},
            "adopts": {"description": "the store's id of the object that is adopted", **text},
            "marked": {"description": "what they were marked with before", **text},
            "aliases": {"type": "array", "items": {"type": "object"}},
            "observed": {"type": "array", "items": {"type": "object"}},
            "product_order": texts,
            "observed_order": {**texts, "description": "the order that the card had"},
            "held_by": {**texts, "description": "the other cards that had, or are given, one of its new aliases"},
            "yields": {"type": "array", "items": {"type": "object"}, "description": "kept until another card takes it"},
        },
        "additionalProperties": False,
    }
    place = {
        "type": "object",
        "required": ["file", "line", "column"],
        "properties": {"file": text, "line": {"type": "integer"}, "column": {"type": "integer"}},
        "additionalProperties": False,
    }
    related = {
        "type": "object",
        "required": ["word", "at"],
        "properties": {"word": text, "at": place},
        "additionalProperties": False,
    }
    finding = {
        "type": "object",
        "required": ["code", "severity", "message", "hint", "subject", "waived", "at", "related", "more"],
        "properties": {
            "code": text,
            "severity": {"enum": list(get_args(Severity))},
            "message": text,
            "hint": {"type": "string", "description": "the way out"},
            "subject": {"type": "string", "description": "the object that it is about"},
            "waived": {"type": "string", "description": "why it is accepted, by whom, until when; empty: it is not"},
            "at": {"oneOf": [place, {"type": "null"}]},
            "related": {"type": "array", "items": related},
            "more": {"type": "integer", "description": "further findings of the same kind that are not listed"},
        },
        "additionalProperties": False,
    }
    unit = {
        "type": "object",
        "required": ["currency", "scale"],
        "properties": {"currency": {"type": ["string", "null"]}, "scale": {"type": "integer"}},
    }
    properties: dict[str, Any] = {
        "format": {"const": FORMAT},
        "namespace": text,
        "environment": text,
        "as_of": {"type": "string", "format": "date-time"},
        "base": {"type": "string", "description": "digest of what was observed"},
        "desired": {"type": "string", "description": "digest of what is wanted"},
        "kept": {"type": "integer", "minimum": 0},
        "prices": {"type": "integer", "minimum": 0, "description": "how many prices are desired"},
        "leftovers": texts,
        "unmanaged": {"type": "object", "additionalProperties": {"type": "integer"}},
        "units": {"type": "object", "additionalProperties": unit},
        "findings": {"type": "array", "items": finding},
        "adopted": {
            "type": "object",
            "description": "the store's ids of objects that bore no mark and were read as ours",
            "additionalProperties": text,
        },
        "moved": {
            "type": "array",
            "description": "objects of ours that were read under another name: from which, to which",
            "items": {"type": "array", "items": text, "minItems": 2, "maxItems": 2},
        },
        "steps": {"type": "array", "items": step},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://pricebook.dev/schemas/plan.schema.json",
        "title": "pricebook plan",
        "type": "object",
        "required": [name for name in properties if name not in ("adopted", "moved")],
        "properties": properties,
        "additionalProperties": False,
    }
