"""Adoption: taking ownership of objects that the store had before anybody wrote a manifest.

Which object is meant is said by its id, never guessed: what would be new while the store has a live object of nobody's
under the same display name is a question, and the plan is refused until it is answered. What is adopted is marked with
what it was seen to be, so that later differences can be told apart from it; nothing else of it changes.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import NO_RATES, Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.mark import NO_ALIASES, RateMark, alias_digest, sums_of
from pricebook.observe.renames import Moves, versions_of
from pricebook.observe.snapshot import Foreign, Snapshot, digest_of
from pricebook.plan.verb.table import Adopt, Create
from pricebook.plan.verb.verb import Verb
from pricebook.problem import Problem
from pricebook.span import Span


@dataclass(frozen=True, slots=True)
class Claims:
    """What manifests say about objects that an environment had before them: the store's ids by ref, and the refs that
    are none of those that are there (`fresh`), how objects were called before (`moves`), and what is ours no longer
    (`removed`). `at` is where the manifest says it."""

    environment: str = ""
    ids: Mapping[Ref, str] = field(default_factory=dict)
    fresh: Collection[Ref] = ()
    moves: Moves = ()
    removed: Collection[Ref] = ()
    at: Callable[[Ref], Span | None] = lambda _: None


NO_CLAIMS = Claims()
"""Nothing is said."""


def adoptions(desired: Catalog, snapshot: Snapshot, moving: Moves = ()) -> Iterator[Adopt]:
    """The steps that give desired objects our marks that bear none, by kind and name.

    A package cannot be marked: it stays ours by its id in the manifest, and there is no step for it. `moving` are the
    moves because of which objects of ours bear no mark of their present name.
    """
    former = {new: old for old, new in moving}
    for ref in sorted(snapshot.unmarked, key=lambda ref: (ref.kind.rank, ref.name)):
        noun = snapshot.catalog.nouns.get(ref)
        if noun is None or ref.kind.versioned or ref not in desired.nouns:
            continue
        if ref in former:
            yield Adopt(ref, snapshot.ids[ref], noun, "", was=former[ref])
            continue
        rates = aliases = ""
        if isinstance(noun, RateCard):
            rates = _mark_of(snapshot.catalog.rates.get(ref.name, NO_RATES))
            given = alias_digest(noun.aliases, noun.product_order)
            aliases = given if given != NO_ALIASES else ""
        yield Adopt(ref, snapshot.ids[ref], noun, digest_of(noun), rates, aliases)


def _mark_of(rates: Rates) -> str:
    return RateMark(rates.digest, sums_of(rates.items())).text if len(rates) else ""


def check_claims(claims: Claims, snapshot: Snapshot) -> Iterator[Problem]:
    """Whether every object that is asked for is there, is what it is taken for, and is nobody's."""
    holders = {id_: ref for ref, id_ in snapshot.ids.items()}
    foreign = {each.id: each for each in snapshot.foreign}
    askers: dict[tuple[Kind, str], list[Ref]] = {}
    for ref, id_ in claims.ids.items():
        askers.setdefault((ref.kind, id_), []).append(ref)
    for ref, id_ in claims.ids.items():
        own = _observed(ref)
        same = askers[ref.kind, id_]
        if len(same) > 1:
            others = ", ".join(str(other) for other in same if other != ref)
            hint = "an object has one name: keep one of the entries"
            yield _problem("adopt-twice", f"{id_} is asked for by {others} too", claims, ref, hint)
        elif snapshot.ids.get(own) == id_:
            if own in snapshot.archived and snapshot.latest(ref) in (own, None):
                yield _archived(claims, ref, id_)
        elif own in snapshot.ids:
            hint = "remove the entry, or give this manifest another metadata.name"
            yield _problem("adopt-claimed", f"{own} is another object already, {snapshot.ids[own]}", claims, ref, hint)
        elif (holder := holders.get(id_)) is not None and holder.kind is ref.kind:
            hint = f"keep the name {holder.name} in the manifest; an object that is ours has its name already"
            yield _problem("adopt-claimed", f"{id_} is ours already, as {holder}", claims, ref, hint)
        else:
            found = foreign.get(id_)
            kind = holder.kind if holder is not None else found.kind if found is not None else ref.kind
            yield _unfit(claims, ref, id_, kind, found)


