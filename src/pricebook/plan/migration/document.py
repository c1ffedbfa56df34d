"""A migration plan as a file: JSON lines, a head and then a line for each contract that moves, in the order of moving.

The text is canonical (`catalog.canonical`): `write(read(text))` is the same bytes, and two plans differ in the lines of
the contracts that they treat differently. What stands in it is what `MigrationPlan` and `Move` declare, and so is its
published schema; the head says besides how many lines follow.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from pricebook.catalog.canonical import decode, encode
from pricebook.plan.migration.move import FORMAT, WHAT, MigrationPlan, Move
from pricebook.plan.verb.form import reason_of
from pricebook.problem import reject
from pricebook.span import Span


@cache
def _plans() -> TypeAdapter[MigrationPlan]:
    return TypeAdapter(MigrationPlan)


@cache
def _moves() -> TypeAdapter[Move]:
    return TypeAdapter(Move)


def write(plan: MigrationPlan) -> str:
    """The text of the file."""
    head = {**_plans().dump_python(plan), "moves": len(plan.moves)}
    return "".join(encode(line) + "\n" for line in (head, *map(_moves().dump_python, plan.moves)))


def is_migration(text: str) -> bool:
    """Whether a text begins as a migration plan does, and not as a plan of prices."""
    return f'"what":"{WHAT}"' in text[: text.find("\n") + 1]


def headline(text: str) -> str:
    """What a plan's text is about, from its head alone: it may be long."""
    head: Any = decode(text[: text.find("\n")])
    back = "rollback of migration" if head["direction"] == "back" else "migration"
    return f"{back} {head['name']} to {head['target']}, {head['moves']:,} contracts"


def read(lines: Iterable[str], shown: str) -> MigrationPlan:
    """The plan of a file's lines. Raises Rejected when it is not a migration plan that this version can apply."""
    number, moves = 1, _moves()
    try:
        rest = iter(lines)
        head: Any = decode(next(rest, ""))
        if head["what"] != WHAT:
            raise ValueError("its first line is not the head of a migration plan")
        if head["format"] != FORMAT:
            message = f"the plan has format {head['format']}; this version of pricebook applies format {FORMAT}"
            raise reject("plan-format", message, Span(shown), "plan again with this version")
        found = []
        for number, line in enumerate(rest, 2):  # noqa: B007 - says where reading stopped
            found.append(moves.validate_python(decode(line)))
        if len(found) != head["moves"]:
            raise ValueError(f"it should have {head['moves']} contracts and has {len(found)}: it was cut")
        return _plans().validate_python({**head, "moves": found})
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        message = f"this is not a migration plan ({type(error).__name__}: {reason_of(error)})"
        hint = "write one with: pricebook migrate NAME -o FILE"
        raise reject("plan-file", message, Span(shown, number), hint) from None


def migration_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a line of a migration plan."""
    head, move = (each.json_schema(mode="serialization") for each in (_plans(), _moves()))
    head["properties"]["moves"] = {"description": "how many lines follow", "type": "integer", "minimum": 0}
    head["required"].append("moves")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://pricebook.dev/schemas/migration.schema.json",
        "title": "a line of a pricebook migration plan",
        "oneOf": [head, move],
    }
