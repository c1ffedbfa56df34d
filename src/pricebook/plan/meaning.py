"""What a store does not show is taken as it was meant, so that a lossy read-back is no change and no drift.

A vendor's API shows less than it was told: a package's card by id where an alias was given, terms without our keys, the
product order of a card not at all, and the scale of a currency nowhere. It also shows more: custom fields that other
systems keep on the same object, and settings that it filled in itself. The observed nouns are read beside the desired
ones, and only what the store cannot know, or what is not ours to know, is taken over. No amount ever is.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.link import KEYED, relinked
from pricebook.catalog.model import Noun
from pricebook.catalog.pairing import matched
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.mark import alias_digest, order_digest
from pricebook.plan.snapshot import Snapshot

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package


FILLED_IN: Mapping[str, str] = {"rate_type": "LIST_RATE", "invoice_behavior": "BILL_ON_NEXT_COLLECTION_DATE"}
"""What the vendor fills in where a request leaves a term's field open: its answers always have these."""


NOT_SHOWN = ("invoice_generation_starting_at_offset", "initial_unassigned_seats")
"""Fields of requests that no answer has (PackageListResponse of the SDK, 4.12)."""


def as_meant(snapshot: Snapshot, desired: Mapping[Ref, Noun]) -> Snapshot:
    """The snapshot as the desired nouns let it be read. A desired package may have a version in its Ref or none."""
    if not snapshot.partial:
        return snapshot
    nouns = dict(snapshot.catalog.nouns)
    for ref, wanted in desired.items():
        seen = snapshot.latest(ref.name) if ref.kind is Kind.PACKAGE and ref.version is None else ref
        observed = nouns.get(seen) if seen is not None else None
        if observed is not None and seen is not None:
            nouns[seen] = _as_meant(snapshot, seen, observed, wanted)
    catalog = Catalog(nouns, snapshot.catalog.rates)
    return replace(snapshot, catalog=catalog, alias_marks=_with_order(snapshot, nouns))


def _with_order(snapshot: Snapshot, nouns: Mapping[Ref, Noun]) -> dict[Ref, str]:
    """The marks of aliases as they are where the product order is known: what is read was marked without it."""
    marks = dict(snapshot.alias_marks)
    for ref, mark in marks.items():
        card = nouns.get(ref)
        if isinstance(card, RateCard) and mark == alias_digest(card.aliases, ()):
            marks[ref] = alias_digest(card.aliases, card.product_order)
    return marks


def _as_meant(snapshot: Snapshot, ref: Ref, observed: Noun, desired: Noun) -> Noun:
    update: dict[str, object] = {}
    theirs, ours = getattr(observed, "custom_fields", None), getattr(desired, "custom_fields", None)
    if theirs is not None and ours is not None and theirs.keys() - ours.keys():
        # What other systems keep there is theirs: it is neither a difference nor taken away.
        update["custom_fields"] = {key: value for key, value in theirs.items() if key in ours}
    if isinstance(observed, RateCard) and isinstance(desired, RateCard):
        if snapshot.order_marks.get(ref) == order_digest(desired.product_order):
            update["product_order"] = desired.product_order
    elif ref.kind is Kind.PRICING_UNIT and getattr(observed, "scale", None) is None:
        update["scale"] = getattr(desired, "scale", None)
    elif ref.kind is Kind.BILLABLE_METRIC:
        # A filter without conditions is none, and may be shown as one or the other.
        theirs, ours = (getattr(noun, "event_type_filter", None) for noun in (observed, desired))
        if theirs != ours and not any(each is not None and spec_of(each) for each in (theirs, ours)):
            update["event_type_filter"] = ours
    elif ref.kind is Kind.PACKAGE:
        return _package(snapshot, ref, cast("Package", observed), cast("Package", desired))
    return observed.model_copy(update=update) if update else observed


def _package(snapshot: Snapshot, ref: Ref, observed: "Package", desired: "Package") -> "Package":
    """The observed package with the desired one's keys, its way of naming the card, and without what was filled in."""
    update: dict[str, Any] = {}
    card = snapshot.catalog.cards.get(observed.rate_card or "")
    alias = desired.rate_card_alias
    # Without a card of ours nobody can tell which alias led there, or it leads nowhere yet. But what was adopted was
    # made by somebody else: its card is the one that the alias stands for now, or it was made otherwise.
    unknown = card is None and ref not in snapshot.unmarked
    if alias is not None and (unknown or (card is not None and any(held.name == alias for held in card.aliases))):
        update |= {"rate_card": None, "rate_card_alias": alias}
    shown, meant = observed.usage_statement_schedule, desired.usage_statement_schedule
    update["usage_statement_schedule"] = _shown_whole(shown, meant) if meant is not None else None
    renamed: dict[str, str] = {}
    for name in KEYED:
        terms = getattr(observed, name)
        keyed = list(terms)
        for was, now, _ in matched(terms, getattr(desired, name)):
            if was is None or now is None:
                continue
            if (key := getattr(was, "key", None)) is not None and getattr(now, "key", None) is not None:
                renamed[key] = now.key  # type: ignore[attr-defined]
            index = next(i for i, term in enumerate(terms) if term is was)
            keyed[index] = was.model_copy(update=_term(was, now))
        update[name] = tuple(keyed)
    for name in KEYED:
        update[name] = tuple(relinked(term, renamed) for term in update[name])
    return observed.model_copy(update=update)


def _term(observed: Any, desired: Any) -> dict[str, Any]:
    """What a term takes over: its key, of its custom fields only those that are ours, and no default filled in."""
    update: dict[str, Any] = {"key": desired.key}
    update |= _unfilled(observed, desired)
    if (seats := getattr(observed, "seat_config", None)) is not None:
        update["seat_config"] = _shown_whole(seats, desired.seat_config)
    shown, meant = getattr(observed, "proration", None), getattr(desired, "proration", None)
    if shown is not None and hasattr(meant, "invoice_behavior"):
        update["proration"] = shown.model_copy(update=_unfilled(shown, meant))
    ours = getattr(desired, "custom_fields", None)
    if ours is not None:
        update["custom_fields"] = {key: value for key, value in observed.custom_fields.items() if key in ours}
    return update


def _shown_whole(observed: Any, desired: Any) -> Any:
    """The model with the fields that answers never have as they were meant."""
    if observed is None or desired is None:
        return observed
    names = [name for name in NOT_SHOWN if name in type(desired).model_fields]
    return observed.model_copy(update={name: getattr(desired, name) for name in names})


def _unfilled(observed: Any, desired: Any) -> dict[str, None]:
    """The fields that the desired model leaves open, and the store shows with what it filled in."""
    return {
        name: None
        for name, filled in FILLED_IN.items()
        if getattr(observed, name, None) == filled and getattr(desired, name, filled) is None
    }
