"""What a store does not show is taken as it was meant, so that a lossy read-back is no change and no drift.

A vendor's API shows less than it was told: a package's card by id where an alias was given, terms without our keys, and
the product order of a card not at all. It also shows more: custom fields that other systems keep on the same object,
and settings that it filled in itself (`Quirks`). The observed nouns are read beside
the desired ones, and only what the store cannot know, or what is not ours to know, is taken over. No amount ever is.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from pricebook.catalog.declared import keyed_lists
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.metric import BillableMetric
from pricebook.catalog.model import Noun
from pricebook.catalog.pairing import matched
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.traverse import relinked
from pricebook.observe.identity import names_met
from pricebook.observe.mark import alias_digest, order_digest
from pricebook.observe.snapshot import Observed, Quirks, Snapshot, digest_of

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package


def normalise(snapshot: Snapshot, desired: Mapping[Ref, Noun]) -> Snapshot:
    """The snapshot as the desired nouns let it be read. A desired package may have a version in its Ref or none."""
    if (quirks := snapshot.quirks) is None:
        return snapshot
    snapshot = _met(snapshot, desired)
    objects, cards = dict(snapshot.objects), snapshot.catalog.cards
    for ref, wanted in desired.items():
        seen = snapshot.latest(ref) if ref.kind.versioned and ref.version is None else ref
        observed = objects.get(seen) if seen is not None else None
        if seen is not None and observed is not None and observed.noun is not None:
            objects[seen] = replace(observed, noun=normal_noun(observed, observed.noun, wanted, quirks, cards))
    return replace(snapshot, objects={ref: _with_order(each) for ref, each in objects.items()})


def _met(snapshot: Snapshot, desired: Mapping[Ref, Noun]) -> Snapshot:
    """The snapshot in which what bears no mark has the name under which it is desired."""
    wanted = {ref: noun.identity for ref, noun in desired.items() if noun.called}
    there = {ref: each.noun.identity for ref, each in snapshot.objects.items() if each.noun and each.noun.called}
    names = names_met(there, wanted) if wanted else {}
    return replace(snapshot, objects={names.get(ref, ref): each for ref, each in snapshot.objects.items()})


def _with_order(observed: Observed) -> Observed:
    """A card with the mark of its aliases as it is where the product order is known: what is read was marked without
    it."""
    card, marks = observed.noun, observed.marks
    if not isinstance(card, RateCard) or marks.aliases != alias_digest(card.aliases, ()):
        return observed
    return replace(observed, marks=marks._replace(aliases=alias_digest(card.aliases, card.product_order)))


def normal_noun(seen: Observed, observed: Noun, desired: Noun, quirks: Quirks, cards: Mapping[str, RateCard]) -> Noun:
    """What an object is observed to be (`seen` is all of it) as the desired noun lets it be read; `cards` are those of
    the account."""
    update: dict[str, object] = {}
    theirs, ours = getattr(observed, "custom_fields", None), getattr(desired, "custom_fields", None)
    if theirs is not None and ours is not None and theirs.keys() - ours.keys():
        # What other systems keep there is theirs: it is neither a difference nor taken away.
        update["custom_fields"] = {key: value for key, value in theirs.items() if key in ours}
    if isinstance(observed, RateCard) and isinstance(desired, RateCard):
        if seen.marks.order == order_digest(desired.product_order):
            update["product_order"] = desired.product_order
    elif isinstance(observed, BillableMetric) and isinstance(desired, BillableMetric):
        # A filter without conditions is none, and may be shown as one or the other.
        was, now = observed.event_type_filter, desired.event_type_filter
        if was != now and not any(each is not None and spec_of(each) for each in (was, now)):
            update["event_type_filter"] = now
    elif observed.kind is Kind.THRESHOLD_NOTIFICATION:
        return cast("Noun", _shown_whole(observed, desired, quirks))
    elif observed.kind is Kind.PACKAGE:
        return _package(seen, cast("Package", observed), cast("Package", desired), quirks, cards)
    if update:
        observed = observed.model_copy(update=update)
    return _as_marked(seen, observed, desired, quirks) if observed.kind is Kind.PRODUCT else observed


def _as_marked(seen: Observed, observed: Noun, desired: Noun, quirks: Quirks) -> Noun:
    """The noun with what no answer has of it as it was meant, where the mark says that this was applied."""
    bare, names = type(desired).model_fields, quirks.not_shown
    hidden = [n for n in names if n in bare and getattr(observed, n) == bare[n].default != getattr(desired, n)]
    meant = observed.model_copy(update={name: getattr(desired, name) for name in hidden}) if hidden else observed
    return meant if seen.unmarked or seen.marks.content == digest_of(meant) else observed


def _package(
    seen: Observed, observed: "Package", desired: "Package", quirks: Quirks, cards: Mapping[str, RateCard]
) -> "Package":
    """The observed package with the desired one's keys, its way of naming the card, and without what was filled in."""
    update: dict[str, Any] = {}
    card = cards.get(observed.rate_card or "")
    alias = desired.rate_card_alias
    # Without a card of ours nobody can tell which alias led there, or it leads nowhere yet. But what was adopted was
    # made by somebody else: its card is the one that the alias stands for now, or it was made otherwise.
    unknown = card is None and not seen.unmarked
    if alias is not None and (unknown or (card is not None and any(held.name == alias for held in card.aliases))):
        update |= {"rate_card": None, "rate_card_alias": alias}
    shown, meant = observed.usage_statement_schedule, desired.usage_statement_schedule
    update["usage_statement_schedule"] = _shown_whole(shown, meant, quirks) if meant is not None else None
    renamed: dict[str, str] = {}
    for name in keyed_lists(type(observed)):
        terms = getattr(observed, name)
        keyed = list(terms)
        for was, now, _ in matched(terms, getattr(desired, name)):
            if was is None or now is None:
                continue
            if (key := getattr(was, "key", None)) is not None and getattr(now, "key", None) is not None:
                renamed[key] = now.key  # type: ignore[attr-defined]
            index = next(i for i, term in enumerate(terms) if term is was)
            keyed[index] = was.model_copy(update=_term(was, now, quirks))
        update[name] = tuple(keyed)
    for name in keyed_lists(type(observed)):
        update[name] = tuple(relinked(term, renamed) for term in update[name])
    return observed.model_copy(update=update)


