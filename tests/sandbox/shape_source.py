"""Makes src/pricebook/sandbox/shape.json: what requests may contain, from the vendor's own two sources.

`metronome-openapi.json` is the vendor's OpenAPI document (https://docs.metronome.com); `metronome-sdk` is the vendor's
SDK and newer: what it has beyond the document is added, and what it made optional is optional. Run as a program, this
writes the file; a test says when it is not current.
"""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

HERE = Path(__file__).parent
SHAPE = HERE.parents[1] / "src/pricebook/sandbox/shape.json"

Schema = dict[str, Any]

CARDS = "/v1/contract-pricing/rate-cards"
PRODUCTS = "/v1/contract-pricing/products"
SUPPORTED: dict[str, str] = {
    "POST /v1/billable-metrics/archive": "v1.billable_metric_archive_params:BillableMetricArchiveParams",
    "POST /v1/billable-metrics/create": "v1.billable_metric_create_params:BillableMetricCreateParams",
    "GET /v1/billable-metrics": "",
    "GET /v1/billable-metrics/{billable_metric_id}": "",
    "PUT /v1/billable-metrics/{billable_metric_id}": "",
    f"POST {PRODUCTS}/archive": "v1.contracts.product_archive_params:ProductArchiveParams",
    f"POST {PRODUCTS}/create": "v1.contracts.product_create_params:ProductCreateParams",
    f"POST {PRODUCTS}/get": "v1.contracts.product_retrieve_params:ProductRetrieveParams",
    f"POST {PRODUCTS}/list": "v1.contracts.product_list_params:ProductListParams",
    f"POST {PRODUCTS}/update": "v1.contracts.product_update_params:ProductUpdateParams",
    f"POST {CARDS}/addRate": "v1.contracts.rate_cards.rate_add_params:RateAddParams",
    f"POST {CARDS}/addRates": "v1.contracts.rate_cards.rate_add_many_params:RateAddManyParams",
    f"POST {CARDS}/archive": "v1.contracts.rate_card_archive_params:RateCardArchiveParams",
    f"POST {CARDS}/create": "v1.contracts.rate_card_create_params:RateCardCreateParams",
    f"POST {CARDS}/get": "v1.contracts.rate_card_retrieve_params:RateCardRetrieveParams",
    f"POST {CARDS}/getRateSchedule": (
        "v1.contracts.rate_card_retrieve_rate_schedule_params:RateCardRetrieveRateScheduleParams"
    ),
    f"POST {CARDS}/getRates": "v1.contracts.rate_cards.rate_list_params:RateListParams",
    f"POST {CARDS}/list": "",
    f"POST {CARDS}/moveRateCardProducts": (
        "v1.contracts.rate_cards.product_order_update_params:ProductOrderUpdateParams"
    ),
    f"POST {CARDS}/setRateCardProductsOrder": "v1.contracts.rate_cards.product_order_set_params:ProductOrderSetParams",
    f"POST {CARDS}/update": "v1.contracts.rate_card_update_params:RateCardUpdateParams",
    "POST /v1/contracts/archive": "v1.contract_archive_params:ContractArchiveParams",
    "POST /v1/contracts/create": "v1.contract_create_params:ContractCreateParams",
    "POST /v1/contracts/get": "v1.contract_retrieve_params:ContractRetrieveParams",
    "POST /v1/contracts/list": "v1.contract_list_params:ContractListParams",
    "POST /v1/contracts/updateEndDate": "v1.contract_update_end_date_params:ContractUpdateEndDateParams",
    "POST /v1/credit-types/archive": "v1.pricing_unit_archive_params:PricingUnitArchiveParams",
    "POST /v1/credit-types/create": "v1.pricing_unit_create_params:PricingUnitCreateParams",
    "GET /v1/credit-types/list": "",
    "POST /v1/customFields/addKey": "v1.custom_field_add_key_params:CustomFieldAddKeyParams",
    "POST /v1/customFields/deleteValues": "v1.custom_field_delete_values_params:CustomFieldDeleteValuesParams",
    "POST /v1/customFields/listKeys": "v1.custom_field_list_keys_params:CustomFieldListKeysParams",
    "POST /v1/customFields/removeKey": "v1.custom_field_remove_key_params:CustomFieldRemoveKeyParams",
    "POST /v1/customFields/setValues": "v1.custom_field_set_values_params:CustomFieldSetValuesParams",
    "POST /v1/customers": "v1.customer_create_params:CustomerCreateParams",
    "GET /v1/customers": "",
    "GET /v1/customers/{customer_id}": "",
    "POST /v1/customers/archive": "v1.customer_archive_params:CustomerArchiveParams",
    "POST /v1/ingest": "",
    "POST /v1/packages/archive": "v1.package_archive_params:PackageArchiveParams",
    "POST /v1/packages/create": "v1.package_create_params:PackageCreateParams",
    "POST /v1/packages/get": "v1.package_retrieve_params:PackageRetrieveParams",
    "POST /v1/packages/list": "v1.package_list_params:PackageListParams",
    "POST /v1/packages/listContractsOnPackage": (
        "v1.package_list_contracts_on_package_params:PackageListContractsOnPackageParams"
    ),
    "POST /v2/contracts/get": "v2.contract_retrieve_params:ContractRetrieveParams",
    "POST /v2/contracts/list": "v2.contract_list_params:ContractListParams",
}
"""The endpoints of the sandbox, with the SDK's request type; empty where the body has nothing for the SDK to add."""

SDK_ONLY = ("POST /v1/credit-types/archive", "POST /v1/credit-types/create")
"""Endpoints that the SDK has and the document does not."""

QUERY = ("limit", "next_page")
"""What the SDK's types hold besides the body."""

