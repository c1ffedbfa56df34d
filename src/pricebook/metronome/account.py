"""Reading an account: everything that it holds, in the vendor's words. `metronome.snapshot` says it in ours.

What bears a mark of the namespace is ours, and so is, for one reading, what is asked for by id and bears no mark. The
rest is listed and left alone; it costs no request of its own. Reading needs no more than a token that may read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from threading import Event
from typing import Any

from pydantic import ValidationError

from pricebook.apply.keys import (
    KEY,
    MARKS,
    REF,
    mark_before_release,
    read_mark,
    read_uniqueness_key,
)
from pricebook.apply.ports import StoreError, StoreRefused
from pricebook.catalog.instant import read_moment
from pricebook.catalog.model import noun_class
from pricebook.catalog.naming import Unnamed, names_for
from pricebook.catalog.reference import Kind, Ref
from pricebook.metronome.kind import APIS, Json
from pricebook.metronome.listing import Reader, at_once, listed
from pricebook.metronome.schedule import read_schedules
from pricebook.metronome.unit import AccountUnits
from pricebook.metronome.wire.noun import read_noun
from pricebook.observe.snapshot import Foreign, strangers_in
from pricebook.problem import Problem, quote

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What is raised by an answer that is not one of our nouns."""


@dataclass
class AccountContents:
    """What an account holds: objects of ours by Ref as the vendor shows them, ids, and the rates of our cards."""

    namespace: str
    units: AccountUnits
    ours: dict[Ref, Json] = field(default_factory=dict)
    unmarked: set[Ref] = field(default_factory=set)
    """Those of ours that were asked for by id and bear no mark."""
    others: dict[tuple[Kind, str], Json] = field(default_factory=dict)
    """What is not ours, by kind and id."""
    unread: dict[Kind, str] = field(default_factory=dict)
    """The kinds whose objects could not be read, and why."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Why an object that was asked for cannot be read, by its id."""
    products: dict[str, str] = field(default_factory=dict)
    """The name of every product by its id: ours, or the id itself of somebody else's."""
    rates: dict[Ref, dict[str, str]] = field(default_factory=dict)
    twins: dict[str, Ref] = field(default_factory=dict)
    """By their ids, live objects that bear the mark of another one of ours, which is meant by it."""
    notes: list[Problem] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """The custom-field keys of our own marks, with what has values under them: `rate_card/pricebook_ref`."""

    @cached_property
    def refs(self) -> dict[str, Ref | None]:
        """What an id stands for, as the account was read and is looked up further; None: what is not ours."""
        return {item["id"]: ref for ref, item in self.ours.items()}

    def id_of(self, ref: Ref) -> str | None:
        """The vendor's id of an object of ours; None when it is not there."""
        if ref.kind is Kind.PRICING_UNIT:
            return self.units.ids.get(ref.name)
        found = self.ours.get(ref)
        return found["id"] if found is not None else None

    def product_name(self, id_: str) -> str:
        """The name of a product by its id."""
        return self.products.get(id_, id_)


def read_account(
    client: Reader,
    namespace: str,
    given: Mapping[str, str],
    adopt: Mapping[Ref, str],
    *,
    strangers: bool = False,
) -> AccountContents:
    """Everything but contracts (`metronome.population`), as of now, with the objects in `adopt` as if they were ours,
    and with `strangers` everything that is nobody's too (`observe.snapshot`). Raises StoreError.
    """

    account = AccountContents(namespace, AccountUnits())
    lists = dict(zip(APIS, at_once(client, [partial(_listed, client, account, kind) for kind in APIS]), strict=True))
    for kind in APIS:
        if kind is not Kind.PRICING_UNIT:  # a unit is known by its name
            _sort(account, kind, lists[kind])
    _name_units(account, given, lists[Kind.PRICING_UNIT], adopt)
    if strangers:
        adopt = strangers_in(foreign(account), adopt)
        _name_units(account, given, lists[Kind.PRICING_UNIT], adopt)
    _adopt(account, adopt)
    _read_all_rates(client, account)
    return account


