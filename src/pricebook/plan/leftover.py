"""What left the manifests: objects of ours that no manifest declares, that are untouched unless pruned, and go on.

The rule it keeps: nobody is told that nothing changes while something is sold that git knows nothing of. Each is named
with who sells and uses it. One that looks like an object that is new in the same plan was probably renamed: then
`moved:` keeps what hangs on it, and a new object does not.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from difflib import SequenceMatcher

from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import Rates
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_key, read_schedule, terms_at
from pricebook.catalog.traverse import references
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.fields import field_changes
from pricebook.plan.reach import reach_of
from pricebook.plan.step import Leftover
from pricebook.plan.verb.table import Create
from pricebook.plan.verb.verb import Verb
from pricebook.problem import Problem
from pricebook.span import Span

_ALIKE = 0.6
"""Names are alike of which so much is the same, in the same order."""


def left_over(refs: Collection[Ref], changes: Iterable[Verb], snapshot: Snapshot, at: datetime) -> tuple[Leftover, ...]:
    """These objects, with who sells and uses them at an instant, and what of the changes makes one like them."""
    if not refs:
        return ()
    from pricebook.plan.holding import holdings  # the model of a package is heavy, and most plans leave nothing

    now = instant_text(at)
    sold: dict[Ref, list[str]] = {}
    for holding in holdings(snapshot):
        if holding.covers(now):
            sold.setdefault(holding.ref, []).append(holding.alias)
    users: dict[Ref, dict[Ref, None]] = {}
    for ref, each in snapshot.objects.items():
        if each.noun is not None and not each.archived:
            named = {Ref(kind, name) for _, kind, name in references(each.noun)}
            named |= {Ref(Kind.PRODUCT, product) for product in _open(each.rates, now)}
            for target in named:
                users.setdefault(target, {})[ref] = None
    like = dict(_renamed(refs, [change for change in changes if isinstance(change, Create)], snapshot))

    def left(ref: Ref) -> Leftover:
        own, name = users.get(ref.unversioned, {}), getattr(snapshot.of(ref).noun, "name", "")
        on = _contracts(ref, own, snapshot)
        return Leftover(ref, tuple(sold.get(ref, ())), on, tuple(own), like.get(ref), name)

    return tuple(map(left, refs))


def _contracts(ref: Ref, users: Collection[Ref], snapshot: Snapshot) -> int | None:
    """The live contracts on a package version or a card, or that buy a product: on a card that sells it to everybody,
    or on a package that names it. None where that is not known, or of what contracts do not buy."""
    if ref.kind is Kind.PACKAGE:
        return snapshot.of(ref).contracts
    if ref.kind is Kind.RATE_CARD:
        return reach_of(ref, snapshot)
    if ref.kind is not Kind.PRODUCT:
        return None
    cards = [user for user in users if user.kind is Kind.RATE_CARD]
    there = {package for card in cards for package in snapshot.of(card).live.counted.by_package}
    buyers = [*cards, *(user for user in users if user.kind is Kind.PACKAGE and user not in there)]
    found = sum(snapshot.of(buyer).contracts for buyer in buyers)
    unlisted = any(snapshot.of(card).live.counted.unlisted for card in cards)
    return None if unlisted and not found else found


def looks_renamed(found: Iterable[Leftover], places: Mapping[Ref, Span]) -> Iterator[Problem]:
    """What is probably the same under another name, and how to say so."""
    for each in found:
        if each.like is not None:
            old, new = each.ref.unversioned, each.like.unversioned
            message = f"it is new, and looks like {old}, which is in no manifest any more"
            hint = f"if it is the same, say so in pricebook.yaml: moved: [{{from: {old}, to: {new}}}]"
            yield Problem("looks-renamed", message, places.get(new), hint, severity="warning", subject=str(new))


def _open(rates: Rates, now: str) -> set[str]:
    """The products that a card sells."""
    found: set[str] = set()
    for key, schedule in rates.items():
        product = read_key(key).product
        if product not in found and (terms := terms_at(read_schedule(schedule), now)) is not None and terms.entitled:
            found.add(product)
    return found


def _renamed(gone: Iterable[Ref], made: list[Create], snapshot: Snapshot) -> Iterator[tuple[Ref, Ref]]:
    """What was left, with what is made like it: each with one, the likest first."""
    pairs = [
        (likeness, ref, create.ref)
        for ref in gone
        if (noun := snapshot.of(ref).noun) is not None and ref in (snapshot.latest(ref), ref.unversioned)
        for create in made
        if create.ref.kind is ref.kind and (likeness := _likeness(ref.name, noun, create.ref.name, create.noun)) > 0
    ]
    taken: set[Ref] = set()
    for _, old, new in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if not taken & {old, new}:
            taken |= {old, new}
            yield old, new


def _likeness(old: str, observed: Noun, new: str, desired: Noun) -> float:
    """How much alike two objects are: they are called the same, or have the same content under names that are alike."""
    titles = [noun.title.casefold() for noun in (observed, desired)]
    alike = max(SequenceMatcher(None, *pair).ratio() for pair in ((old, new), titles))
    if titles[0] == titles[1]:
        return 1 + alike
    same = all(change.path[0] == "name" for change in field_changes(observed, desired))
    return alike if same and alike >= _ALIKE else 0
