"""The endpoints of the vendor's SDK, read from its source: which there are, what a request says, what is answered.

A resource's method says it in one call: the path, the page's class, which names stand in the body and which in the
query, and the types of both. `document` in `shape_source` is the vendor's other word on them, and older.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import metronome
from pydantic import TypeAdapter

Schema = dict[str, Any]

_VERBS = {"_get": "GET", "_post": "POST", "_put": "PUT", "_patch": "PATCH", "_delete": "DELETE"}
_EMPTY = ("NoneType", "BinaryAPIResponse")


@dataclass(frozen=True)
class Operation:
    """One endpoint. Types are None where there is no body, of the request or of the answer."""

    name: str
    request: Any
    body: tuple[str, ...]
    query: tuple[str, ...]
    answer: Any
    cursor: str | None
    """The name of a page's cursor; None for what is no list."""


@cache
def operations() -> dict[str, Operation]:
    """Every endpoint of the SDK by its name, such as `POST /v1/packages/create`."""
    root = Path(metronome.__file__).parent / "resources"
    found = (one for file in sorted(root.rglob("*.py")) for one in _in_module(file, root))
    return {one.name: one for one in found}


@cache
def request_schema(name: str) -> Schema | None:
    """What the body of a request may be, by the SDK's type; None for one without a body."""
    one = operations()[name]
    if one.request is None or not one.body:
        return None
    schema: Schema = TypeAdapter(one.request).json_schema()
    if "properties" in schema:
        names = {key: _on_the_wire(one.request, key) for key in schema["properties"] if key in one.body}
        schema["properties"] = {names[key]: part for key, part in schema["properties"].items() if key in names}
        schema["required"] = [names[key] for key in schema.get("required", ()) if key in names]
    return schema


def _on_the_wire(request: Any, name: str) -> str:
    """A field of a request under the name that it is sent by: `PropertyInfo(alias=...)`."""
    hint = get_type_hints(request, include_extras=True)[name]
    marks = (mark for part in (hint, *get_args(hint)) for mark in getattr(part, "__metadata__", ()))
    return next((mark.alias for mark in marks if getattr(mark, "alias", None)), name)


@cache
def answer_schema(name: str) -> Schema | None:
    """What an answer is, strictly: nothing is missing, and nothing besides. None for one without a body."""
    one = operations()[name]
    if one.answer is None:
        return None
    schema: Schema = _strict(TypeAdapter(one.answer).json_schema())
    if one.cursor is None:
        return schema
    definitions = schema.pop("$defs", {})
    page = {"data": {"type": "array", "items": schema}, one.cursor: {"type": ["string", "null"]}}
    return {
        "type": "object",
        "properties": page,
        "required": list(page),
        "additionalProperties": False,
        "$defs": definitions,
    }


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(part) for key, part in schema.items()}
    if isinstance(schema.get("properties"), dict):
        made["additionalProperties"] = False
    return made


def _in_module(file: Path, root: Path) -> Iterator[Operation]:
    module = "metronome.resources." + ".".join(file.relative_to(root).with_suffix("").parts)
    for resource in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(resource, ast.ClassDef) and resource.name.endswith("Resource") and "Async" not in resource.name:
            for method in resource.body:
                calls = (node for node in ast.walk(method) if isinstance(node, ast.Call))
                found = next(
                    (call for call in calls if getattr(call.func, "attr", "") in (*_VERBS, "_get_api_list")), None
                )
                if isinstance(method, ast.FunctionDef) and found is not None:
                    yield _operation(found, import_module(module))


def _operation(call: ast.Call, module: Any) -> Operation:
    said = {word.arg: word.value for word in call.keywords}
    path = call.args[0].args[0] if isinstance(call.args[0], ast.Call) else call.args[0]
    assert isinstance(path, ast.Constant)
    listed = call.func.attr == "_get_api_list"  # type: ignore[attr-defined]
    verb = str(ast.literal_eval(said["method"])).upper() if "method" in said else "GET"
    verb = verb if listed else _VERBS[call.func.attr]  # type: ignore[attr-defined]
    options = {word.arg: word.value for word in said["options"].keywords}  # type: ignore[attr-defined]
    body, query = _named(said.get("body"), module), _named(options.get("query"), module)
    answer = ast.unparse(said["model"] if listed else said["cast_to"])
    page = vars(module)[ast.unparse(said["page"]).partition("[")[0]].model_fields if listed else {}
    if answer.startswith("cast("):
        answer = ast.unparse(said["model" if listed else "cast_to"].args[1])  # type: ignore[attr-defined]
    return Operation(
        f"{verb} {path.value}",
        (body or query or (None,))[0],
        body[1] if body else (),
        query[1] if query else (),
        None if answer in _EMPTY else eval(answer, vars(module)),
        next((name for name in ("next_page", "cursor") if name in page), None),
    )


def _named(value: ast.expr | None, module: Any) -> tuple[Any, tuple[str, ...]] | None:
    """The type and the names of `maybe_transform({...}, Type)`."""
    if not isinstance(value, ast.Call):
        return None
    what, type_ = value.args
    keys = [ast.literal_eval(key) for key in what.keys if key is not None] if isinstance(what, ast.Dict) else ["*"]
    return eval(ast.unparse(type_), vars(module)), tuple(keys)
