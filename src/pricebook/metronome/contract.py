"""Contracts of an account: who is on our packages, making one, and giving it another end.

A contract is found again by its uniqueness key among those of its customer; whom the list of a package names it shows
with their dates, and nothing else of their contract.

What is asked of a contract may be asked again after something else was, so every request has an idempotency key of its
own (`Sender.looked`): with an earlier one's, the vendor would replay the earlier answer and do nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from threading import Event
from typing import Any

from pricebook.apply.external_sort import in_order
from pricebook.apply.ports import StoreRefused, spent, taken
from pricebook.catalog.instant import instant_text, read_bound, read_moment
from pricebook.catalog.reference import Kind, Ref
from pricebook.metronome.account import AccountContents, ref_of
from pricebook.metronome.answer import CONTRACTS
from pricebook.metronome.client import Client, Sender
from pricebook.metronome.kind import APIS, Json
from pricebook.metronome.listing import Reader, pages
from pricebook.plan.contract import Contract, Provision, Transition


def read_cohort(
    client: Reader, account: AccountContents, at: datetime, package: str | None, *, ended: bool
) -> Iterator[Contract]:
    """See `apply.ports.ContractStore`: version by version, each put in order on the way."""
    cards = {account.ours[ref]["id"]: ref for ref in account.ours if ref.kind is Kind.RATE_CARD}
    versions = [ref for ref in account.ours if ref.kind is Kind.PACKAGE and package in (None, ref.name)]
    for ref in sorted(versions, key=lambda ref: (ref.name, ref.version or 0)):
        held = account.ours[ref]
        card = cards.get(held.get("rate_card_id") or "")
        body = {"package_id": held["id"], **({"include_archived": True} if ended else {})}
        listed = (_row(item) for items, _ in pages(client, CONTRACTS, body) for item in items)
        for start, customer, id_, end, archived in in_order(listed):
            found = Contract(
                id=id_,
                customer=customer,
                package=ref,
                card=card,
                starting_at=read_moment(start),
                ending_before=read_bound(end),
                archived_at=read_bound(archived),
            )
            if ended or found.runs(at):
                yield found


def customer_contracts(
    client: Client, namespace: str, refs: dict[str, Ref | None], customer: str
) -> tuple[Contract, ...]:
    """See `apply.ports.ContractStore`. `refs` are those known by id, None of what is not ours; what is not among them
    is looked up, and is then."""

    def ref(kind: Kind, id_: str | None) -> Ref | None:
        if id_ is None:
            return None
        if id_ not in refs:
            refs[id_] = ref_of(namespace, kind, _get(client, kind, id_))
        return refs[id_]

    found = [
        Contract(
            id=item["id"],
            customer=item["customer_id"],
            package=ref(Kind.PACKAGE, item.get("package_id")),
            card=ref(Kind.RATE_CARD, item.get("rate_card_id")),
            starting_at=read_moment(item["starting_at"]),
            ending_before=read_bound(item.get("ending_before")),
            archived_at=read_bound(item.get("archived_at")),
            uniqueness_key=item.get("uniqueness_key"),
            created_at=read_bound(item.get("created_at")),
            transition=_transition(item),
        )
        for item in contracts_of(client, customer)
    ]
    return tuple(sorted(found, key=lambda contract: (contract.starting_at, contract.id)))


def provision(client: Client, sender: Sender, wanted: Provision, package_id: str | None) -> str:
    """See `apply.ports.ContractStore`. `package_id` is the id of the wanted version, None for an alias."""
    key, transition = wanted.uniqueness_key, wanted.transition
    body: dict[str, Any] = {
        "customer_id": wanted.customer,
        "starting_at": instant_text(wanted.starting_at),
        "uniqueness_key": key,
        **({"package_id": package_id} if package_id is not None else {"package_alias": wanted.alias}),
    }
    if transition is not None:
        body["transition"] = {"type": transition.type, "from_contract_id": transition.from_contract}
    if wanted.custom_fields:
        body["custom_fields"] = dict(wanted.custom_fields)
    seen: list[Json] = []

    def done() -> str | None:
        seen[:] = [item for item in contracts_of(client, wanted.customer) if item.get("uniqueness_key") == key]
        return seen[0]["id"] if seen else None

    sender.looked()
    try:
        id_ = sender.send("/v1/contracts/create", body, done=done)
    except StoreRefused as refused:
        if refused.status != 409:
            raise
        id_ = done()
        if id_ is None:
            hint = "a contract of another customer has it"
            raise StoreRefused(f"{refused.message}; but no contract of {wanted.customer} has it", 409, hint) from None
    if seen and not _same(client, wanted, package_id, seen[0]):
        raise taken(key, seen[0]["id"])
    if seen and seen[0].get("archived_at"):
        raise spent(key, seen[0]["id"])
    assert id_ is not None
    return id_


def end_contract(client: Client, sender: Sender, contract: Contract, ending_before: datetime | None) -> None:
    body = _named(contract) | ({"ending_before": instant_text(ending_before)} if ending_before is not None else {})

    def done() -> str | None:
        found = _one(client, contract)
        return contract.id if read_bound(found.get("ending_before")) == ending_before else None

    sender.looked()
    sender.send("/v1/contracts/updateEndDate", body, done=done)


def archive_contract(client: Client, sender: Sender, contract: Contract) -> None:

    def done() -> str | None:
        return contract.id if _one(client, contract).get("archived_at") else None

    sender.looked()
    try:
        sender.send("/v1/contracts/archive", {**_named(contract), "void_invoices": False}, done=done)
    except StoreRefused as refused:
        if refused.status not in (400, 409) or done() is None:
            raise


def contracts_of(client: Reader, customer: str, stop: Event | None = None, *, archived: bool = True) -> list[Json]:
    """Every contract of a customer as the account shows it, from the oldest on; none of an unknown customer."""
    body: dict[str, Any] = {"customer_id": customer, **({"include_archived": True} if archived else {})}
    found: list[Json] | None = None
    try:
        for items, _ in pages(client, "/v2/contracts/list", body, stop=stop):
            found = [*(found or ()), *items]
    except StoreRefused as refused:
        if refused.status != 404 or found is not None:
            raise
    return found or []


def _get(client: Client, kind: Kind, id_: str) -> Json:
    found: Json = client.read("POST", f"{APIS[kind].path}/get", {APIS[kind].id_field: id_})["data"]
    return found


def _one(client: Client, contract: Contract) -> Json:
    found: Json = client.read("POST", "/v2/contracts/get", _named(contract))["data"]
    return found


def _named(contract: Contract) -> dict[str, Any]:
    return {"customer_id": contract.customer, "contract_id": contract.id}


def _same(client: Client, wanted: Provision, package_id: str | None, item: Json) -> bool:
    """Whether a contract is the wanted one; with an alias it is on a package that bears it, or once did."""
    held = item.get("package_id")
    if read_moment(item["starting_at"]) != wanted.starting_at or held is None:
        return False
    if package_id is not None:
        return bool(held == package_id)
    package = _get(client, Kind.PACKAGE, held)
    return any(alias["name"] == wanted.alias for alias in package.get("aliases") or ())


def _transition(item: Json) -> Transition | None:
    """How it follows on an earlier contract; what follows on it in turn is the other one's."""
    own = (one for one in item.get("transitions") or () if one["to_contract_id"] == item["id"])
    return next((Transition(one["type"].upper(), one["from_contract_id"]) for one in own), None)


def _row(item: Json) -> tuple[str, ...]:
    """An entry of the list as texts, which sort by start, customer and id; an instant that is not there is empty."""
    dates = [item["starting_at"], item.get("ending_before"), item.get("archived_at")]
    start, end, archived = (read_moment(text).isoformat() if text else "" for text in dates)
    return start, item["customer_id"], item["contract_id"], end, archived
