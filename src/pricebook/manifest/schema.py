"""JSON Schemas (2020-12) of manifests, overlays and the project file, made from the models: editors complete and check
with them.

One manifest schema for all kinds, which looks at `kind` first, so that an editor offers and complains of the fields of
that kind only. Whatever the models refuse is refused here too, but for rules that no schema can state: those that
compare values, count digits or follow references.
"""

import ast
import inspect
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from pricebook import SITE
from pricebook.catalog.amount import USD
from pricebook.catalog.declared import lists_of
from pricebook.catalog.field import Distinct
from pricebook.catalog.instant import INSTANT_PATTERN
from pricebook.catalog.model import MAX_CUSTOM_FIELD, noun_class
from pricebook.catalog.money import MONEY_PATTERN, SIGNED_MONEY_PATTERN
from pricebook.catalog.package import Package
from pricebook.catalog.rate import RateTerms
from pricebook.catalog.reference import Kind
from pricebook.catalog.unit import USD_UNIT
from pricebook.manifest.condition import CONDITIONS, NULL, PROPERTIES, Schema, given, schemas_of, when, word
from pricebook.manifest.envelope import API_VERSION, LIST, Metadata
from pricebook.manifest.overlay import OverlayFile
from pricebook.manifest.rate_form import RATE_CONDITIONS, rate_definitions
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.relation import RelatedPrice, Relation

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HOME = f"{SITE}/schemas/"
_REF = "#/$defs/{model}"

_INSTANT = {
    "type": "string",
    "pattern": INSTANT_PATTERN,
    "patternErrorMessage": "an instant on the hour: 2025-04-01 or 2025-04-01T00:00:00Z",
}


def _amount(pattern: str, number: Schema) -> Schema:
    text = {"type": "string", "pattern": pattern, "patternErrorMessage": "an amount with its currency: $10.00"}
    description = "A number in the pricing unit's API unit (cents for USD), or text with its currency: $10.00."
    return {"description": description, "anyOf": [number, text]}


_MONEY = {MONEY_PATTERN: "Amount", SIGNED_MONEY_PATTERN: "Sum"}
_SHARED: dict[str, Schema] = {
    "Amount": _amount(MONEY_PATTERN, {"type": "number", "minimum": 0}),
    "Sum": _amount(SIGNED_MONEY_PATTERN, {"type": "number"}),
    "Instant": {"description": "UTC, on the hour: 2025-04-01 or 2025-04-01T00:00:00Z.", **_INSTANT},
    "CustomFields": {
        "type": "object",
        "additionalProperties": {"type": "string", "minLength": 1, "maxLength": MAX_CUSTOM_FIELD},
        "propertyNames": {"not": {"pattern": "^pricebook_"}},
    },
}


_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""pydantic's words where a validator of ours comes before the bound."""


def schema_files(settings: type[BaseModel]) -> dict[str, str]:
    """The text of each schema by its file name; `settings` is the model of the project file."""
    schemas = {
        "manifest.schema.json": _manifest(),
        "overlay.schema.json": _whole(OverlayFile, "pricebook overlay"),
        "project.schema.json": _whole(settings, "pricebook project"),
    }
    return {name: schema_text({"$schema": DIALECT, "$id": HOME + name, **data}) for name, data in schemas.items()}


