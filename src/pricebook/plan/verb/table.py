"""The verbs that there are: whatever reads, counts or draws plans of any verb looks here.

A verb becomes one of them by `register`, which is all that a plan needs to know of it.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, TypeAdapter, WithJsonSchema

from pricebook.plan.verb.add_rates import AddRates
from pricebook.plan.verb.adopt import Adopt
from pricebook.plan.verb.archive import Archive
from pricebook.plan.verb.create import Create
from pricebook.plan.verb.move_contract import MoveContract
from pricebook.plan.verb.release import Release
from pricebook.plan.verb.repoint import Repoint
from pricebook.plan.verb.revise import Revise
from pricebook.plan.verb.supersede import Supersede
from pricebook.plan.verb.verb import Verb

__all__ = [
    "VERBS", "AddRates", "Adopt", "AnyVerb", "Archive", "Create", "MoveContract", "Release", "Repoint", "Revise",
    "Supersede", "adapter", "register",
]  # fmt: skip

VERBS: dict[str, type[Verb]] = {
    verb.action: verb for verb in (Adopt, Create, Supersede, Revise, Repoint, AddRates, Release, Archive, MoveContract)
}
"""By what they are called in documents, in the order in which work is told."""


def register(verb: type[Verb]) -> None:
    """Make plans of one more verb be understood."""
    assert VERBS.setdefault(verb.action, verb) is verb, f"{verb.action} is another verb already"


@cache
def adapter(verb: type[Verb]) -> TypeAdapter[Any]:
    """What writes a verb, reads it and describes it, from its declaration."""
    return TypeAdapter(verb)


def _written(verb: Verb) -> dict[str, Any]:
    return {"action": verb.action, **adapter(type(verb)).dump_python(verb)}


def _read(data: Mapping[str, Any]) -> Verb:
    fields = dict(data)
    action = fields.pop("action")
    if action not in VERBS:
        raise ValueError(f"unknown action {action!r}")
    verb: Verb = adapter(VERBS[action]).validate_python(fields)
    return verb


AnyVerb = Annotated[Verb, PlainValidator(_read), PlainSerializer(_written), WithJsonSchema({"type": "object"})]
"""Whichever it is, in a plan's document."""
