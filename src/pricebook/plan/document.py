"""The plan as a file: JSON first. The file that was reviewed is the file that is applied.

The text is canonical (`catalog.canonical`), one line per step, so that `write(read(text))` is the same bytes and a diff
of two plans is readable. What stands in it is what `Plan` and the verbs declare, and so is its published schema. Its
end is its seal, the digest of all that stands before: it tells a file that was edited from the one that was written,
and is no secret. What is approved is approved by `plan.digest`.
"""

from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter

from pricebook import SITE
from pricebook.catalog.canonical import decode, digest, encode
from pricebook.plan.step import FORMAT, Plan
from pricebook.plan.verb.form import Lines, reason_of
from pricebook.plan.verb.move_contract import MoveContract
from pricebook.plan.verb.table import VERBS, adapter
from pricebook.problem import reject
from pricebook.span import Span

_STEPS = ',"steps":['
"""How the head of a plan ends, which is its first line."""
_SEAL = ',"seal":"'
_EARLIER = '"what":"pricebook-migration"'
"""What the head of a migration says in the first format, whose moves were documents of their own."""


@cache
def _plans() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)


def write(plan: Plan) -> str:
    """The text of the plan file."""
    head = _plans().dump_python(plan)
    steps = ",\n".join(map(_step_text, head.pop("steps")))
    text = "".join((encode(head)[:-1], _STEPS, "\n", steps, "\n]"))
    return f'{text}{_SEAL}{digest(text)}"}}\n'


def _step_text(step: dict[str, Any]) -> str:
    change = step.pop("change")
    lines = {name: change.pop(name).texts for name, value in [*change.items()] if isinstance(value, Lines)}
    arrays = (f',"{name}":[\n' + ",\n".join(texts) + "]" for name, texts in lines.items())
    return "".join((encode(step)[:-1], ',"change":', encode(change)[:-1], *arrays, "}}"))


def headline(text: str) -> str:
    """What a migration's plan is about, from its head alone, because it may be long; empty for any other plan."""
    head = text.partition("\n")[0]
    if _EARLIER in head:
        about = cast(Any, decode(head))
        count = about["moves"]
    elif '"migration":{' in head and (about := cast(Any, decode(head.removesuffix(_STEPS) + "}"))["migration"]):
        count = text.count(f'"action":"{MoveContract.action}"')
    else:
        return ""
    back = "rollback of migration" if about["direction"] == "back" else "migration"
    return f"{back} {about['name']} to {about['target']}, {count:,} contracts"


def check_seal(text: str, shown: str) -> None:
    """The text is as `write` made it. Raises Rejected."""
    body, _, tail = text.rpartition(_SEAL)
    if tail.rstrip() != f'{digest(body)}"}}':
        message = "the plan file is not as it was written: it was edited or formatted, or another version wrote it"
        hint = "plan again, or say what was approved: --expect DIGEST"
        raise reject("plan-file", message, Span(shown), hint)


def read(text: str, shown: str, *, migration: bool = False) -> Plan:
    """The plan of a file's text. Raises Rejected when it is not a plan that this version can apply, or not of a
    migration, as is asked for."""
    what, command = ("migration plan", "migrate NAME -o FILE") if migration else ("plan file", "plan -o plan.json")
    head = text.partition("\n")[0]
    try:
        data: Any = decode(head if _EARLIER in head else text)
        if data["format"] != FORMAT:
            message = f"the plan has format {data['format']}; this version of pricebook applies format {FORMAT}"
            raise reject("plan-format", message, Span(shown), "plan again with this version")
        plan = _plans().validate_python({name: value for name, value in data.items() if name != "seal"})
        if (plan.migration is not None) is not migration:
            raise ValueError("it moves contracts" if plan.migration is not None else "it moves no contracts")
        done: set[str] = set()
        for step in plan.steps:
            if step.id in done or not done.issuperset(step.needs):
                raise ValueError(f"step {step.id} stands twice, or before what it needs")
            done.add(step.id)
        return plan
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        message = f"this is not a {what} ({type(error).__name__}: {reason_of(error)})"
        raise reject("plan-file", message, Span(shown), f"write one with: pricebook {command}") from None


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
    schema["properties"]["seal"] = {"type": "string", "description": "digest of the text before it"}
    schema["$defs"]["Step"]["properties"]["change"] = {"oneOf": changes}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{SITE}/schemas/plan.schema.json",
        **schema,
        "title": "pricebook plan",
    }
