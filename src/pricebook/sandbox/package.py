"""Packages: created, read, archived; never edited. A read-back package shows the id of its rate card, not the alias.

An archived one takes no new contracts; those on it go on.
"""

from pricebook.account import alias
from pricebook.account.refusal import Refused
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind
from pricebook.metronome.custom_field import TERMS
from pricebook.sandbox.account import CREATED_BY, AccountTransaction, Record
from pricebook.sandbox.call import Body, Call, id_answer, listed, period_condition
from pricebook.sandbox.rate_card import KIND as CARD
from pricebook.sandbox.rate_card import schedules, shown_aliases
from pricebook.sandbox.rule import check_rules
from pricebook.sandbox.term import LISTS, check_products, package_terms, shown_proration
from pricebook.sandbox.wire import known, stamp

KIND = "package"


def create(call: Call) -> Body:
    """`packages/create`. Raises Refused, 409 for a uniqueness key that was used before."""
    work, body = call.work, dict(call.body)
    key = body.pop("uniqueness_key", None)
    work.check_key(KIND, key)
    aliases = body.pop("aliases", [])
    given = schedules(aliases)
    check_rules(Package, body | {"aliases": aliases})
    check_products(work, body)
    card_id = _card(work, body)
    check_subscriptions(work, card_id, body)
    kept = {name: value for name, value in body.items() if name not in LISTS and name != "rate_card_id"}
    kept |= {"rate_card_id": card_id} if "rate_card_id" in body else {}
    id_ = work.add(KIND, {}, uniqueness_key=key)
    record = work.get(KIND, id_)
    work.put(record, kept | package_terms(work, id_, body))
    alias.give(work, Kind.PACKAGE, id_, enumerate(given), work.at)
    return id_answer(id_)


def list_contracts(call: Call) -> Body:
    """`packages/listContractsOnPackage`."""
    package = call.work.get(KIND, call.body["package_id"])
    condition, parameters = period_condition(call.body)
    return listed(call, "contract", _show_contract, f"link = ?{condition}", package.id, *parameters)


def card_of(work: AccountTransaction, package: Body, instant: str) -> str | None:
    """The id of a package's rate card: by its alias as it stands at an instant."""
    if "rate_card_alias" in package:
        return alias.holder_at(work, Kind.RATE_CARD, package["rate_card_alias"], instant)
    found: str | None = package.get("rate_card_id")
    return found


def _card(work: AccountTransaction, body: Body) -> str | None:
    """The rate card that the package names, or will. Raises Refused (400) when there is none."""
    if "rate_card_id" in body:
        return work.live(CARD, body["rate_card_id"], 400).id
    name = body.get("rate_card_alias")
    if name is None:
        return None
    found = alias.next_holder(work, Kind.RATE_CARD, name, work.at)
    if found is None:
        raise Refused(400, f"rate_card_alias: no rate card has the alias {name!r}")
    return found


def check_subscriptions(work: AccountTransaction, card_id: str | None, body: Body) -> None:
    """The rates that subscriptions name are on the card. Raises Refused (400)."""
    for index, subscription in enumerate(body.get("subscriptions", ())):
        rate = subscription["subscription_rate"]
        sql = "SELECT 1 FROM timeline WHERE card_id = ? AND product_id = ? AND frequency = ?"
        if work.one(sql, card_id, rate["product_id"], rate["billing_frequency"]) is None:
            message = f"the rate card has no {rate['billing_frequency']} rate for the product {rate['product_id']}"
            raise Refused(400, f"subscriptions[{index}].subscription_rate: {message}")


def show(work: AccountTransaction, record: Record, _: dict[str, str]) -> Body:
    """A package as it is read back."""
    body = {name: value for name, value in record.body.items() if name != "rate_card_alias"}
    for name, entity in TERMS.items():
        fields = work.fields(entity, [term["id"] for term in body.get(name, ())])
        if name in body:
            body[name] = [{**term, "custom_fields": fields[term["id"]]} for term in body[name]]
    if "subscriptions" in body:
        body["subscriptions"] = [_with_seats(term) for term in body["subscriptions"]]
    statement = body.pop("usage_statement_schedule", {"frequency": "MONTHLY"})
    return {
        "id": record.id,
        "multiplier_override_prioritization": "LOWEST_MULTIPLIER",
        **body,
        "aliases": shown_aliases(work, Kind.PACKAGE, record.id),
        "usage_statement_schedule": {
            "frequency": statement["frequency"],
            "day": statement.get("day", "FIRST_OF_MONTH"),
        },
        "created_at": stamp(record.created_at),
        "created_by": CREATED_BY,
    } | known(
        rate_card_id=card_of(work, record.body, work.now),
        uniqueness_key=record.uniqueness_key,
        archived_at=stamp(record.archived_at),
    )


def _with_seats(term: Body) -> Body:
    """A subscription without what of its seats is not read back: how many nobody has yet."""
    made = {**term, "proration": shown_proration(term["proration"])}
    if "seat_config" in term:
        made["seat_config"] = {"seat_group_key": term["seat_config"]["seat_group_key"]}
    return made


def _show_contract(_: AccountTransaction, record: Record, __: dict[str, str]) -> Body:
    return known(
        customer_id=record.parent,
        contract_id=record.id,
        starting_at=stamp(record.body["starting_at"]),
        ending_before=stamp(record.body.get("ending_before")),
        archived_at=stamp(record.archived_at),
    )
