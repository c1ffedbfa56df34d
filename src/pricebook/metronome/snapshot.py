"""An account that was read, as a snapshot in our words: nouns with our names for ids, and what their marks say."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from pricebook.apply.keys import (
    ACCOUNT,
    ALIASES,
    DIGEST,
    ORDER,
    RATES,
    RATES_NEXT,
    UNDER_WAY,
    read_uniqueness_key,
    settled,
)
from pricebook.apply.ports import StoreError
from pricebook.catalog.instant import instant_words, read_bound, read_moment
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import NO_RATES, RateBook, Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.traverse import rewritten
from pricebook.metronome.account import UNREADABLE, AccountContents, foreign, is_archived, why_unreadable
from pricebook.metronome.kind import ENTITIES, Json
from pricebook.metronome.wire.noun import read_noun, unread_fields
from pricebook.observe.mark import RateMark, alias_digest
from pricebook.observe.snapshot import (
    NO_CONTRACTS,
    NO_MARKS,
    LiveContracts,
    Marks,
    Observed,
    Quirks,
    Snapshot,
    Uncounted,
    digest_of,
)
from pricebook.problem import Problem

QUIRKS = Quirks(
    filled_in={"rate_type": "LIST_RATE", "invoice_behavior": "BILL_ON_NEXT_COLLECTION_DATE"},
    statement={"frequency": "MONTHLY"},
    # Fields of requests that no answer has (PackageListResponse and CustomerAlert of the SDK, 4.12).
    not_shown=(
        "invoice_generation_starting_at_offset",
        "initial_unassigned_seats",
        "sql_breakdown_granularity",
        "composite_scope",
        "billable_metric",
        "evaluate_on_create",
    ),
)
"""How answers differ from what requests said."""


def snapshot_of(account: AccountContents, at: datetime, live: Callable[[Ref], LiveContracts]) -> Snapshot:
    """The account as a snapshot; `live` counts the contracts on a card or package version. Raises StoreError for an
    object of ours that cannot be read."""
    names = names_in(account)
    notes = list(account.notes)
    objects: dict[Ref, Observed] = {}
    for name, unit in account.units.nouns.items():
        ref = Ref(Kind.PRICING_UNIT, name)
        objects[ref] = Observed(unit, account.units.adopted.get(ref, ""))
    for ref, item in account.ours.items():
        gone = is_archived(account, ref)
        noun = _noun(ref, item, names, notes) if not gone or ref.kind.versioned else None
        notes += _scheduled(ref, item, at)
        unmarked = ref in account.unmarked
        rates = RateBook(found) if (found := account.rates.get(ref)) else NO_RATES
        objects[ref] = Observed(
            noun,
            item["id"] if ref.kind.marked else "",
            rates,
            NO_MARKS if unmarked else _marks(account.namespace, ref, item, noun, rates),
            archived=gone,
            unmarked=unmarked,
            live=Uncounted(partial(live, ref)) if ref.kind in (Kind.RATE_CARD, Kind.PACKAGE) else NO_CONTRACTS,
            made=_made(ref, item),
            unsaid=unread_fields(ref.kind, item) if unmarked else (),
        )
    return Snapshot(
        at,
        objects,
        foreign=foreign(account),
        account=account_mark(account),
        quirks=QUIRKS,
        notes=tuple(notes),
        keys=tuple(account.keys),
    )


def account_mark(account: AccountContents) -> str:
    """The mark of the account: it stands on one object of ours, live ones first; empty when there is none."""
    bearing = [ref for ref, item in account.ours.items() if ACCOUNT in (item.get("custom_fields") or {})]
    first = min(bearing, key=lambda ref: (is_archived(account, ref), ref), default=None)
    return str(account.ours[first]["custom_fields"][ACCOUNT]) if first is not None else ""


def mark_bearers(account: AccountContents, besides: Ref | None = None) -> list[Ref]:
    """The objects of ours that bear the account's mark, or the one that is to: a product, for archived ones are listed
    too, else a metric or a card. None in an account that has nothing of ours `besides` one that goes."""
    able = [ref for ref in account.ours if ref.kind in ENTITIES and ref != besides and not is_archived(account, ref)]
    bearing = [ref for ref in able if ACCOUNT in (account.ours[ref].get("custom_fields") or {})]
    return bearing or sorted(able, key=lambda ref: (ref.kind is not Kind.PRODUCT, ref))[:1]


def noun_in(account: AccountContents, ref: Ref) -> Noun | None:
    """One object of ours, and no other: those that this run made are not known as the account shows them."""
    return _noun(ref, account.ours[ref], names_in(account), [])


def names_in(account: AccountContents) -> dict[tuple[Kind, str], str]:
    """Our names of what is ours, by kind and id."""
    ours = ((ref, item["id"]) for ref, item in account.ours.items() if not ref.kind.versioned)
    names: dict[tuple[Kind, str], str] = {(ref.kind, id_): ref.name for ref, id_ in ours}
    return names | {(Kind.PRICING_UNIT, id_): name for name, id_ in account.units.ids.items()}


def _made(ref: Ref, item: Json) -> datetime | None:
    """When a package version was made."""
    return read_bound(item.get("created_at")) if ref.kind.versioned else None


def _marks(namespace: str, ref: Ref, item: Json, noun: Noun | None, rates: Rates) -> Marks:
    """What the marks of an object of ours say."""
    if ref.kind.versioned:
        key = read_uniqueness_key(namespace, ref.kind, item["uniqueness_key"])
        assert key is not None
        return Marks(key[1])
    fields, marks = item.get("custom_fields") or {}, NO_MARKS
    if DIGEST in fields:
        observed, goal = digest_of(noun) if noun is not None else "", fields[DIGEST].rpartition(UNDER_WAY)[2]
        marks = Marks(settled(fields[DIGEST], observed))
        if noun is not None and goal not in (fields[DIGEST], observed):
            marks = marks._replace(underway=goal)
    if isinstance(noun, RateCard):
        coming = RateMark.read(fields.get(RATES_NEXT))
        # Of rates that were being added it is their own mark that counts as soon as they are there.
        came = RATES_NEXT in fields and coming is not None and coming.speaks_for(rates)
        marks = marks._replace(
            rates=fields.get(RATES_NEXT if came else RATES),
            aliases=settled(fields[ALIASES], alias_digest(noun.aliases, ())) if ALIASES in fields else None,
            order=fields.get(ORDER),
        )
    return marks


def _noun(ref: Ref, item: Json, names: Mapping[tuple[Kind, str], str], notes: list[Problem]) -> Noun | None:
    """The noun with our names for ids. A package that cannot be read is told and left out: it cannot be edited."""
    try:
        noun = read_noun(ref.kind, item)
    except UNREADABLE as error:
        message = f"{ref} ({item['id']}) is not a {ref.kind.words} that can be read: {why_unreadable(error)}"
        if not ref.kind.versioned:
            raise StoreError(message, "somebody edited it in a way that pricebook does not know") from None
        notes.append(Problem("unreadable", message, severity="warning", subject=str(ref)))
        return None
    named = rewritten(noun, lambda kind, id_: names.get((kind, id_), id_))
    assert isinstance(named, Noun)
    return named


def _scheduled(ref: Ref, item: Json, at: datetime) -> Iterable[Problem]:
    """Updates of a product that are still to come: no manifest says so."""
    for update in item.get("updates") or ():
        start = update.get("starting_at")
        if start is not None and read_moment(start) > at:
            message = f"{ref} has an update scheduled for {instant_words(read_moment(start))}, which no manifest knows"
            hint = "it was made in the account, and will show as a difference from then on"
            yield Problem("scheduled-update", message, hint=hint, severity="warning", subject=str(ref))