def schema_text(schema: Mapping[str, Any]) -> str:
    """A schema as a file: sorted, so that a change of it is a readable diff."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _manifest() -> dict[str, Any]:
    nouns = [noun_class(kind) for kind in Kind]
    definitions = _definitions(Metadata, RatesFrom, Relation, RelatedPrice, RateTerms, *nouns)
    terms = definitions.pop(RateTerms.__name__)
    definitions |= {**rate_definitions(terms["properties"]), **_SHARED}
    definitions["RateCard"]["properties"] |= {
        "rates": {
            "type": "array",
            "items": {"$ref": "#/$defs/Rate"},
            "description": "The card's rates; long lists stand in tables, under rates_from.",
        },
        "relations": {
            "type": "array",
            "items": {"$ref": "#/$defs/Relation"},
            "description": "Rates that are so many times others of this card, or of another one.",
        },
        "rates_from": {
            "type": "array",
            "items": {"$ref": "#/$defs/RatesFrom"},
            "description": "Tables of rates beside the manifest.",
        },
    }
    # A pattern may leave out what it is based on, and a field of it may hold {AXIS}: any type, and nothing required.
    written = definitions["Package"]["properties"]
    definitions["PackagePattern"] = {
        "description": "A package that is based on another, or a matrix of packages.",
        "type": "object",
        "properties": {**{name: {"description": said["description"]} for name, said in written.items()}, **_PATTERN},
        "additionalProperties": False,
    }
    named = definitions["Metadata"]["properties"]["name"]
    named |= {
        "pattern": r"^([a-z0-9]|\{\w+\})([a-z0-9_.-]|\{\w+\})*$",
        "patternErrorMessage": "letters a-z, digits, _ . and -; of a matrix of packages {AXIS} too",
    }
    return {
        "title": "pricebook manifest",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {
                "enum": [f"{kind.manifest}{end}" for end in ("", LIST) for kind in Kind],
                "description": "What the manifest declares; with List behind it, several under items.",
            },
            **_NOUN,
            "items": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "object", "required": [*_NOUN], "properties": _NOUN, "additionalProperties": False},
                "description": "Of a list the nouns, each with its metadata and spec.",
            },
        },
        "additionalProperties": False,
        "allOf": [
            when(
                given("kind", {"pattern": f"{LIST}$"}),
                {"required": ["items"], "properties": dict.fromkeys(_NOUN, False)},
                {"required": [*_NOUN], "properties": {"items": False}},
            ),
            *map(_dispatch, Kind),
            *map(_dispatch_list, Kind),
            _built_in(),
        ],
        "$defs": definitions,
    }


_NOUN: dict[str, Any] = {
    "metadata": {"$ref": "#/$defs/Metadata"},
    "spec": {"type": "object", "description": "The noun's fields: the vendor's, with names instead of ids."},
}


_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_PATTERN: dict[str, Any] = {
    "for": {
        "description": "The axes of a matrix: a package for each combination of their values.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {**_TEXTS, "uniqueItems": True},
    },
    "values": {"description": "By name what stands for {name} in a cell, by values of the axes.", "type": "object"},
    "based_on": {"description": "The package that this one differs from.", "type": "string"},
    "without": {
        "description": "Keys of terms that it does not have, by list.",
        "type": "object",
        "additionalProperties": _TEXTS,
    },
}


def _dispatch(kind: Kind) -> dict[str, Any]:
    return when(given("kind", {"const": kind.manifest}), {"properties": _fields_of(kind)})


def _dispatch_list(kind: Kind) -> dict[str, Any]:
    items = {"properties": {"items": {"items": {"properties": _fields_of(kind)}}}}
    return when(given("kind", {"const": f"{kind.manifest}{LIST}"}), items)


def _fields_of(kind: Kind) -> dict[str, Any]:
    fields: dict[str, Any] = {"spec": {"$ref": f"#/$defs/{kind.manifest}"}}
    if kind is Kind.PACKAGE:
        made = {"anyOf": [{"required": ["for"]}, {"required": ["based_on"]}]}
        fields["spec"] = when(made, {"$ref": "#/$defs/PackagePattern"}, fields["spec"])
    if kind.longest:
        fields["metadata"] = {"properties": {"name": {"maxLength": kind.longest}}}
    return fields


def _built_in() -> dict[str, Any]:
    """The unit `usd` is there already; it may be declared as it is."""
    unit = {"kind": {"const": Kind.PRICING_UNIT.manifest}, "metadata": given("name", {"const": USD})}
    same = {"name": {"const": USD_UNIT.name}, "currency": word("USD")}
    return {
        "if": {"required": [*unit], "properties": unit},
        "then": {"properties": {"spec": {"required": ["currency"], "properties": same}}},
    }


def _whole(model: type[BaseModel], title: str) -> dict[str, Any]:
    """The schema of a file that is one model."""
    definitions = _definitions(model)
    return {**definitions.pop(model.__name__), "title": title, "$defs": definitions}


def _definitions(*models: type[BaseModel]) -> dict[str, Any]:
    """The schema of each model and of those it is made of, by name, with the conditions that the models keep."""
    asked = [(model, "validation") for model in models]
    _, result = models_json_schema(asked, ref_template=_REF, schema_generator=_Generator)  # type: ignore[arg-type]
    found: dict[str, Any] = result["$defs"]
    for name, definition in found.items():
        _tidy(definition)
        for field, schema in PROPERTIES.get(name, {}).items():
            description = definition["properties"][field].get("description")
            definition["properties"][field] = {**schema, "description": description}
        conditions = [*CONDITIONS.get(name, ()), *RATE_CONDITIONS.get(name, ())]
        if conditions:
            definition["allOf"] = [*definition.get("allOf", ()), *conditions]
    return found


FILLED = frozenset(
    declared.model for declared in lists_of(Package).values() if declared.model and not declared.model.short
)
"""The terms of packages: a project may say of all of them what one does not say itself (`package_defaults`)."""


class _Generator(GenerateJsonSchema):
    """pydantic's generator, which knows what our validators read."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Fields are described by their docstrings, and conditions said as the model declares them."""
        found = super().model_schema(schema)
        for field, text in field_descriptions(schema["cls"]).items():
            found["properties"][schema["cls"].model_fields[field].alias or field]["description"] = text
        filled = schema["cls"] in FILLED
        conditions = schemas_of(schema["cls"], needs=not filled)
        if conditions and schema["cls"].__name__ not in RATE_CONDITIONS:
            found["allOf"] = conditions
        if filled:
            found.pop("required", None)
        if short := schema["cls"].short:
            said = {"type": "string", "pattern": short.pattern, "description": "The short form."}
            return {"anyOf": [said, found], "description": found.pop("description", "")}
        return found

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Words are read in either case."""
        inner = super().function_before_schema(schema)
        words = [inner["const"]] if "const" in inner else inner.get("enum", ())
        return word(*words) if words and all(isinstance(one, str) for one in words) else inner

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        """Names in a list stand there once."""
        inner = super().function_after_schema(schema)
        return {**inner, "uniqueItems": True} if schema["function"]["function"] is Distinct.func else inner

    def encode_default(self, dft: Any) -> Any:
        """Numbers stay numbers."""
        return int(dft) if isinstance(dft, Decimal) and dft == int(dft) else super().encode_default(dft)


def _tidy(schema: dict[str, Any]) -> None:
    """In place, through everything below: shared parts by name, and nothing that says nothing."""
    for key in ("title", "default"):
        if key == "title" or schema.get(key) in (None, []) or isinstance(schema.get(key), dict):
            schema.pop(key, None)
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split())
    if schema.get("pattern") == INSTANT_PATTERN:
        _become(schema, "Instant")
    if "anyOf" in schema:
        options = [inner for one in schema["anyOf"] for inner in (one.get("anyOf", [one]) if len(one) == 1 else [one])]
        money = [_MONEY[one["pattern"]] for one in options if one.get("pattern") in _MONEY]
        for name in money if not any(one.get("type") == "object" for one in options) else ():
            options = [{"$ref": f"#/$defs/{name}"}, *(one for one in options if one["type"] == "null")]
        schema["anyOf"] = options
        if len(options) == 1:
            schema |= schema.pop("anyOf")[0]
        elif len(options) == 2 and options[1] == NULL and isinstance(options[0].get("type"), str):
            schema |= {**schema.pop("anyOf")[0], "type": [options[0]["type"], "null"]}
    for bound in _BOUNDS.keys() & schema.keys():
        schema[_BOUNDS[bound]] = schema.pop(bound)
    for field, inner in schema.get("properties", {}).items():
        _tidy(inner)
        if field == "custom_fields":
            _become(inner, "CustomFields")
    for inner in (*schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, dict):
            _tidy(inner)


def _become(schema: dict[str, Any], name: str) -> None:
    description = schema.get("description")
    schema.clear()
    schema["$ref"] = f"#/$defs/{name}"
    if description:
        schema["description"] = description


def field_descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Field -> its docstring, of the model and of those it inherits from.

    pydantic can keep them itself (`use_attribute_docstrings`), but then parses the source of every model at every
    start, a fifth of the time of a small plan.
    """
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _of_module(base.__module__).get(base.__qualname__, {})
    return {field: text for field, text in found.items() if field in model.model_fields}


@cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    """Class -> field -> docstring, of a module's own classes."""
    tree = ast.parse(inspect.getsource(import_module(name)))
    return {node.name: dict(_docstrings(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _docstrings(node: ast.ClassDef) -> list[tuple[str, str]]:
    found = []
    for field, text in zip(node.body, node.body[1:], strict=False):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                found.append((name, inspect.cleandoc(words)))
    return found