def _unfit(claims: Claims, ref: Ref, id_: str, kind: Kind, found: Foreign | None) -> Problem:
    """Why an object of somebody else's, or of another kind, or none, cannot be adopted."""
    words = ref.kind.words
    if kind is not ref.kind:
        hint = f"name a {words}; a {kind.words} is adopted by its own manifest"
        return _problem("adopt-kind", f"{id_} is a {kind.words}, not a {words}", claims, ref, hint)
    if found is None:
        hint = f"copy the id from the account of {claims.environment}" if claims.environment else "copy the id again"
        return _problem("adopt-missing", f"the account has no {words} {id_}", claims, ref, hint)
    if found.archived:
        return _archived(claims, ref, id_)
    if found.owner:
        hint = "it belongs to another namespace, which has to let it go first"
        return _problem("adopt-owned", f"{id_} bears the mark {found.owner}", claims, ref, hint)
    reason = found.unreadable or "it was not read"
    hint = "it says something that manifests do not know: it can only be left alone"
    return _problem("adopt-unreadable", f"the {words} {id_} cannot be read: {reason}", claims, ref, hint)


def check_moves(claims: Claims, snapshot: Snapshot) -> Iterator[Problem]:
    """Whether an object that is to have another name can have it: nothing else has it yet. `snapshot` is as read."""
    there = versions_of(snapshot)
    for old, new in claims.moves:
        if there.get(old, set()) & there.get(new, set()):
            hint = f"remove this entry: {old} is left alone then, or archived with --prune"
            yield _problem("moved", f"both {old} and {new} are there already", claims, old, hint)


def check_removed(claims: Claims, snapshot: Snapshot, namespace: str) -> Iterator[Problem]:
    """Whether everything that is removed is there, or was let go before."""
    there = versions_of(snapshot).keys() | {new for old, new in claims.moves if old in versions_of(snapshot)}
    former = {each.released_mark for each in snapshot.foreign}
    for ref in claims.removed:
        if ref not in there and f"{namespace}/{ref}" not in former:
            message = f"{ref} is removed, and {claims.environment or 'the account'} has nothing of that name any more"
            yield _problem(
                "removed", message, claims, ref, "remove this entry, or move it to the environments that it is for"
            )


def check_questions(changes: Iterable[Verb], claims: Claims, snapshot: Snapshot) -> Iterator[Problem]:
    """What would be new although the store has something by the same display name: whether it is that is asked."""
    nobodys: dict[tuple[Kind, str], list[str]] = {}
    for each in snapshot.foreign:
        if not each.archived and not each.owner:
            nobodys.setdefault((each.kind, each.name), []).append(each.id)
    asking = {ref.unversioned for ref in claims.ids} | set(claims.fresh)
    for change in changes if nobodys else ():
        if not isinstance(change, Create):
            continue
        ref, name = change.ref.unversioned, change.noun.title or change.ref.name
        found = nobodys.get((ref.kind, name), ())
        if not found or ref in asking:
            continue
        environment = claims.environment or "ENVIRONMENT"
        there = f"a {ref.kind.words}" if len(found) == 1 else f"{len(found)} {ref.kind.words}s"
        message = f'{ref} would be new, but the account has {there} named "{name}" already: {", ".join(found)}'
        which = "it is that one" if len(found) == 1 else "it is one of them"
        ids = " or ".join(f"adopt: {{{environment}: {id_}}}" for id_ in found)
        hint = f"if {which}, add under metadata {ids}; if it is another one, adopt: {{{environment}: new}}"
        yield _problem("adopt-or-create", message, claims, ref, hint)


def _observed(ref: Ref) -> Ref:
    """The ref under which an adopted object is observed: a package is version 1."""
    return Ref(ref.kind, ref.name, 1) if ref.kind.versioned else ref


def _archived(claims: Claims, ref: Ref, id_: str) -> Problem:
    hint = "what is archived cannot be used any more: remove the entry, and a new one is made"
    return _problem("adopt-archived", f"the {ref.kind.words} {id_} is archived", claims, ref, hint)


def _problem(code: str, message: str, claims: Claims, ref: Ref, hint: str) -> Problem:
    return Problem(code, message, claims.at(ref), hint, subject=str(ref))
