"""Customers: who contracts are with. An ingest alias stays with its customer, archived or not, until it is
taken off ("API idempotency": "This rule applies to both archived and active customers")."""

from dataclasses import replace
from typing import Any

from pricebook.account.refusal import Refused
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.billing_provider import set_configurations
from pricebook.sandbox.call import Body, Call, id_answer, listed, shown
from pricebook.sandbox.wire import known, stamp

KIND = "customer"
_ALIASES = "SELECT object.id FROM object, json_each(object.body, '$.ingest_aliases') WHERE kind = 'customer'"


def create(call: Call) -> Body:
    """`POST customers`. Raises Refused, 409 when an ingest alias is taken."""
    body, work = dict(call.body), call.work
    fields = body.pop("custom_fields", {})
    aliases = list(body.get("ingest_aliases", ()))
    if "external_id" in body and body["external_id"] not in aliases:
        aliases.insert(0, body["external_id"])
    _check_aliases(work, aliases, "")
    if "billing_config" in body:
        raise Refused(501, "the sandbox keeps no billing_config: use customer_billing_provider_configurations")
    kept = known(name=body["name"], ingest_aliases=aliases, external_id=body.get("external_id"))
    id_ = work.add(KIND, kept, fields=fields)
    entries = body.get("customer_billing_provider_configurations", ())
    set_configurations(replace(call, body={"data": [{**entry, "customer_id": id_} for entry in entries]}))
    return _head(work, id_)


def set_name(call: Call) -> Body:
    """`customers/{customer_id}/setName`."""
    record = call.work.live(KIND, call.path_id("customer_id"))
    call.work.put(record, record.body | {"name": call.body["name"]})
    return _head(call.work, record.id)


def set_aliases(call: Call) -> None:
    """`customers/{customer_id}/setIngestAliases`: these and no other. Raises Refused, 409 when one is taken."""
    record = call.work.get(KIND, call.path_id("customer_id"))
    _check_aliases(call.work, call.body["ingest_aliases"], record.id)
    call.work.put(record, record.body | {"ingest_aliases": call.body["ingest_aliases"]})


def update_config(call: Call) -> None:
    """`customers/{customer_id}/updateConfig`: what it names."""
    record = call.work.live(KIND, call.path_id("customer_id"))
    call.work.put(record, record.body | {"config": record.body.get("config", {}) | call.body})


def _check_aliases(work: AccountTransaction, aliases: list[str], owner: str) -> None:
    for name in aliases:
        taken = work.one(f"{_ALIASES} AND json_each.value = ? AND object.id <> ?", name, owner)
        if taken is not None:
            raise Refused(409, f"ingest alias {name!r} is taken by the customer {taken[0]}")


def _head(work: AccountTransaction, id_: str) -> Body:
    made = shown(work, [work.get(KIND, id_)], show)[0]
    return {"data": {name: made[name] for name in ("id", "external_id", "ingest_aliases", "name", "custom_fields")}}


def list_customers(call: Call) -> Body:
    """`GET customers`, by ingest alias or by ids; archived ones with `only_archived`."""
    conditions = ["archived_at IS NOT NULL" if call.flag("only_archived") else "archived_at IS NULL"]
    parameters: list[Any] = []
    if "ingest_alias" in call.query:
        conditions.append("id IN (" + _ALIASES + " AND json_each.value = ?)")
        parameters.append(call.query["ingest_alias"])
    if "customer_ids" in call.query:
        ids = [id_.strip().lower() for id_ in call.query["customer_ids"].split(",")]
        conditions.append(f"id IN ({', '.join('?' * len(ids))})")
        parameters += ids
    return listed(call, KIND, show, " AND ".join(conditions), *parameters)


def archive(call: Call) -> Body:
    """`customers/archive`, and with it the contracts."""
    record = call.work.get(KIND, call.body["id"])
    call.work.archive(record)
    sql = "UPDATE object SET archived_at = ? WHERE kind = 'contract' AND parent = ? AND archived_at IS NULL"
    call.work.run(sql, call.work.now, record.id)
    return id_answer(record.id)


def show(_: AccountTransaction, record: Record, fields: dict[str, str]) -> Body:
    """A customer as it is read back."""
    return {
        "id": record.id,
        "external_id": record.body.get("external_id", record.id),
        "ingest_aliases": record.body["ingest_aliases"],
        "name": record.body["name"],
        "customer_config": {"salesforce_account_id": record.body.get("config", {}).get("salesforce_account_id")},
        "custom_fields": fields,
        "created_at": stamp(record.created_at),
        "updated_at": stamp(record.created_at),
        "archived_at": stamp(record.archived_at),
    }
