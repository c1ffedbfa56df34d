"""The plan as a file: JSON first. The file that was reviewed is the file that is applied.

The text is canonical (`catalog.canonical`), one line per step, so that `write(read(text))` is the same bytes and a diff
of two plans is readable. What stands in it is what `Plan` and the verbs declare, and so is its published schema.
"""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from pricebook.catalog.canonical import decode, encode
from pricebook.plan.step import FORMAT, Plan
from pricebook.plan.verb.form import Lines, reason_of
from pricebook.plan.verb.table import VERBS, adapter
from pricebook.problem import reject
from pricebook.span import Span


@cache
def _plans() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)


def write(plan: Plan) -> str:
    """The text of the plan file."""
    head = _plans().dump_python(plan)
    steps = ",\n".join(map(_step_text, head.pop("steps")))
    return "".join((encode(head)[:-1], ',"steps":[\n', steps, "\n]}\n"))


def _step_text(step: dict[str, Any]) -> str:
    change = step.pop("change")
    lines = {name: change.pop(name).texts for name, value in [*change.items()] if isinstance(value, Lines)}
    arrays = (f',"{name}":[\n' + ",\n".join(texts) + "]" for name, texts in lines.items())
    return "".join((encode(step)[:-1], ',"change":', encode(change)[:-1], *arrays, "}}"))


def read(text: str, shown: str) -> Plan:
    """The plan of a file's text. Raises Rejected when it is not a plan that this version can apply."""
    try:
        data: Any = decode(text)
        if data["format"] != FORMAT:
            message = f"the plan has format {data['format']}; this version of pricebook applies format {FORMAT}"
            raise reject("plan-format", message, Span(shown), "plan again with this version")
        return _plans().validate_python(data)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        message = f"this is not a plan file ({type(error).__name__}: {reason_of(error)})"
        raise reject("plan-file", message, Span(shown), "write one with: pricebook plan -o plan.json") from None


def plan_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a plan file."""
    schema = _plans().json_schema(mode="serialization")
    changes = []
    for action, verb in VERBS.items():
        found = adapter(verb).json_schema(mode="serialization", ref_template="#/$defs/{model}")
        schema["$defs"] |= found.pop("$defs", {})
        found["properties"] = {"action": {"const": action}, **found["properties"]}
        found["required"] = list(found["properties"])
        changes.append(found)
    schema["$defs"]["Step"]["properties"]["change"] = {"oneOf": changes}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://pricebook.dev/schemas/plan.schema.json",
        **schema,
        "title": "pricebook plan",
    }
