"""A migration plan as a file: JSON lines, a head and then a line for each contract that moves, in the order of moving.

The text is canonical (`catalog.canonical`): `write(read(text))` is the same bytes, and two plans differ in the lines of
the contracts that they treat differently. It is read line by line. `plan.migration.schema` describes it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pricebook.catalog.canonical import decode, encode
from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Ref
from pricebook.plan.migration.move import FORMAT, MigrationPlan, Move
from pricebook.problem import Problem, reject
from pricebook.span import Span

WHAT = "pricebook-migration"


def write(plan: MigrationPlan) -> str:
    """The text of the file."""
    return "".join(_lines(plan))


def _lines(plan: MigrationPlan) -> Iterator[str]:
    head = {
        "what": WHAT,
        "format": FORMAT,
        "namespace": plan.namespace,
        "environment": plan.environment,
        "migration": plan.name,
        "package": plan.package,
        "target": str(plan.target),
        "transition": plan.transition,
        "direction": plan.direction,
        "as_of": plan.as_of.isoformat() if plan.as_of.microsecond else instant_text(plan.as_of),
        "verdict": plan.verdict,
        "moves": len(plan.moves),
        "left": dict(plan.left),
        "findings": [[f.code, f.severity, f.message, f.hint] for f in plan.findings],
    }
    yield encode(head) + "\n"
    for move in plan.moves:
        yield encode(_data(move)) + "\n"


def _data(move: Move) -> dict[str, Any]:
    return {
        "contract": move.contract,
        "customer": move.customer,
        "version": move.version,
        "ends": instant_text(move.ends) if move.ends is not None else None,
        "at": instant_text(move.at),
        "wave": move.wave,
        "key": move.key,
        "successor": move.successor,
    }


def is_migration(text: str) -> bool:
    """Whether a text begins as a migration plan does, and not as a plan of prices."""
    return f'"what":"{WHAT}"' in text[: text.find("\n") + 1]


def headline(text: str) -> str:
    """What a plan's text is about, from its head alone: it may be long."""
    head: Any = decode(text[: text.find("\n")])
    back = "rollback of migration" if head["direction"] == "back" else "migration"
    return f"{back} {head['migration']} to {head['target']}, {head['moves']:,} contracts"


def read(lines: Iterable[str], shown: str) -> MigrationPlan:
    """The plan of a file's lines. Raises Rejected when it is not a migration plan that this version can apply."""
    number = 1
    try:
        rest = iter(lines)
        head: Any = decode(next(rest, ""))
        if head["what"] != WHAT:
            raise ValueError("its first line is not the head of a migration plan")
        if head["format"] != FORMAT:
            message = f"the plan has format {head['format']}; this version of pricebook applies format {FORMAT}"
            raise reject("plan-format", message, Span(shown), "plan again with this version")
        moves = []
        for number, line in enumerate(rest, 2):  # noqa: B007 - says where reading stopped
            moves.append(_move(decode(line)))
        if len(moves) != head["moves"]:
            raise ValueError(f"it should have {head['moves']} contracts and has {len(moves)}: it was cut")
        return MigrationPlan(
            head["namespace"],
            head["environment"],
            head["migration"],
            head["package"],
            Ref.parse(head["target"]),
            head["transition"],
            datetime.fromisoformat(head["as_of"]),
            tuple(moves),
            head["direction"],
            head["verdict"],
            head["left"],
            tuple(Problem(code, message, None, hint, severity=word) for code, word, message, hint in head["findings"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        reason = str(error).splitlines()[0][:100] if str(error) else ""
        message = f"this is not a migration plan ({type(error).__name__}: {reason})"
        hint = "write one with: pricebook migrate NAME -o FILE"
        raise reject("plan-file", message, Span(shown, number), hint) from None


def _move(data: Any) -> Move:
    instant = datetime.fromisoformat
    ends = data["ends"]
    return Move(
        data["contract"],
        data["customer"],
        data["version"],
        instant(ends) if ends is not None else None,
        instant(data["at"]),
        data["wave"],
        data["key"],
        data["successor"],
    )
