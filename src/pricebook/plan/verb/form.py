"""How values of plans stand in a plan's document: what pydantic is told of the types that are none of its own.

A plan's JSON, its reading and its published schema come from the declarations of the values themselves; here is what
one field has for its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, get_args

from pydantic import ConfigDict, Field, PlainSerializer, PlainValidator, ValidationError, ValidationInfo, WithJsonSchema
from pydantic.functional_validators import BeforeValidator

from pricebook.catalog.fingerprint import noun_of, spec_of, tupled
from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Alias, Noun
from pricebook.catalog.path import FieldPath, Label
from pricebook.catalog.reference import Ref, stored_kinds
from pricebook.problem import Problem, Related, Severity
from pricebook.span import Span


class Lines:
    """Items of an array that are JSON texts already: they stand in the document as they are, each on a line."""

    __slots__ = ("texts",)

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(texts)


CLOSED = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)
"""Of everything that stands in a document: all of it is there, and nothing else."""
TEXT: Mapping[str, Any] = {"type": "string"}


def reason_of(error: Exception) -> str:
    """Why a text is no document, in few words."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:100]
    return str(error).partition("\n")[0][:100]


def _ref(value: object) -> Ref:
    return value if isinstance(value, Ref) else Ref.parse(str(value))


def _noun(value: Any, info: ValidationInfo) -> Noun:
    """The noun whose kind the object's ref says, which stands before it."""
    return noun_of(info.data["ref"].kind, value)


def _moment(value: datetime) -> str:
    return value.isoformat() if value.microsecond else instant_text(value)


def _path(value: Any) -> FieldPath:
    return tuple(step if isinstance(step, str) else Label(*step) for step in value)


def _finding(problem: Problem) -> dict[str, Any]:
    found = {name: getattr(problem, name) for name in _WRITTEN}
    found["at"] = problem.at._asdict() if problem.at is not None else None
    found["related"] = [{"word": word, "at": at._asdict()} for word, at in problem.related]
    return {**found, "own": True} if problem.own else found


_OTHERWISE = ("at", "related", "more")
"""The parts of a finding that are no text."""
_WRITTEN = tuple(field.name for field in fields(Problem) if field.name not in ("own", "url"))
"""Those that each has. Where a finding is explained is no file's to say."""


def _read_finding(data: Any) -> Problem:
    wrong = [name for name in _WRITTEN if name not in _OTHERWISE and not isinstance(data[name], str)] or data.get(
        "own", True
    ) is not True
    if wrong or not isinstance(data["more"], int) or data["severity"] not in get_args(Severity):
        raise ValueError("a finding has another form")
    at = Span(**data["at"]) if data["at"] is not None else None
    return Problem(**{**data, "at": at, "related": tuple(Related(r["word"], Span(**r["at"])) for r in data["related"])})


_PATH = {
    "description": "the steps to the field; in an array of its own, what a term of a list is called",
    "type": "array",
    "items": {"oneOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 1}]},
    "minItems": 1,
}
_PLACE = {
    "type": "object",
    "required": ["file", "line", "column"],
    "properties": {"file": TEXT, "line": {"type": "integer"}, "column": {"type": "integer"}},
    "additionalProperties": False,
}

_RELATED = {
    "type": "object",
    "required": ["word", "at"],
    "properties": {"word": TEXT, "at": _PLACE},
    "additionalProperties": False,
}
_FINDING = {
    "type": "object",
    "required": list(_WRITTEN),
    "properties": {
        **dict.fromkeys(_WRITTEN, TEXT),
        "own": {"const": True, "description": "the code is that of a rule of the company's own"},
        "severity": {"enum": list(get_args(Severity))},
        "hint": {**TEXT, "description": "the way out"},
        "subject": {**TEXT, "description": "the object that it is about"},
        "waived": {**TEXT, "description": "why it is accepted, by whom, until when; empty: it is not"},
        "at": {"oneOf": [_PLACE, {"type": "null"}]},
        "related": {"type": "array", "items": _RELATED},
        "more": {"type": "integer", "description": "further findings of the same kind that are not listed"},
    },
    "additionalProperties": False,
}

RefText = Annotated[
    Ref,
    PlainValidator(_ref),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(kind.value for kind in stored_kinds())}):"}),
]
Spec = Annotated[
    Noun,
    PlainValidator(_noun),
    PlainSerializer(spec_of),
    WithJsonSchema({"type": "object", "description": "the whole noun afterwards; amounts in API units"}),
]
AliasSpec = Annotated[
    Alias, PlainValidator(Alias.model_validate), PlainSerializer(spec_of), WithJsonSchema({"type": "object"})
]
WrittenPath = Annotated[FieldPath, PlainValidator(_path), PlainSerializer(list), WithJsonSchema(_PATH)]
Plain = Annotated[Any, BeforeValidator(tupled), Field(description="null: not there")]
Moment = Annotated[
    datetime,
    PlainValidator(datetime.fromisoformat),
    PlainSerializer(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
PlanFinding = Annotated[Problem, PlainValidator(_read_finding), PlainSerializer(_finding), WithJsonSchema(_FINDING)]
