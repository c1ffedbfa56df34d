"""A store in memory: the reference that the other stores are held to, and a real one for tests that need no database.

It is a snapshot, folded forward by the planner's own rehearsal, with the vendor's rules in front of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from pricebook.account.alias import Assignment, aliases_of
from pricebook.apply import rule
from pricebook.apply.keys import mark_of
from pricebook.apply.ports import NOTHING
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Alias
from pricebook.catalog.package import Package
from pricebook.catalog.rate_book import NO_RATES, pairs
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.traverse import references
from pricebook.catalog.violation import Violation
from pricebook.observe.renames import renamed
from pricebook.observe.snapshot import Snapshot, bare, digest_of
from pricebook.plan.handover import holders_of, written
from pricebook.plan.rehearse import rehearse
from pricebook.plan.verb.table import AddRates, Adopt, Archive, Create, Release, Repoint, Revise, Supersede
from pricebook.plan.verb.verb import Verb


class MemoryStore:
    """A store of one namespace that starts with a snapshot, or empty, and is gone with the process."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self._held = snapshot

    def snapshot(self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = NOTHING) -> Snapshot:
        """See `apply.ports.Store`. What bears no mark of ours it holds only if it started with it, and shows always."""
        return replace(self._held, observed_at=at) if self._held is not None else Snapshot(observed_at=at)

    def perform(self, namespace: str, change: Verb, at: datetime, expects: str | None = None) -> str:
        """See `apply.ports.Store`."""
        held = self.snapshot(namespace, at)
        if isinstance(change, Adopt) and change.was in held.ids and change.ref not in held.ids:
            # It is ours under another name: from now on under this one.
            assert change.was is not None
            held = self._held = rehearse(renamed(held, [(change.was, change.ref)]), [change])
        wanted = _wanted(held, change, namespace, at, expects)
        id_ = held.ids.get(change.ref) or _let_go(held, mark_of(namespace, change.ref))
        if wanted is not None:
            done = rehearse(held, [wanted], namespace)
            held = self._held = _handed_over(held, done, wanted, at) if isinstance(wanted, Repoint) else done
        return id_ or held.ids[change.ref]

    def cannot(self, namespace: str, change: Verb) -> Iterable[Violation]:
        """See `apply.ports.Store`: whatever the model can say can be kept."""
        return ()


def _wanted(held: Snapshot, change: Verb, namespace: str, at: datetime, expects: str | None) -> Verb | None:
    """What is left to do of the change; None when it was done before. Raises StoreRefused."""
    ref = change.ref
    match change:
        case Create() | Supersede():
            if ref in held.ids:
                rule.check_taken(ref, change.digest, held.of(ref).marks.content, archived=ref in held.archived)
                return None
            noun = bare(change.noun)
            _check_references(held, ref, (Ref(kind, name) for _, kind, name in references(noun)))
            if isinstance(noun, Package):
                _check_package(held, ref, noun, instant_text(at))
            return replace(change, noun=noun)
        case Revise():
            _check_live(held, ref)
            noun = bare(change.noun)
            found = (Ref(kind, name) for _, kind, name in references(noun))
            _check_references(held, ref, found, archived_too=True)
            rule.check_observed(ref, digest_of(held.catalog.nouns[ref]), expects, change.digest)
            rule.check_revision(ref, type(noun).mutable, spec_of(bare(held.catalog.nouns[ref])), spec_of(noun))
            return replace(change, noun=noun)
        case AddRates():
            _check_live(held, ref)
            rule.check_rates(ref, change.rates)
            products = {product for product, _ in pairs(rate.key for rate in change.rates)}
            _check_references(held, ref, (Ref(Kind.PRODUCT, product) for product in sorted(products)))
            present = held.catalog.rates.get(change.card, NO_RATES)
            left = tuple(rate for rate in change.rates if rule.settled(ref, rate, present.get(rate.key)) is not None)
            return replace(change, rates=left)
        case Repoint():
            _check_live(held, ref)
            products_of_order = (Ref(Kind.PRODUCT, product) for product in change.product_order)
            _check_references(held, ref, products_of_order, archived_too=True)
            card = held.catalog.cards[change.ref.name]
            holders = holders_of(change.given, ref, held.catalog)
            rule.check_repoint(change, card.aliases, card.product_order, holders)
            return change
        case Adopt():
            holder = next((other for other, id_ in held.ids.items() if id_ == change.id), None)
            owner = str(holder) if holder not in (None, ref, change.was) else ""
            taken = ref in held.ids and holder != ref
            archived = holder in held.archived
            rule.check_adoption(ref, change.id, present=holder is not None, archived=archived, owner=owner, taken=taken)
            return change if ref in held.unmarked else None
        case Release():
            if ref not in held.ids and _let_go(held, mark_of(namespace, ref)):
                return None
            _check_live(held, ref)
            return change
        case Archive():
            rule.check_live(ref, present=ref in held.ids, archived=False)
            return change if ref not in held.archived else None
    return change  # it has no rule of the vendor's: what it does is its effect