def _listed(client: Reader, account: AccountContents, kind: Kind, stop: Event) -> list[Any]:
    """All objects of a kind; none of one that is optional and may not be read."""
    try:
        return listed(client, kind, stop)
    except StoreRefused as refused:
        if not APIS[kind].optional or refused.status not in (401, 403):
            raise
        account.unread[kind] = refused.message
        return []


def _name_units(
    account: AccountContents, given: Mapping[str, str], listed: Iterable[Json], adopt: Mapping[Ref, str]
) -> None:
    """Which units of the account are ours; the rest of them stand first among what is not."""
    named = {id_: ref.name for ref, id_ in adopt.items() if ref.kind is Kind.PRICING_UNIT}
    account.units = AccountUnits.of(given, listed, named)
    rest = {at: item for at, item in account.others.items() if at[0] is not Kind.PRICING_UNIT}
    account.others = {(Kind.PRICING_UNIT, item["id"]): item for item in account.units.unnamed} | rest


def read_rates(client: Reader, account: AccountContents, cards: Iterable[Ref]) -> None:
    """Read the rates of some cards of ours anew."""
    ids = {account.ours[ref]["id"]: ref for ref in cards}
    found = read_schedules(client, list(ids), list(account.products), account.product_name, account.units.name_of)
    account.rates |= {ids[id_]: rates for id_, rates in found.items()}


def _read_all_rates(client: Reader, account: AccountContents) -> None:
    """Read the rates of all cards of ours. A card that bears no mark and has rates that cannot be read is not ours."""
    cards = [ref for ref in account.ours if ref.kind is Kind.RATE_CARD and not is_archived(account, ref)]
    try:
        read_rates(client, account, cards)
        return
    except UNREADABLE:
        pass
    for ref in cards:
        try:
            read_rates(client, account, [ref])
        except UNREADABLE as error:
            if ref not in account.unmarked:
                message = f"the rates of {ref} cannot be read: {why_unreadable(error)}"
                raise StoreError(message, "they say something that pricebook does not know") from None
            item = account.ours.pop(ref)
            account.unmarked.discard(ref)
            account.others[ref.kind, item["id"]] = item
            _leave(account, ref, item["id"], f"its rates: {why_unreadable(error)}")


def ref_of(namespace: str, kind: Kind, item: Json) -> Ref | None:
    """Whose an object is: the ref in its mark, None when it is not ours or cannot bear one."""
    if kind.versioned:
        found = read_uniqueness_key(namespace, kind, item.get("uniqueness_key") or "")
        return found[0] if found is not None else None
    ref = read_mark(namespace, (item.get("custom_fields") or {}).get(REF) or "")
    return ref if ref is not None and ref.kind is kind else None


def identity(kind: Kind, item: Json) -> tuple[str, ...]:
    """By what is told what an account cannot mark (`observe.identity`)."""
    return tuple(str(item.get(name)) for name in noun_class(kind).called)


def _names_by_identity(kind: Kind, items: Iterable[Json]) -> dict[tuple[str, ...], Ref]:
    """Our names of what an account cannot mark, one for each identity; manifests may have others."""
    said = {str(each): each for each in (identity(kind, item) for item in items)}
    names = names_for(Unnamed(text, " ".join(each), "", kind) for text, each in said.items())
    return {said[text]: Ref(kind, name) for text, name in names.items()}


def _name_of(account: AccountContents, kind: Kind, item: Json, names: Mapping[tuple[str, ...], Ref]) -> Ref | None:
    """By what name goes what an account cannot mark; None for what no manifest could say: it is nobody's of ours."""
    try:
        read_noun(kind, item)
    except UNREADABLE as error:
        account.unreadable[item["id"]] = why_unreadable(error)
        return None
    return names[identity(kind, item)]


def foreign(account: AccountContents) -> tuple[Foreign, ...]:
    """What is not ours, in the order of the account's lists."""
    return tuple(
        Foreign(
            kind=kind,
            id=id_,
            name=_display_name(item),
            archived=bool(item.get("archived_at")),
            owner=owner_of(kind, item),
            unreadable=account.unreadable.get(id_, ""),
            released_mark=mark_before_release(_mark(item)),
            twin=account.twins.get(id_),
        )
        for (kind, id_), item in account.others.items()
    )


