"""Judging documents by the published schemas: manifests, project files, plan files and the JSON answers of commands.

What a schema cannot state (references, places in time, money against its unit) is `validate`'s to judge. The rule it
keeps: a document is judged by the one schema that it says it is of, and one that says nothing is a problem and never
passed over.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from pricebook.manifest.envelope import OVERLAY
from pricebook.manifest.locate import KEY, NodePath, locate
from pricebook.manifest.syntax import read_documents
from pricebook.manifest.text import read_text
from pricebook.problem import Problem, Rejected, quote
from pricebook.span import Span

MAX_FILE = 1 << 28
"""Bytes of a file."""
MAX_WORDS = 300
"""Characters of a message: jsonschema's may quote a whole document."""
_UNKNOWN = "manifests say apiVersion and kind, pricebook.yaml namespace and environments, plans and answers a format"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was judged: by which schema each of its documents was, and what is wrong with them."""

    file: str
    schemas: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """One document of a file: its data, and where a path in it stands."""

    data: Any
    text: str
    index: int

    def span(self, file: str, path: NodePath) -> Span:
        return locate(file, self.text, self.index, [path])[path]


class SchemaCheck:
    """Judges files by schemas, whose texts are given by name."""

    def __init__(self, schemas: Mapping[str, str]) -> None:
        data = {name: json.loads(text) for name, text in schemas.items()}
        self._validators = {name: Draft202012Validator(schema) for name, schema in data.items()}
        self._formats: dict[Any, str] = {}
        for name, schema in data.items():
            for tag in _formats(schema, schema):
                self._formats.setdefault(tag, name)

    def check(self, path: Path) -> CheckedFile:
        """Judge every document of a file. What cannot be read is a problem too."""
        file = str(path)
        try:
            parts, problems = _parts(file, read_text(path, file, limit=MAX_FILE))
        except Rejected as rejected:
            return CheckedFile(file, (), rejected.problems)
        used: list[str] = []
        if not parts and not problems:
            problems.append(Problem("empty", f"{quote(file)} has no document", Span(file)))
        for part in parts:
            name = self._name(part.data)
            if name is None:
                problems.append(Problem("unknown-document", "this is of no known sort", part.span(file, ()), _UNKNOWN))
                continue
            used.append(name)
            problems += _problems(self._validators[name], part, file, name)
        return CheckedFile(file, tuple(used), tuple(sorted(problems, key=lambda problem: problem.at or Span(file))))

    def _name(self, data: Any) -> str | None:
        """The schema that a document says it is of."""
        if not isinstance(data, dict):
            return None
        if data.get("kind") == OVERLAY:
            return "overlay"
        if "apiVersion" in data:
            return "manifest"
        if "format" in data:
            return self._formats.get(data["format"])
        return "project" if {"namespace", "environments"} & data.keys() else None


def _formats(schema: Any, root: Mapping[str, Any]) -> Iterator[Any]:
    """What documents of a schema may say as their format."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    found = schema.get("properties", {}).get("format", {})
    if "const" in found:
        yield found["const"]
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _formats(option, root)


def _parts(file: str, text: str) -> tuple[list[_Part], list[Problem]]:
    """The documents of a text: JSON, or YAML."""
    if text.lstrip()[:1] == "{":
        try:
            return [_Part(json.loads(text), text, 0)], []
        except ValueError:
            pass  # YAML may begin with a brace, and says better what is wrong
    documents, problems = read_documents(file, text)
    return [_Part(_plain(document.data), text, document.index) for document in documents], problems


def _plain(data: Any) -> Any:
    """Data as jsonschema has it: lists, and numbers whose digits do not count."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, tuple):
        return list(map(_plain, data))
    return float(data) if isinstance(data, Decimal) else data


def _problems(validator: Draft202012Validator, part: _Part, file: str, name: str) -> Iterator[Problem]:
    seen: set[tuple[NodePath, str]] = set()
    for found in _errors(validator.iter_errors(part.data)):
        path = tuple(found.absolute_path)
        for at, message in _messages(found, path):
            if (at, message) not in seen:  # several branches of a schema may say the same
                seen.add((at, message))
                yield Problem("schema", message, part.span(file, at), f"pricebook schema {name} prints what holds here")


def _errors(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """The errors that tell most: where one alternative alone is of the value's type, what is wrong by that one."""
    for error in errors:
        options: dict[Any, list[ValidationError]] = defaultdict(list)
        for inner in error.context or ():
            options[inner.relative_schema_path[0]].append(inner)
        meant = [
            found for found in options.values() if not any(e.validator == "type" and not e.relative_path for e in found)
        ]
        yield from _errors(meant[0]) if len(meant) == 1 and not _own_words(error) else [error]


def _own_words(error: ValidationError) -> str:
    """What the schema itself says for people."""
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    return str(schema.get("patternErrorMessage" if error.validator == "pattern" else "errorMessage", ""))


def _messages(error: ValidationError, path: NodePath) -> Iterator[tuple[NodePath, str]]:
    where = f"{path[-1]}: " if path and isinstance(path[-1], str) else ""
    if error.validator == "additionalProperties" and error.validator_value is False:
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        for name in error.instance.keys() - known.keys():
            yield (*path, name, KEY), f"{quote(name)} is not a field here"
    elif error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield path, f"{name} is required"
    else:
        yield path, where + (_own_words(error) or _types(error) or error.message)[:MAX_WORDS]


def _types(error: ValidationError) -> str:
    """Which types there are to choose from, where the value is of none that an alternative takes; else nothing."""
    context = error.context or ()
    wrong = {e.relative_schema_path[0]: e for e in context if e.validator == "type" and not e.relative_path}
    if not wrong or any(inner.relative_schema_path[0] not in wrong for inner in context):
        return ""
    return f"{error.instance!r} is not of type {' or '.join(map(_type, wrong.values()))}"


def _type(error: ValidationError) -> str:
    """A type that a schema asks for: of an object, with what it must have."""
    asked: str | list[str] = error.validator_value
    words = " or ".join(map(repr, [asked] if isinstance(asked, str) else asked))
    required = error.schema.get("required", ()) if isinstance(error.schema, Mapping) else ()
    return f"{words} with {' and '.join(required)}" if required and asked == "object" else words