KEPT = (
    "type", "format", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "additionalProperties",
)  # fmt: skip


def document() -> Schema:
    """The vendor's OpenAPI document."""
    return json.loads((HERE / "metronome-openapi.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def plain(schema: Schema, root: Schema) -> Schema:
    """A schema without references, without descriptions, `allOf` folded, enums in one spelling."""
    while "$ref" in schema:
        found: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    if "allOf" in schema:
        parts = [plain(part, root) for part in schema["allOf"]]
        folded: Schema = {"type": "object", "properties": {}, "required": []}
        for part in parts:
            folded["properties"] |= part.get("properties", {})
            folded["required"] += part.get("required", [])
        return folded
    if "anyOf" in schema:  # the SDK's Optional[...] and Union[str, datetime]
        parts = [plain(part, root) for part in schema["anyOf"]]
        solid = [part for part in parts if part.get("type") != "null"]
        return solid[-1] | ({"nullable": True} if len(solid) < len(parts) else {})
    made: Schema = {key: schema[key] for key in KEPT if key in schema and schema[key] != {"type": "object"}}
    if isinstance(made.get("additionalProperties"), dict):
        made["additionalProperties"] = plain(made["additionalProperties"], root)
    if schema.get("nullable"):
        made["nullable"] = True
    if "const" in schema:
        made["enum"] = [schema["const"]]
    if "enum" in schema:
        made["enum"] = one_spelling(schema["enum"])
    if "items" in schema:
        made["items"] = plain(schema["items"], root)
    if "properties" in schema:
        made["properties"] = {name: plain(part, root) for name, part in schema["properties"].items()}
        made["required"] = list(schema.get("required", []))
    return made


def one_spelling(words: list[str]) -> list[str]:
    """Each word once: in capitals where the vendor has it so."""
    spelled: dict[str, str] = {}
    for word in words:
        if word.lower() not in spelled or word.isupper():
            spelled[word.lower()] = word
    return list(spelled.values())


def joined(older: Schema, newer: Schema) -> Schema:
    """The document's schema with what the SDK has beyond it."""
    made = dict(older)
    if "enum" in older and "enum" in newer:
        known = {word.lower() for word in older["enum"]}
        made["enum"] = older["enum"] + [word for word in newer["enum"] if word.lower() not in known]
    if "items" in older and "items" in newer:
        made["items"] = joined(older["items"], newer["items"])
    if "properties" in older and "properties" in newer:
        ours, theirs = older["properties"], newer["properties"]
        made["properties"] = {
            name: joined(part, theirs[name]) if name in theirs else part for name, part in ours.items()
        } | {name: part for name, part in theirs.items() if name not in ours and name not in QUERY}
        required = newer.get("required", [])
        made["required"] = [name for name in older.get("required", []) if name in required or name not in theirs]
    return made


def body_of(operation: Schema, root: Schema) -> Schema | None:
    """The schema of an operation's request body; None when it has none."""
    body = operation.get("requestBody")
    if body is None:
        return None
    while "$ref" in body:
        body = root["components"]["requestBodies"][body["$ref"].rsplit("/", 1)[1]]
    return plain(body["content"]["application/json"]["schema"], root)


def sdk_schema(name: str) -> Schema:
    """The SDK's type of a request, as a schema."""
    module, _, type_name = name.partition(":")
    schema = TypeAdapter(getattr(import_module(f"metronome.types.{module}"), type_name)).json_schema()
    made = plain(schema, schema)
    for query in QUERY:
        made["properties"].pop(query, None)
    return made


def operations(root: Schema) -> Iterator[tuple[str, Schema]]:
    """Every operation of the document, as `POST /v1/packages/create`."""
    for path, methods in root["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield f"{method.upper()} {path}", operation


def request_shape(name: str, operation: Schema | None, root: Schema) -> Schema | None:
    """What the body of a supported endpoint's request may be; None for no body."""
    older = body_of(operation, root) if operation is not None else None
    newer = sdk_schema(SUPPORTED[name]) if SUPPORTED[name] else None
    if older is None or newer is None:
        return json_schema(older or newer or {}) or None
    return json_schema(joined(older, newer))


def json_schema(schema: Schema) -> Schema:
    """JSON Schema's own words for what OpenAPI says: null is a type, and what is not named is not allowed."""
    made = dict(schema)
    if made.pop("nullable", False):
        made["type"] = [schema["type"], "null"]
        if "enum" in schema:
            made["enum"] = [*schema["enum"], None]
    if "items" in schema:
        made["items"] = json_schema(schema["items"])
    if "properties" in schema:
        made["properties"] = {name: json_schema(part) for name, part in schema["properties"].items()}
        if schema["properties"]:
            made.setdefault("additionalProperties", False)
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = json_schema(schema["additionalProperties"])
    return made


def shape() -> Schema:
    """The whole file."""
    root = document()
    known = dict(operations(root))
    requests = {name: request_shape(name, known.get(name), root) for name in SUPPORTED}
    return {
        "source": "Metronome's OpenAPI document and metronome-sdk, joined by tests/sandbox/shape_source.py",
        "requests": requests,
        "unsupported": sorted(name for name in known if name not in SUPPORTED),
    }


def text() -> str:
    """The file's text: one line for each endpoint."""
    made = shape()
    lines = [f"{json.dumps(name)}: {json.dumps(made['requests'][name], sort_keys=True)}" for name in SUPPORTED]
    rest = {name: part for name, part in made.items() if name != "requests"}
    return '{"requests": {\n' + ",\n".join(lines) + "\n},\n" + json.dumps(rest, indent=1)[2:] + "\n"


if __name__ == "__main__":
    SHAPE.write_text(text(), encoding="utf-8")
