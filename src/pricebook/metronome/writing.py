"""Making one change in an account: create, revise, repoint, archive. Rates are in `rate_writing`.

Every object bears its marks from the request that makes it. A change that takes several requests says beforehand, in
the mark, through which contents it goes: if it stops half way, what is found is known to be ours and nobody else's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pricebook.apply import rule
from pricebook.apply.keys import (
    ACCOUNT,
    DIGEST,
    REF,
    UNDER_WAY,
    chain,
    mark_of,
    settled,
    uniqueness_key,
)
from pricebook.apply.ports import StoreRefused
from pricebook.catalog.custom_field_key import CustomFieldKey
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.traverse import rewritten
from pricebook.metronome.account import AccountContents, identity, ref_of
from pricebook.metronome.client import Client, Sender
from pricebook.metronome.custom_field import Keys
from pricebook.metronome.kind import APIS, ENTITIES, Json
from pricebook.metronome.listing import listed
from pricebook.metronome.rival import yield_to_first
from pricebook.metronome.snapshot import QUIRKS, mark_bearers, noun_in
from pricebook.metronome.wire.noun import changed_fields, created, read_noun, updated
from pricebook.observe.identity import names_met
from pricebook.observe.normalise import normal_noun
from pricebook.observe.snapshot import AFTER_RATES, Marks, Observed, Snapshot, bare, digest_of
from pricebook.plan.verb.table import Archive, Create, Revise, Supersede
from pricebook.plan.verb.verb import Verb


@dataclass
class Writing:
    """What changes are made with: the account as last read, kept up to date with what was done since."""

    client: Client
    sender: Sender
    account: AccountContents
    snapshot: Snapshot
    keys: Keys
    nouns: dict[Ref, Noun] = field(init=False)

    def __post_init__(self) -> None:
        self.nouns = dict(self.snapshot.catalog.nouns)

    def id_of(self, kind: Kind, name: str) -> str:
        """The vendor's id for a name of ours, or for an id of somebody else's product. Raises StoreRefused."""
        found = self.account.id_of(Ref(kind, name))
        if found is None and kind is Kind.PRODUCT and name in self.account.products:
            return name
        rule.check_live(Ref(kind, name), present=found is not None, archived=False)
        assert found is not None
        return found

    def refer(self, ref: Ref, kind: Kind, name: str, *, archived_too: bool = False) -> str:
        """The id of what a noun refers to: it is there, and not archived. Raises StoreRefused."""
        target = Ref(kind, name)
        archived = bool(self.account.ours.get(target, {}).get("archived_at")) and not archived_too
        present = self.account.id_of(target) is not None or name in self.account.products
        rule.check_reference(ref, target, present=present, archived=archived)
        return self.id_of(kind, name)

    def live(self, ref: Ref) -> Json:
        """An object of ours that is there and not archived. Raises StoreRefused."""
        found = self.account.ours.get(ref)
        rule.check_live(ref, present=found is not None, archived=found is not None and bool(found.get("archived_at")))
        assert found is not None
        return found

    def meet(self, ref: Ref, noun: Noun) -> None:
        """What bears no mark, as it was read, goes by the name that manifests have for it."""
        there = {each: identity(each.kind, item) for each, item in self.account.ours.items() if each.kind is ref.kind}
        if names := names_met(there, {ref: noun.identity} if noun.called else {}):
            self.account.ours = {names.get(each, each): item for each, item in self.account.ours.items()}
            self.nouns = {names.get(each, each): known for each, known in self.nouns.items()}

    def look(self, ref: Ref, noun: Noun | None = None, key: str = "") -> Json | None:
        """The object as the account shows it now; None when it does not. The noun tells what bears no mark; of several
        the one with a uniqueness key is meant."""
        items = listed(self.client, ref.kind)
        if ref.kind is Kind.PRICING_UNIT:
            return None
        known = self.account.ours[ref]["id"] if ref in self.account.unmarked else None
        found = [
            item
            for item in items
            if ref_of(self.account.namespace, ref.kind, item) == ref
            or (known is not None and item["id"] == known)
            or (noun is not None and noun.called and identity(ref.kind, item) == noun.identity)
        ]
        found.sort(key=lambda item: (not item.get("archived_at"), bool(key) and item.get("uniqueness_key") == key))
        if found:
            self.account.ours[ref] = found[-1]
        return found[-1] if found else None

    def fetch(self, ref: Ref) -> None:
        """Read one object of ours anew. Raises StoreError."""
        id_, path = self.account.ours[ref]["id"], APIS[ref.kind].path
        if APIS[ref.kind].addresses:
            answer = self.client.read("GET", f"{path}/{id_}")
        else:
            answer = self.client.read("POST", f"{path}/get", {"id": id_})
        self.account.ours[ref] = answer["data"]
        self.nouns[ref] = noun_in(self.account, ref) or self.nouns[ref]

    def fetch_aliases(self) -> None:
        """Read anew which aliases the cards of ours have."""
        refs = {item["id"]: ref for ref, item in self.account.ours.items() if ref.kind is Kind.RATE_CARD}
        for item in listed(self.client, Kind.RATE_CARD):
            ref = refs.get(item["id"])
            if ref is not None and ref in self.nouns:
                self.account.ours[ref] = item
                shown = noun_in(self.account, ref)
                aliases = shown.aliases if isinstance(shown, RateCard) else ()
                self.nouns[ref] = self.nouns[ref].model_copy(update={"aliases": aliases})

    def hand_on(self, ref: Ref) -> None:
        """Before an object of ours goes out of sight: the mark of the account, if it stands there, stands elsewhere."""
        mark: str = (self.account.ours.get(ref, {}).get("custom_fields") or {}).get(ACCOUNT, "")
        for other in mark_bearers(self.account, besides=ref) if mark else ():
            self.mark(other, self.account.ours[other]["id"], {ACCOUNT: mark})

    def mark(self, ref: Ref, id_: str, marks: Mapping[str, str]) -> None:
        """Set custom fields of an object. Saying the same twice does no harm, so no look is needed in between."""
        self.keys.declare(ref.kind, marks)
        body = {"entity": ENTITIES[ref.kind], "entity_id": id_, "custom_fields": dict(marks)}
        self.sender.send("/v1/customFields/setValues", body, done=lambda: None)
        item = self.account.ours[ref]
        self.account.ours[ref] = {**item, "custom_fields": {**(item.get("custom_fields") or {}), **marks}}


def perform_noun(work: Writing, change: Verb, at: datetime, expects: str | None) -> str:
    """Make the change and return the id of its object; `expects` as in `apply.ports.Store`."""
    match change:
        case Create() | Supersede():
            work.meet(change.ref, change.noun)
            if change.ref.kind is Kind.PRICING_UNIT:
                return _create_unit(work, change.ref, change.noun)
            if isinstance(change.noun, CustomFieldKey):
                work.nouns[change.ref] = change.noun
                return work.keys.make(change.noun)
            return _create(work, change.ref, change.noun, change.digest)
        case Revise():
            work.meet(change.ref, change.noun)
            return _revise(work, change, at, expects)
        case Archive():
            return _archive(work, change.ref, at) if not change.second else _archive_second(work, change)
    raise rule.unknown(change)


def _create(work: Writing, ref: Ref, noun: Noun, digest: str) -> str:
    if (present := work.account.ours.get(ref)) is not None:
        return _had(work, ref, present, digest)
    noun = bare(noun)
    body = created(_with_ids(work, ref, noun))
    if ref.kind.versioned:
        body["uniqueness_key"] = uniqueness_key(work.account.namespace, ref, digest)
    elif ref.kind.marked:
        marks = {REF: mark_of(work.account.namespace, ref), DIGEST: digest}
        body["custom_fields"] = {**body.get("custom_fields", {}), **marks}
    work.keys.declare_all(ref.kind, body)

    def done() -> str | None:
        found = work.look(ref, noun, body.get("uniqueness_key", ""))
        return _had(work, ref, found, digest) if found is not None else None

    try:
        id_ = work.sender.send(f"{APIS[ref.kind].path}/create", body, done=done)
    except StoreRefused as refused:
        if refused.status not in (400, 409) or (id_ := done()) is None:
            raise _explained(ref, refused) from None
    assert id_ is not None
    if ref.kind.versioned or not ref.kind.marked:
        yield_to_first(work.client, work.sender, work.account.namespace, ref, noun, id_)
    work.account.ours[ref] = {
        **work.account.ours.get(ref, {}),
        "id": id_,
        "custom_fields": body.get("custom_fields", {}),
    }
    if ref.kind.versioned:
        work.account.ours[ref] = {"id": id_, "uniqueness_key": body["uniqueness_key"]}
    elif ref.kind is Kind.PRODUCT:
        work.account.products[id_] = ref.name
    work.nouns[ref] = noun
    return id_


def _had(work: Writing, ref: Ref, present: Json, digest: str) -> str:
    """The id of an object whose mark is there: success when the same intent put it there. Raises StoreRefused."""
    if ref.kind.versioned:
        held = present["uniqueness_key"].rpartition("/")[2]
    elif not ref.kind.marked:
        held = digest_of(read_noun(ref.kind, present))
    else:
        held = settled((present.get("custom_fields") or {}).get(DIGEST, ""), digest)
    rule.check_taken(ref, digest, held, archived=bool(present.get("archived_at")))
    id_: str = present["id"]
    return id_


def _explained(ref: Ref, refused: StoreRefused) -> StoreRefused:
    """A create that was refused as there already, of an object that no list shows."""
    if refused.status != 409:
        return refused
    hint = "an archived rate card keeps its mark and is listed no more: declare it under another metadata.name"
    return StoreRefused(f"{refused.message}; but the account does not show {ref}", 409, hint)


def _create_unit(work: Writing, ref: Ref, noun: Noun) -> str:
    def done() -> str | None:
        units = listed(work.client, Kind.PRICING_UNIT)
        return next((item["id"] for item in units if item.get("name") == noun.title), None)

    id_ = work.account.units.ids.get(ref.name) or done()
    if id_ is None:
        id_ = work.sender.send(f"{APIS[ref.kind].path}/create", {"name": noun.title}, done=done)
        assert id_ is not None
        yield_to_first(work.client, work.sender, work.account.namespace, ref, noun, id_)
    work.account.units.add(ref.name, noun.title, id_)
    return id_


def _revise(work: Writing, change: Revise, at: datetime, expects: str | None) -> str:
    ref, desired = change.ref, bare(change.noun)
    id_: str = work.live(ref)["id"]
    observed = bare(observed_of(work, ref, desired, anew=True))
    stations = (work.live(ref).get("custom_fields") or {}).get(DIGEST, "").split(UNDER_WAY)
    if digest_of(observed) not in stations or stations[-1] != change.digest:  # else it is half way there
        rule.check_observed(ref, digest_of(observed), expects, change.digest)
    fields = changed_fields(observed, desired)
    rule.check_revision(ref, type(desired).mutable, spec_of(observed), spec_of(desired))
    if fields and not ref.kind.marked:
        _update(work, ref, id_, desired, fields, at)
    elif fields:
        # The contents that it goes through: its fields first, then its custom fields and the mark, which go together.
        midway = desired.model_copy(update={"custom_fields": getattr(observed, "custom_fields", {})})
        work.mark(ref, id_, {DIGEST: chain(digest_of(observed), digest_of(midway), change.digest)})
        _update(work, ref, id_, desired, fields, at)
    if ref.kind.marked:
        work.mark(ref, id_, {**getattr(desired, "custom_fields", {}), DIGEST: change.digest})
    card = work.nouns[ref]
    kept = {name: getattr(card, name) for name in AFTER_RATES} if isinstance(card, RateCard) else {}
    work.nouns[ref] = change.noun.model_copy(update=kept)
    return id_


def _update(work: Writing, ref: Ref, id_: str, desired: Noun, fields: list[str], at: datetime) -> None:
    """Give the object these fields of the desired noun. It is said as it shall be, so saying it twice is once."""
    named = _with_ids(work, ref, desired, archived_too=True)
    if APIS[ref.kind].addresses:
        path, method, body = f"{APIS[ref.kind].path}/{id_}", "PUT", updated(named, fields)
    elif ref.kind is Kind.OFFSET_NOTIFICATION:
        path, method, body = f"{APIS[ref.kind].path}/edit", "POST", {**updated(named, fields), "id": id_}
    elif ref.kind is Kind.PRODUCT:
        hour = at.replace(minute=0, second=0, microsecond=0)
        path, method = f"{APIS[ref.kind].path}/update", "POST"
        body = {**updated(named, fields), "product_id": id_, "starting_at": instant_text(hour)}
    else:
        path, method = f"{APIS[ref.kind].path}/update", "POST"
        body = {"rate_card_id": id_, **updated(named, [name for name in fields if name in ("name", "description")])}
        if "description" in fields:
            body.setdefault("description", "")
        if "credit_type_conversions" in fields:
            card = work.nouns[ref]
            held = card.credit_type_conversions if isinstance(card, RateCard) else ()
            known = {work.account.units.ids.get(conversion.custom_credit_type) for conversion in held}
            wanted = updated(named, ["credit_type_conversions"]).get("credit_type_conversions", [])
            body["add_credit_type_conversions"] = [c for c in wanted if c["custom_credit_type_id"] not in known]

    def done() -> str | None:
        left = changed_fields(bare(observed_of(work, ref, desired, anew=True)), desired)
        return id_ if not set(left) - {*QUIRKS.not_shown} else None  # of what is not shown nobody can tell

    work.sender.send(path, body, done=done, method=method)


def _archive(work: Writing, ref: Ref, at: datetime) -> str:
    item = work.account.ours.get(ref)
    id_ = work.account.id_of(ref)
    rule.check_live(ref, present=id_ is not None, archived=False)
    assert id_ is not None
    if item is not None and item.get("archived_at"):
        return id_

    work.hand_on(ref)

    def done() -> str | None:
        found = work.look(ref)
        return id_ if found is None or found.get("archived_at") else None

    try:
        work.sender.send(*APIS[ref.kind].archiving(id_), done=done)
    except StoreRefused as refused:
        if refused.status not in (400, 404, 409) or ref.kind is Kind.PRICING_UNIT or done() is None:
            raise
    if item is not None:
        work.account.ours[ref] = {**item, "archived_at": instant_text(at)}
    return id_


def _archive_second(work: Writing, change: Archive) -> str:
    """Archive one of two that bear one mark, and leave the object that is meant alone."""

    def done() -> str | None:
        live = (item["id"] for item in listed(work.client, change.ref.kind) if not item.get("archived_at"))
        return change.second if change.second not in live else None

    if done() is None:
        work.sender.send(*APIS[change.ref.kind].archiving(change.second), done=done)
    return change.second


def observed_of(work: Writing, ref: Ref, desired: Noun, *, anew: bool = False) -> Noun:
    """The noun as the account shows it, read as the desired one lets it be read."""
    if anew:
        work.fetch(ref)
    noun = work.nouns[ref]
    held: str = (work.account.ours.get(ref, {}).get("custom_fields") or {}).get(DIGEST, "")
    return normal_noun(Observed(noun, marks=Marks(held.partition(UNDER_WAY)[0] or None)), noun, desired, QUIRKS, {})


def _with_ids(work: Writing, ref: Ref, noun: Noun, *, archived_too: bool = False) -> Noun:
    named = rewritten(noun, lambda kind, name: work.refer(ref, kind, name, archived_too=archived_too))
    assert isinstance(named, Noun)
    return named
