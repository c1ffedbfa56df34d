"""What left the manifests, for a reader: each object with who sells and uses it, and the ways out."""

from collections.abc import Sequence
from dataclasses import dataclass

from pricebook.catalog.reference import Kind
from pricebook.plan.step import Leftover
from pricebook.view.words import counted

LEFT = 20
"""So many are told one by one; all are counted."""
_USERS = 3
WAYS_OUT = (
    "To stop selling them: --prune archives them, for good, and refuses what is still used or protected (apply takes"
    " --allow ARCHIVES); contracts stay. Renamed? moved: says to what. No longer this project's? removed: lets go."
)


@dataclass(frozen=True, slots=True)
class LeftoverView:
    """An object of ours that no manifest declares: the aliases by which it is sold, the live contracts on it (None: not
    known), what uses it, and what is new and looks like it. `sentence` says that."""

    ref: str
    aliases: tuple[str, ...]
    contracts: int | None
    used_by: tuple[str, ...]
    like: str | None
    sentence: str


def leftover_views(found: Sequence[Leftover]) -> tuple[LeftoverView, ...]:
    """The objects, those that are sold first."""
    ordered = sorted(found, key=lambda each: (not each.aliases, not each.contracts, not each.used_by))
    return tuple(
        LeftoverView(
            str(each.ref),
            each.aliases,
            each.contracts,
            tuple(map(str, each.used_by)),
            str(each.like) if each.like is not None else None,
            _sentence(each),
        )
        for each in ordered
    )


def leftover_verdict(found: Sequence[Leftover]) -> str:
    """`3 objects are in no manifest any more and stay: 1 is sold by alias, 11 contracts are on it.` Empty for none."""
    if not found:
        return ""
    sold = sum(bool(each.aliases) for each in found)
    on = sum(each.contracts or 0 for each in found if each.ref.kind is Kind.PACKAGE)
    many = len(found) != 1
    be, stay = ("are", "stay") if many else ("is", "stays")
    words = f"{counted(len(found), 'object')} {be} in no manifest any more and {stay}"
    if sold:
        words += f": {sold:,} still sold by alias"
    if on:
        words += f"{',' if sold else ':'} {counted(on, 'contract')} on {'them' if many else 'it'}"
    return f"{words}."


def _sentence(each: Leftover) -> str:
    said = []
    if each.aliases:
        said.append(f"still sold by alias {', '.join(each.aliases)}")
    elif each.ref.kind is Kind.PACKAGE:
        said.append("sold by no alias")
    if each.contracts:
        buys = f"{counted(each.contracts, 'contract')} {'buys' if each.contracts == 1 else 'buy'} it"
        said.append(buys if each.ref.kind is Kind.PRODUCT else f"{counted(each.contracts, 'contract')} on it")
    if each.used_by:
        more = f" and {len(each.used_by) - _USERS:,} more" if len(each.used_by) > _USERS else ""
        said.append(f"used by {', '.join(map(str, each.used_by[:_USERS]))}{more}")
    if each.like is not None:
        said.append(f"renamed to {each.like}?")
    return "; ".join(said) or "nothing uses it"
