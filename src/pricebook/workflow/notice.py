"""Who is to be told of an uplift: customers whose contracts pay what is written anew. The store is read only.

A price of a card reaches the contracts on it that buy it, and that no override shields. A price in an override of a
package reaches no contract that is there: it holds for contracts on the version to come, until then for nobody.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_key
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.change import RateChange
from pricebook.plan.reach import Buyers, Stance
from pricebook.preview.customer import Billed
from pricebook.workflow.reprice import Repricing

KEEPS = "keeps it until it is moved to a new version"
OWN = "has terms of its own: look whether they say another price"


class NoticeRow(NamedTuple):
    """A contract and a price that it pays: what it was on the day, and what it is from then on (empty: tiers). `note`
    says what keeps that from being the whole of it."""

    customer: str
    contract: str
    package: str
    price: str
    observed: str
    desired: str
    starting_at: str
    note: str


def noticed(made: Repricing, snapshot: Snapshot, billed: Iterable[Billed], day: datetime) -> Iterator[NoticeRow]:
    """Every contract that is in force on the day, or begins later, with each price of its that changes."""
    since = instant_text(day)
    words = {name: (was, now) for name, was, now in made.prices}
    cards: dict[Ref, tuple[Buyers, list[tuple[str, RateChange]]]] = {}
    for card, keys in made.wanted.items():
        ref = Ref(Kind.RATE_CARD, card)
        held = snapshot.of(ref).rates
        changes = [
            (f"{card} · {read_key(key)}", RateChange(key, held.get(key), segments)) for key, segments in keys.items()
        ]
        cards[ref] = Buyers(ref, snapshot), changes
    stances: dict[tuple[Ref, str], Stance] = {}
    for contract, _, _, own, _ in (each.billing for each in billed):
        if not contract.runs(day):
            continue
        package, alone = contract.package, contract.package is None or own is not None
        who = contract.customer, contract.id, str(package or "")
        buyers, changes = cards.get(contract.card, (None, [])) if contract.card is not None else (None, [])
        for name, change in changes:
            if package is not None and buyers is not None and (package, name) not in stances:
                stances[package, name] = buyers.stance(package, change)
            if alone or (package is not None and stances[package, name] == "buys"):
                yield NoticeRow(*who, name, *words[name], since, OWN if alone else "")
        about = f"{Ref(Kind.PACKAGE, package.name)} · " if package is not None else "-"
        for name, (was, now) in words.items():
            if name.startswith(about):
                yield NoticeRow(*who, name, was, now, "", KEEPS)
