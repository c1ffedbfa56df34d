"""Makes src/pricebook/sandbox/shape.json: what requests may contain, from the vendor's own two sources.

`metronome-openapi.json` is the vendor's OpenAPI document (https://docs.metronome.com); `metronome-sdk` is the vendor's
SDK and newer: what it has beyond the document is added, and what it made optional is optional. Run as a program, this
writes the file; a test says when it is not current.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sdk

from pricebook.sandbox.endpoint import endpoints

HERE = Path(__file__).parent
SHAPE = HERE.parents[1] / "src/pricebook/sandbox/shape.json"

Schema = dict[str, Any]

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
        } | {name: part for name, part in theirs.items() if name not in ours}
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


def operations(root: Schema) -> Iterator[tuple[str, Schema]]:
    """Every operation of the document, as `POST /v1/packages/create`."""
    for path, methods in root["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield f"{method.upper()} {path}", operation


def request_shape(name: str, operation: Schema | None, root: Schema) -> Schema | None:
    """What the body of an endpoint's request may be; None for no body."""
    older = body_of(operation, root) if operation is not None else None
    said = sdk.request_schema(name)
    newer = plain(said, said) if said is not None else None
    if older is None or newer is None or "properties" not in newer:
        return json_schema(older or newer or {}) or None
    return json_schema(joined(older, newer))


def json_schema(schema: Schema) -> Schema:
    """JSON Schema's own words for what OpenAPI says: null is a type, and what is not named is not allowed.

    The last of some tiers may have the size null, "all remaining units": so the vendor's own examples write it
    (github.com/Metronome-Industries/ai, rate-cards.md).
    """
    made = dict(schema)
    if made.pop("nullable", False):
        made["type"] = [schema["type"], "null"]
        if "enum" in schema:
            made["enum"] = [*schema["enum"], None]
    if "items" in schema:
        made["items"] = json_schema(schema["items"])
    if "properties" in schema:
        made["properties"] = {
            name: json_schema(part | {"nullable": True} if name == "size" else part)
            for name, part in schema["properties"].items()
        }
        if schema["properties"]:
            made.setdefault("additionalProperties", False)
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = json_schema(schema["additionalProperties"])
    return made


def shape() -> Schema:
    """The whole file."""
    root = document()
    known = dict(operations(root))
    requests = {
        name: request_shape(name, known.get(name), root)
        for name in sorted(endpoints(), key=lambda name: name.split()[::-1])
    }
    return {
        "source": "Metronome's OpenAPI document and metronome-sdk, joined by tests/sandbox/shape_source.py",
        "requests": requests,
        "unsupported": sorted({*known, *sdk.operations()} - requests.keys()),
    }


def text() -> str:
    """The file's text: one line for each endpoint."""
    made = shape()
    lines = [f"{json.dumps(name)}: {json.dumps(made['requests'][name], sort_keys=True)}" for name in made["requests"]]
    rest = {name: part for name, part in made.items() if name != "requests"}
    return '{"requests": {\n' + ",\n".join(lines) + "\n},\n" + json.dumps(rest, indent=1)[2:] + "\n"


if __name__ == "__main__":
    SHAPE.write_text(text(), encoding="utf-8")