def _display_name(item: Json) -> str:
    state = item.get("current") or item.get("initial") or item
    return str(state.get("name") or item.get("name") or item.get("key") or "")


def owner_of(kind: Kind, item: Json) -> str:
    """The mark that an object bears, whosever it is; empty when it bears none, or was let go."""
    if kind.versioned:
        key = item.get("uniqueness_key") or ""
        return key.removeprefix(KEY) if key.startswith(KEY) else ""
    mark = _mark(item)
    return "" if mark_before_release(mark) else mark


def _mark(item: Json) -> str:
    return (item.get("custom_fields") or {}).get(REF) or ""


def _sort(account: AccountContents, kind: Kind, items: Iterable[Json]) -> None:
    """Ours by Ref, and the rest. Of two that bear one mark the live one is meant, and of those the newer."""
    items = list(items)
    if kind is Kind.CUSTOM_FIELD_KEY:
        account.keys = sorted(item["id"] for item in items if item["key"] in MARKS)
        items = [item for item in items if item["key"] not in MARKS]
    told = {} if kind.marked else _names_by_identity(kind, items)
    for item in items:
        ref = ref_of(account.namespace, kind, item) if kind.marked else _name_of(account, kind, item, told)
        if kind is Kind.PRODUCT:
            account.products[item["id"]] = ref.name if ref is not None else item["id"]
        if ref is None:
            account.others[kind, item["id"]] = item
            continue
        other = account.ours.get(ref)
        if other is None:
            account.ours[ref] = item
            continue
        meant, left = sorted((other, item), key=_precedence)
        account.ours[ref] = meant
        if kind is Kind.PRODUCT:
            account.products[left["id"]] = left["id"]
        if left.get("archived_at"):
            continue
        account.others[kind, left["id"]] = left
        account.twins[left["id"]] = ref
        message = f"two objects of the account say that they are {ref}: {left['id']} is left alone"
        hint = (
            "somebody else applied at the same time, or made a copy; pricebook drift --revert FILE plans to archive it"
        )
        account.notes.append(Problem("made-twice", message, hint=hint, severity="warning", subject=str(ref)))


def _adopt(account: AccountContents, adopt: Mapping[Ref, str]) -> None:
    """Take what is asked for by id for ours: what bears no mark and is live, packages archived too."""
    for wanted, id_ in adopt.items():
        kind = wanted.kind
        ref = Ref(kind, wanted.name, 1) if kind.versioned else wanted
        item = account.others.get((kind, id_))
        if item is None or ref in account.ours or not kind.marked or owner_of(kind, item):
            continue
        if not kind.versioned and item.get("archived_at"):
            continue
        try:
            read_noun(kind, item)
        except UNREADABLE as error:
            _leave(account, ref, id_, why_unreadable(error))
            continue
        account.ours[ref] = account.others.pop((kind, id_))
        account.unmarked.add(ref)
        if kind is Kind.PRODUCT:
            account.products[id_] = ref.name


def _leave(account: AccountContents, ref: Ref, id_: str, reason: str) -> None:
    """An object that was asked for cannot be read: it is told, and left alone."""
    account.unreadable[id_] = reason
    message = f"the {ref.kind.words} {id_} cannot be read: {reason}"
    hint = "it is left alone; it says something that manifests do not know"
    account.notes.append(Problem("unreadable", message, hint=hint, severity="warning", subject=str(ref)))


def _precedence(item: Json) -> tuple[bool, str]:
    """Which of two comes first: the live one, and of those the first made (`metronome.rival`)."""
    made = str(item.get("created_at") or item.get("initial", {}).get("created_at") or "")
    return bool(item.get("archived_at")), made


def is_archived(account: AccountContents, ref: Ref) -> bool:
    """Whether an object of ours is archived."""
    return bool(account.ours[ref].get("archived_at"))


def runs(contract: Json, at: datetime) -> bool:
    """Whether a contract runs, or is still to start."""
    end = contract.get("ending_before")
    return not contract.get("archived_at") and (end is None or read_moment(end) > at)


def why_unreadable(error: Exception) -> str:
    """Why an answer is not one of our nouns, in a few words."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {quote(first['msg'], 200)}"
    return f"{type(error).__name__} {quote(error, 200)}"