def _term(observed: Any, desired: Any, quirks: Quirks) -> dict[str, Any]:
    """What a term takes over: its key, of its custom fields only those that are ours, and no default filled in."""
    update: dict[str, Any] = {"key": desired.key}
    update |= _unfilled(observed, desired, quirks)
    access = getattr(observed, "access_amount", None)
    if access is not None and access.access_type == "QUANTITY" and desired.access_amount is not None:
        # Units used are no money: answers show the null unit.
        update["access_amount"] = access.model_copy(update={"credit_type": desired.access_amount.credit_type})
    if (seats := getattr(observed, "seat_config", None)) is not None:
        update["seat_config"] = _shown_whole(seats, desired.seat_config, quirks)
    shown, meant = getattr(observed, "proration", None), getattr(desired, "proration", None)
    if shown is not None and hasattr(meant, "invoice_behavior"):
        update["proration"] = shown.model_copy(update=_unfilled(shown, meant, quirks))
    ours = getattr(desired, "custom_fields", None)
    if ours is not None:
        update["custom_fields"] = {key: value for key, value in observed.custom_fields.items() if key in ours}
    return update


def _shown_whole(observed: Any, desired: Any, quirks: Quirks) -> Any:
    """The model with the fields that answers never have as they were meant."""
    if observed is None or desired is None:
        return observed
    names = [name for name in quirks.not_shown if name in type(desired).model_fields]
    return observed.model_copy(update={name: getattr(desired, name) for name in names})


def _unfilled(observed: Any, desired: Any, quirks: Quirks) -> dict[str, None]:
    """The fields that the desired model leaves open, and the store shows with what it filled in."""
    return {
        name: None
        for name, filled in quirks.filled_in.items()
        if getattr(observed, name, None) == filled and getattr(desired, name, filled) is None
    }
