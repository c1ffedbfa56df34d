"""The JSON Schema of every answer, derived from its view: what `view.plain` makes of a value, said of its type.

Pydantic reads the types; what a document has otherwise than they say (exact numbers, instants, keys, what is left out)
is said here, in the words of `view.plain`.
"""

from importlib import import_module
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from pricebook import SITE
from pricebook.catalog.reference import Ref
from pricebook.view import impact
from pricebook.view import object as objects
from pricebook.view.plain import PREFIX, document_fields, is_left_out, key_of, named

VIEWS = {
    "plan": "plan:PlanView",
    "digest": "plan:DigestView",
    "receipt": "receipt:ReceiptView",
    "problems": "problems:ProblemsView",
    "validity": "problems:ValidityView",
    "checked": "problems:CheckedView",
    "drift": "drift:DriftView",
    "parity": "parity:ParityView",
    "comparison": "comparison:ComparisonView",
    "bills": "bill:BillsView",
    "tests": "tests:TestsView",
    "prices": "lookup:PricesView",
    "timelines": "lookup:TimelinesView",
    "price-moves": "lookup:MovesView",
    "package-versions": "lookup:VersionsView",
    "package-differences": "lookup:DifferencesView",
    "history": "history:HistoryView",
    "cohorts": "cohort:CohortsView",
    "contracts": "cohort:MembersView",
    "migration": "migration:MigrationView",
    "migration-receipt": "migration:MigrationReceiptView",
    "reconciliation": "migration:ReconciliationView",
    "reconciled": "reconciled:ReconciledView",
    "provision": "provision:ProvisionView",
    "import": "manifests:ImportView",
    "repricing": "manifests:RepricingView",
    "edits": "manifests:EditsView",
    "rules": "manifests:RulesView",
    "rule-page": "manifests:RulePageView",
    "account": "storage:AccountView",
    "copy": "storage:CopiedView",
    "export": "storage:ExportView",
    "site": "storage:SiteView",
    "files": "storage:FilesView",
    "objects": "objects:ObjectsView",
    "graph": "objects:GraphView",
}
"""Sort of answer -> its view, `module:name` of this room."""


class _Documents(GenerateJsonSchema):
    """Schemas of documents as `view.plain` makes them."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> dict[str, Any]:
        return {"type": "number"}

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def definitions_schema(self, schema: core_schema.DefinitionsSchema) -> dict[str, Any]:
        self._shared: dict[str, Any] = {one["ref"]: one for one in schema["definitions"] if "ref" in one}
        return super().definitions_schema(schema)

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> dict[str, Any]:
        return _object(*self._fields(schema), schema["cls"].__doc__)

    def named_tuple_schema(self, schema: Any) -> dict[str, Any]:
        kind = _tuple_of(schema)[0]
        return {"type": "string"} if kind is Ref else _object(*self._fields(schema), kind.__doc__)

    call_schema = named_tuple_schema
    """What older versions of pydantic make of a named tuple."""

    def _fields(self, schema: Any) -> tuple[dict[str, Any], list[str]]:
        """The properties of a dataclass or a named tuple, and which of them are always there."""
        if schema["type"] != "dataclass":
            kind, fields = _tuple_of(schema)
            types = {one["name"]: one["schema"] for one in fields}
            properties = {key_of(name): self._property(name, types[name]) for name in named(kind)}
            return properties, list(properties)
        types = {one["name"]: one["schema"] for one in schema["schema"]["fields"]}
        properties, required = {}, []
        for one in document_fields(schema["cls"]):
            found = types[one.name]
            if one.metadata.get("flat"):
                inner, always = self._fields(self._shared.get(found.get("schema_ref", ""), found))
                properties |= inner
                required += always
                continue
            properties[key_of(one.name)] = self._property(one.name, found)
            if not is_left_out(schema["cls"], one):
                required.append(key_of(one.name))
        return properties, required

    def _property(self, name: str, schema: core_schema.CoreSchema) -> dict[str, Any]:
        found = {key: value for key, value in self.generate_inner(schema).items() if key != "default"}
        # An end that never comes is null, whatever the type says: `FOREVER` is an instant among us.
        if name == "ending_before" and found.get("type") == "string":
            return {"anyOf": [found, {"type": "null"}]}
        return found


def _tuple_of(schema: Any) -> tuple[Any, Any]:
    """The class of a named tuple, and its fields."""
    if schema["type"] == "call":
        return schema["function"], schema["arguments_schema"]["arguments_schema"]
    return schema["cls"], schema["fields"]


def _object(properties: dict[str, Any], required: list[str], words: str | None) -> dict[str, Any]:
    description = {"description": " ".join(words.split())} if words else {}
    return {
        "type": "object",
        **description,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def answer_schema(answer: str) -> dict[str, Any]:
    """The schema of the documents of one sort of answer."""
    module, _, name = VIEWS[answer].partition(":")
    view = getattr(import_module(f"{__package__}.{module}"), name)
    # The view of a plan imports these for types alone; pydantic looks names up where it is called from, too.
    ImpactView, ObjectView = impact.ImpactView, objects.ObjectView  # noqa: F841, N806

    schema = TypeAdapter(view).json_schema(schema_generator=_Documents, mode="serialization")
    shared = schema.pop("$defs", {})
    if "$ref" in schema:  # a view that has another one of its own sort in it, which says no sort
        schema = dict(shared[schema["$ref"].rpartition("/")[2]])
    schema["properties"] = {"format": {"const": PREFIX + answer}, **schema["properties"]}
    schema["required"] = ["format", *schema["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{SITE}/schemas/answer-{answer}.schema.json",
        "title": f"pricebook answer: {answer}",
        **schema,
        **({"$defs": shared} if shared else {}),
    }


def answer_schemas() -> dict[str, dict[str, Any]]:
    """The schema of every answer, by the name of its file."""
    return {f"answer-{answer}.schema.json": answer_schema(answer) for answer in VIEWS}