def _let_go(held: Snapshot, mark: str) -> str:
    """The id of what bore this mark until it was let go; empty for none."""
    return next((each.id for each in held.foreign if each.released_mark == mark), "")


def _check_live(held: Snapshot, ref: Ref) -> None:
    rule.check_live(ref, present=ref in held.ids, archived=ref in held.archived)


def _check_references(held: Snapshot, ref: Ref, targets: Iterable[Ref], *, archived_too: bool = False) -> None:
    for target in targets:
        if not rule.built_in(target.kind, target.name):
            archived = target in held.archived and not archived_too
            rule.check_reference(ref, target, present=target in held.ids, archived=archived)


def _check_package(held: Snapshot, ref: Ref, package: Package, at: str) -> None:
    name = package.rate_card
    if package.rate_card_alias is not None:
        name = _card_by_alias(held, package.rate_card_alias, at)
    rates = held.catalog.rates.get(name) if name is not None else None
    priced = set(pairs(key for key, _ in rates.items())) if rates is not None and package.subscriptions else set()
    card = Ref(Kind.RATE_CARD, name) if name is not None else None
    rule.check_package(ref, package, card, lambda product, frequency: (product, frequency) in priced)


def _card_by_alias(held: Snapshot, name: str, at: str) -> str | None:
    """The card that the alias names now, or else will name next."""

    def start(alias: Alias) -> str:
        return instant_text(alias.starting_at) if alias.starting_at is not None else ""

    found = [
        (max(start(alias), at), card_name)
        for card_name, card in held.catalog.cards.items()
        for alias in card.aliases
        if alias.name == name and (alias.ending_before is None or instant_text(alias.ending_before) > at)
    ]
    return min(found)[1] if found else None


def _handed_over(before: Snapshot, snapshot: Snapshot, change: Repoint, at: datetime) -> Snapshot:
    """The aliases that a card was given end on the other ones that have them; it keeps what nobody has taken yet."""
    others = {name: snapshot.catalog.cards[name] for name in holders_of(change.given, change.ref, snapshot.catalog)}
    had = [(alias, name) for name, card in others.items() for alias in card.aliases]
    aliases = written(change, before.catalog.cards[change.ref.name].aliases, at)
    gets = [(alias, change.ref.name) for alias in aliases if alias.name in change.given]
    log = [Assignment.of(alias, name, at, seq, seq) for seq, (alias, name) in enumerate([*had, *gets])]
    objects = dict(snapshot.objects)
    given = snapshot.catalog.cards[change.ref.name].model_copy(update={"aliases": aliases})
    objects[change.ref] = replace(objects[change.ref], noun=given)
    for name, card in others.items():
        ref = Ref(Kind.RATE_CARD, name)
        objects[ref] = replace(objects[ref], noun=card.model_copy(update={"aliases": aliases_of(log, name)}))
    return replace(snapshot, objects=objects)
