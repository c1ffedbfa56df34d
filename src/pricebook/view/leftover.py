"""What left the manifests, for a reader: each object with who sells and uses it, and the ways out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pricebook.catalog.money import RATIO
from pricebook.catalog.reference import Kind
from pricebook.plan.step import Leftover
from pricebook.view.price import Units, rounded
from pricebook.view.words import counted, shortened

LEFT = 20
"""So many are told one by one; all are counted."""
_USERS, _NAMED = 3, 3
WAYS_OUT = (
    "To stop selling them: --prune archives them, for good, and refuses what is still used or protected (apply takes"
    " --allow ARCHIVES); contracts stay. Renamed? moved: says to what. No longer this project's? removed: lets go."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftoverView:
    """An object of ours that no manifest declares: the aliases by which it is sold, the live contracts on it (None: not
    known), what uses it, and what is new and looks like it. `sentence` says that; `name` is what people call it."""

    ref: str
    aliases: tuple[str, ...]
    contracts: int | None
    used_by: tuple[str, ...]
    like: str | None
    sentence: str
    name: str = ""


def leftover_views(found: Sequence[Leftover], units: Units) -> tuple[LeftoverView, ...]:
    """The objects, those that are sold first."""
    return tuple(_view(each, units) for each in sorted(found, key=_first))


def _view(each: Leftover, units: Units) -> LeftoverView:
    users, like = tuple(map(str, each.used_by)), str(each.like) if each.like is not None else None
    sentence = _sentence(each, units)
    return LeftoverView(
        ref=str(each.ref),
        aliases=each.aliases,
        contracts=each.contracts,
        used_by=users,
        like=like,
        sentence=sentence,
        name=each.name,
    )


def leftover_verdict(found: Sequence[Leftover], units: Units) -> str:
    """`Enterprise and 2 more objects are in no manifest any more and stay: 1 still sold by alias, 11 contracts on them,
    $2,750.00 a month ($33,000.00 a year) in fees and commits.` Empty for none."""
    if not found:
        return ""
    sold = sum(bool(each.aliases) for each in found)
    packages = [each for each in sorted(found, key=_first) if each.ref.kind is Kind.PACKAGE]
    on = sum(each.contracts or 0 for each in packages)
    names = [shortened(each.name or str(each.ref)) for each in packages[:_NAMED]]
    names = names or [_called(each) for each in sorted(found, key=_first)[:_NAMED]]
    rest = len(found) - len(names)
    who = [*names, *([counted(rest, "more object" if names else "object")] if rest else [])]
    many = len(found) != 1
    words = f"{', '.join(who[:-1])}{' and ' if who[1:] else ''}{who[-1]}"
    words += f" {'are' if many else 'is'} in no manifest any more and {'stay' if many else 'stays'}"
    said = [f"{sold:,} still sold by alias"] if sold else []
    if on:
        said.append(f"{counted(on, 'contract')} on {'them' if many else 'it'}{_paid(packages, units)}")
    return f"{words}{': ' if said else ''}{', '.join(said)}."


def _called(each: Leftover) -> str:
    """`Member (product)`."""
    return f"{shortened(each.name or each.ref.name)} ({each.ref.kind.words})"


def _first(each: Leftover) -> tuple[bool, bool, bool]:
    """What is sold comes first."""
    return not each.aliases, not each.contracts, not each.used_by


def _paid(packages: Sequence[Leftover], units: Units) -> str:
    """`, $2,750.00 a month ($33,000.00 a year) in fees and commits, and $2,500.00 by schedule`."""
    fees, once = (_sums(getattr(each, name) for each in packages) for name in ("fees", "once"))
    told = [
        f"{rounded(RATIO.divide(year, Decimal(12)), units[unit])} a month ({rounded(year, units[unit])} a year)"
        for unit, year in fees.items()
    ]
    said = [f"{' and '.join(told)} in fees and commits"] if told else []
    if once:
        sums = " and ".join(rounded(amount, units[unit]) for unit, amount in once.items())
        said.append(f"{sums} of commits and charges by schedule")
    return f", {', and '.join(said)}" if said else ""


def _sums(found: Iterable[Mapping[str, Decimal]]) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for unit, amount in (item for each in found for item in each.items()):
        sums[unit] = sums.get(unit, Decimal(0)) + amount
    return sums


def _sentence(each: Leftover, units: Units) -> str:
    said = []
    if each.aliases:
        said.append(f"still sold by alias {', '.join(each.aliases)}")
    elif each.ref.kind is Kind.PACKAGE:
        said.append("sold by no alias")
    if each.contracts:
        buys = f"{counted(each.contracts, 'contract')} {'buys' if each.contracts == 1 else 'buy'} it"
        on = f"{counted(each.contracts, 'contract')} on it{_paid([each], units)}"
        said.append(buys if each.ref.kind is Kind.PRODUCT else on)
    if each.used_by:
        more = f" and {len(each.used_by) - _USERS:,} more" if len(each.used_by) > _USERS else ""
        said.append(f"used by {', '.join(map(str, each.used_by[:_USERS]))}{more}")
    if each.like is not None:
        said.append(f"renamed to {each.like}?")
    return "; ".join(said) or "nothing uses it"
