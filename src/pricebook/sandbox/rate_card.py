"""Rate cards, without their rates: name, description, aliases, conversions, and the order of products on invoices.

An archived one is not for new contracts any more; those on it go on. Aliases, those of packages too, are given and
shown here; who has one when is decided in `account.alias`.
"""

from collections.abc import Iterable

from pricebook.account import alias
from pricebook.account.refusal import Refused
from pricebook.catalog.money import plain
from pricebook.catalog.reference import Kind
from pricebook.sandbox.account import CREATED_BY, AccountTransaction, Record
from pricebook.sandbox.call import Body, Call, check_instants, id_answer
from pricebook.sandbox.product import KIND as PRODUCT
from pricebook.sandbox.unit import FIAT, unit
from pricebook.sandbox.wire import known, stamp

KIND = "rate_card"


def create(call: Call) -> Body:
    """`rate-cards/create`."""
    body, work = call.body, call.work
    aliases = schedules(body.get("aliases", ()))
    kept = known(
        name=body["name"],
        fiat_credit_type=unit(work, body.get("fiat_credit_type_id")),
        description=body.get("description"),
        credit_type_conversions=_conversions(work, (), body.get("credit_type_conversions", ())),
        product_order=[],
    )
    id_ = work.add(KIND, kept, fields=body.get("custom_fields"))
    alias.give(work, Kind.RATE_CARD, id_, enumerate(aliases), work.at)
    return id_answer(id_)


def update(call: Call) -> Body:
    """`rate-cards/update`. Aliases are replaced as a whole [assumed]; conversions are added, never changed."""
    body, work = call.body, call.work
    record = work.live(KIND, body["rate_card_id"])
    kept = record.body | {name: body[name] for name in ("name", "description") if name in body}
    if "add_credit_type_conversions" in body:
        present = record.body["credit_type_conversions"]
        kept["credit_type_conversions"] = _conversions(work, present, body["add_credit_type_conversions"])
    work.put(record, kept)
    if "aliases" in body:
        alias.replace(work, Kind.RATE_CARD, record.id, schedules(body["aliases"]), work.at)
    return id_answer(record.id)


def set_order(call: Call) -> Body:
    """`setRateCardProductsOrder`."""
    record = call.work.live(KIND, call.body["rate_card_id"])
    order = call.body["product_order"]
    if len(set(order)) < len(order):
        raise Refused(400, "product_order names a product twice")
    for product in order:
        call.work.get(PRODUCT, product, 400)
    call.work.put(record, record.body | {"product_order": order})
    return id_answer(record.id)


def move_products(call: Call) -> Body:
    """`moveRateCardProducts`: each product to its new place, one after the other."""
    record = call.work.live(KIND, call.body["rate_card_id"])
    order = list(record.body["product_order"])
    for move in call.body["product_moves"]:
        call.work.get(PRODUCT, move["product_id"], 400)
        order = [product for product in order if product != move["product_id"]]
        order.insert(int(move["position"]), move["product_id"])
    call.work.put(record, record.body | {"product_order": order})
    return id_answer(record.id)


def schedules(aliases: Iterable[Body]) -> list[alias.Schedule]:
    """Aliases as they are given: on the hour, and none of them twice at one instant. Raises Refused (400)."""
    made = []
    seen: dict[str, list[tuple[str, str]]] = {}
    for index, given in enumerate(aliases):
        check_instants(given, f"aliases[{index}]")
        if not given["name"].strip():
            raise Refused(400, f"aliases[{index}].name must not be empty")
        start, end = given.get("starting_at", ""), given.get("ending_before", "~")
        for other_start, other_end in seen.setdefault(given["name"], []):
            if start < other_end and other_start < end:
                raise Refused(400, f"alias {given['name']!r} stands twice at one instant")
        seen[given["name"]].append((start, end))
        made.append(alias.Schedule(given["name"], given.get("starting_at"), given.get("ending_before")))
    return made


def shown_aliases(work: AccountTransaction, kind: Kind, object_id: str) -> list[Body]:
    """The aliases of an object, with the ends that they really have."""
    made = []
    for entry, end in alias.current(alias.log_of_object(work, kind, object_id), object_id):
        if end is None or (entry.starting_at or "") < end:
            made.append(known(name=entry.name, starting_at=stamp(entry.starting_at), ending_before=stamp(end)))
    return made


def _conversions(work: AccountTransaction, present: Iterable[Body], added: Iterable[Body]) -> list[Body]:
    made = list(present)
    for given in added:
        id_ = given["custom_credit_type_id"]
        if id_ in FIAT:
            raise Refused(400, f"custom_credit_type_id must be a custom pricing unit, not {FIAT[id_]}")
        if any(one["custom_credit_type"]["id"] == id_ for one in made):
            raise Refused(400, f"the conversion of credit type {id_} is there already; conversions cannot be changed")
        if given["fiat_per_custom_credit"] < 0:
            raise Refused(400, "fiat_per_custom_credit must not be less than 0")
        made.append(
            {
                "custom_credit_type": unit(work, id_),
                "fiat_per_custom_credit": plain(given["fiat_per_custom_credit"]),
            }
        )
    return made


def show(work: AccountTransaction, record: Record, fields: dict[str, str]) -> Body:
    """A card as it is read back."""
    return {
        "id": record.id,
        **{name: value for name, value in record.body.items() if name != "product_order"},
        "created_at": stamp(record.created_at),
        "created_by": CREATED_BY,
        "aliases": shown_aliases(work, Kind.RATE_CARD, record.id),
        "custom_fields": fields,
    }
