"""History: what was applied to an environment, by whom and from what. Reads the journal and nothing else."""

from datetime import datetime

from pricebook.apply.ports import Journal
from pricebook.apply.record import RunRecord, records
from pricebook.catalog.reference import Ref, stored_kinds
from pricebook.problem import did_you_mean, quote, reject


def history(
    journal: Journal,
    environment: str,
    *,
    about: Ref | None,
    since: datetime | None,
    until: datetime | None,
    last: int,
) -> tuple[list[RunRecord], int]:
    """The newest of the applies that are asked for, and how many there are. Raises StoreError."""
    listed: list[RunRecord] = []
    total = 0
    for record in records(journal, environment, about=about, since=since, until=until):
        total += 1
        if len(listed) < last:
            listed.append(record)
    return listed, total


def object_of(text: str) -> Ref:
    """The object that a text names. Raises Rejected."""
    kind = text.partition(":")[0]
    kinds = [each.value for each in stored_kinds()]
    try:
        ref = Ref.parse(text)
    except ValueError:
        hint = did_you_mean(kind, kinds) if ":" in text else ""
        hint = hint or f"write it as plans do: {', '.join(f'{each}:NAME' for each in kinds)}"
        raise reject("object-name", f"{quote(text)} is no name of an object", hint=hint) from None
    if ref.kind not in stored_kinds():
        raise reject("object-name", f"{quote(text)} is nothing that a store keeps")
    return ref
