"""Billing-provider configurations of a customer: who bills it, and how that is reached."""

from uuid import NAMESPACE_DNS, uuid5

from pricebook.account.refusal import Refused
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.call import Body, Call
from pricebook.sandbox.wire import known, stamp

KIND = "billing_provider_configuration"


def set_configurations(call: Call) -> Body:
    """`setCustomerBillingProviderConfigurations`: one more for each entry; all or none."""
    made = []
    for entry in call.body["data"]:
        call.work.live("customer", entry["customer_id"])
        provider, method = entry["billing_provider"], entry.get("delivery_method", "direct_to_billing_provider")
        for record in _of(call.work, entry["customer_id"]):
            if (record.body["billing_provider"], record.body["delivery_method"]) == (provider, method):
                message = f"the customer {entry['customer_id']} has a configuration for {provider} by {method} already"
                raise Refused(409, message)
        kept = {
            "billing_provider": provider,
            "configuration": entry.get("configuration", {}),
            "delivery_method": method,
            "delivery_method_id": entry.get("delivery_method_id") or str(uuid5(NAMESPACE_DNS, f"{provider} {method}")),
            **known(tax_provider=entry.get("tax_provider")),
        }
        id_ = call.work.add(KIND, kept, parent=entry["customer_id"])
        names = ("billing_provider", "configuration", "delivery_method_id", "tax_provider")
        shown = {name: kept[name] for name in names if name in kept}
        made.append({"id": id_, "customer_id": entry["customer_id"], **shown})
    return {"data": made}


def get_configurations(call: Call) -> Body:
    """`getCustomerBillingProviderConfigurations`, archived ones with `include_archived`."""
    customer, archived = call.body["customer_id"], call.body.get("include_archived", False)
    call.work.get("customer", customer)
    return {"data": [_show(record) for record in _of(call.work, customer, archived=archived)]}


def archive_configurations(call: Call) -> Body:
    """`archiveCustomerBillingProviderConfigurations`."""
    customer, ids = call.body["customer_id"], call.body["customer_billing_provider_configuration_ids"]
    known_ids = {record.id: record for record in _of(call.work, customer, archived=True)}
    for id_ in ids:
        if id_ not in known_ids:
            raise Refused(404, f"there is no {KIND} {id_} of the customer {customer}")
        call.work.archive(known_ids[id_])
    return {"data": {"customer_id": customer, "customer_billing_provider_configuration_ids": ids}}


def find(work: AccountTransaction, customer: str, wanted: Body) -> Body:
    """The one configuration of a customer that a contract or a package asks for, as answers show it: by its id, or by
    provider and method. "The customer must have one and only one billing provider configuration that matches"
    (page "Create a package"). Raises Refused (400)."""
    id_ = wanted.get("billing_provider_configuration_id")
    found = [
        record for record in _of(work, customer) if (record.id == id_ if id_ is not None else _fits(record, wanted))
    ]
    if len(found) != 1:
        asked = id_ or ", ".join(f"{name} {value}" for name, value in wanted.items())
        raise Refused(
            400, f"the customer has {len(found) or 'no'} billing provider configurations for {asked}, not one"
        )
    return _show(found[0])


def _fits(record: Record, wanted: Body) -> bool:
    return all(record.body[name] == wanted[name] for name in ("billing_provider", "delivery_method") if name in wanted)


def _of(work: AccountTransaction, customer: str, *, archived: bool = False) -> list[Record]:
    return work.page(KIND, 0, -1, "parent = ?" + ("" if archived else " AND archived_at IS NULL"), customer)


def _show(record: Record) -> Body:
    return {
        "id": record.id,
        "archived_at": stamp(record.archived_at),
        "customer_id": record.parent,
        **{name: value for name, value in record.body.items() if name != "tax_provider"},
        "delivery_method_configuration": {},
    }
