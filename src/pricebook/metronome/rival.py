"""Objects that no key of an account keeps apart: packages and threshold notifications with one number, for the digest
is in their keys, and what is known by its name alone.

Two runs without a common lock can both make one, and both are told that it went well. So whoever made one looks again:
of those that are there the first made stays, and who came later takes its own back. Either sees the other, for each
looks after it made its own. What lists show no time of is in the order of its list [assumed: that of making].
"""

from pricebook.apply.ports import OutcomeUnknown, StoreRefused
from pricebook.catalog.model import Noun
from pricebook.catalog.reference import Kind, Ref
from pricebook.metronome.account import identity, ref_of
from pricebook.metronome.client import Sender
from pricebook.metronome.kind import APIS, Json
from pricebook.metronome.listing import Reader, listed


def yield_to_first(client: Reader, sender: Sender, namespace: str, ref: Ref, noun: Noun, id_: str) -> None:
    """Take what was just made back where another one was there first. Raises StoreRefused then, OutcomeUnknown when
    it could not be taken back."""

    def alike() -> list[Json]:
        live = (item for item in listed(client, ref.kind) if not item.get("archived_at"))
        return [item for item in live if _is(namespace, ref, noun, item)]

    found = alike()
    first = min(found, key=lambda item: str(item.get("created_at") or ""), default={"id": id_})
    if first["id"] == id_:
        return

    def done() -> str | None:
        return id_ if all(item["id"] != id_ for item in alike()) else None

    also = "somebody else applied at the same time"
    try:
        sender.send(*APIS[ref.kind].archiving(id_), done=done)
    except StoreRefused as refused:
        message = f"{ref} is there twice, as {first['id']} and as {id_}, which could not be archived: {refused.message}"
        raise OutcomeUnknown(
            message, f"{also}; pricebook drift --revert writes the plan that archives the second"
        ) from None
    when = f" at {first['created_at']}" if first.get("created_at") else ""
    message = (
        f"{ref} was made first by another run, as {first['id']}{when}; the one made here, {id_}, was archived again"
    )
    raise StoreRefused(message, 409, f"{also}; plan again")


def _is(namespace: str, ref: Ref, noun: Noun, item: Json) -> bool:
    if ref.kind is Kind.PRICING_UNIT:
        return bool(item.get("name") == noun.title)
    return ref_of(namespace, ref.kind, item) == ref or (bool(noun.called) and identity(ref.kind, item) == noun.identity)
