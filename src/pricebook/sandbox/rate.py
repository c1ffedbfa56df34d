"""Rates: added, never deleted. A price is a timeline; what is added replaces what it covers and leaves the rest.

The timelines of a card are kept one by one, found by product without reading the card's other ones.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pricebook.account.refusal import Refused
from pricebook.catalog.amount import USD_ID
from pricebook.catalog.canonical import encode
from pricebook.catalog.rate import RateTerms
from pricebook.catalog.terms import Terms, read_terms
from pricebook.catalog.timeline import Segment, Timeline, overlay, read_schedule, schedule_text
from pricebook.metronome.wire.field import request_names
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.call import Body, Call, Position, check_instants, id_answer, page, read_limit, read_position
from pricebook.sandbox.product import KIND as PRODUCT
from pricebook.sandbox.product import check_live, current
from pricebook.sandbox.rate_card import KIND as CARD
from pricebook.sandbox.rule import check_rules
from pricebook.sandbox.unit import unit
from pricebook.sandbox.wire import RawJson, known, stamp
from pricebook.sandbox.wire import encode as write

_TERMS = tuple(request_names(RateTerms).values())
PriceIdentity = tuple[str, str, str]
"""Product, billing frequency (empty for none) and the canonical text of the pricing group values."""


def add_rates(call: Call) -> Body:
    """`rate-cards/addRates`: all of them, or none."""
    card = call.work.live(CARD, call.body["rate_card_id"])
    _add(call.work, card, call.body["rates"], "rates[{}]")
    return id_answer(card.id)


def add_rate(call: Call) -> Body:
    """`rate-cards/addRate`, which the vendor limits heavily."""
    body = dict(call.body)
    card = call.work.live(CARD, body.pop("rate_card_id"))
    _add(call.work, card, [body], "")
    rate = _rate(call.work, _terms(body))
    if body.get("pricing_group_values"):
        rate["pricing_group_values"] = body["pricing_group_values"]
    return {"data": rate | ({"commit_rate": body["commit_rate"]} if "commit_rate" in body else {})}


def get_rates(call: Call) -> Body:
    """`rate-cards/getRates`: the rates in force at an instant."""
    instant = call.body["at"]
    return _page(call, lambda segment: segment.covers(instant))


def get_schedule(call: Call) -> Body:
    """`rate-cards/getRateSchedule`: every segment that lies, at least in part, in a period; whole ones [assumed]."""
    start, end = call.body["starting_at"], call.body.get("ending_before")
    return _page(
        call,
        lambda segment: (
            (segment.ending_before is None or segment.ending_before > start)
            and (end is None or segment.starting_at < end)
        ),
    )


def _add(work: AccountTransaction, card: Record, rates: list[Body], at: str) -> None:
    products = work.get_all(PRODUCT, (rate["product_id"] for rate in rates))
    states = {id_: current(record, work.now) for id_, record in products.items()}
    units = {USD_ID, card.body["fiat_credit_type"]["id"]}
    units |= {one["custom_credit_type"]["id"] for one in card.body["credit_type_conversions"]}
    added: dict[PriceIdentity, list[Segment]] = {}
    judged: set[str] = set()
    for index, rate in enumerate(rates):
        where = at.format(index)
        _check(rate, products.get(rate["product_id"]), states.get(rate["product_id"], {}), units, where)
        given = _terms(rate)
        terms = encode(given)
        if terms not in judged:  # prices repeat, and a hundred thousand of them may come
            check_rules(RateTerms, given, where)
            judged.add(terms)
        key = (rate["product_id"], rate.get("billing_frequency", ""), encode(rate.get("pricing_group_values", {})))
        segment = Segment(rate["starting_at"], rate.get("ending_before"), read_terms(terms))
        added.setdefault(key, []).append(segment)
    present = _timelines(work, card.id, added)
    work.many(
        "INSERT INTO timeline (card_id, product_id, frequency, group_values, schedule) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (card_id, product_id, frequency, group_values) DO UPDATE SET schedule = excluded.schedule",
        [(card.id, *key, schedule_text(overlay(present.get(key, ()), segments))) for key, segments in added.items()],
    )


def _timelines(
    work: AccountTransaction, card_id: str, keys: Mapping[PriceIdentity, object]
) -> dict[PriceIdentity, Timeline]:
    sql = "SELECT schedule FROM timeline WHERE card_id = ? AND product_id = ? AND frequency = ? AND group_values = ?"
    found = ((key, work.one(sql, card_id, *key)) for key in keys)
    return {key: read_schedule(row[0]) for key, row in found if row is not None}


def _terms(rate: Body) -> Body:
    """What a rate says, without when and of what."""
    return {name: rate[name] for name in _TERMS if name in rate}


def _check(rate: Body, found: Record | None, state: Body, units: set[str], at: str) -> None:
    head = f"{at}." if at else ""
    product = check_live(found, rate["product_id"], f"{head}product_id")
    check_instants(rate, at)
    kind = product.body["type"]
    if kind == "SUBSCRIPTION" and "billing_frequency" not in rate:
        raise Refused(400, f"{head}billing_frequency is required for SUBSCRIPTION products")
    if kind != "SUBSCRIPTION" and "billing_frequency" in rate:
        raise Refused(400, f"{head}billing_frequency is for SUBSCRIPTION products only, not for {kind}")
    wanted, given = set(state.get("pricing_group_key", ())), set(rate.get("pricing_group_values", ()))
    if wanted != given:
        keys = ", ".join(sorted(wanted)) or "none"
        raise Refused(400, f"{head}pricing_group_values must have the product's pricing group keys: {keys}")
    if rate.get("credit_type_id", USD_ID) not in units:
        raise Refused(400, f"{head}credit_type_id: the rate card has no conversion for {rate['credit_type_id']}")


def _page(call: Call, wanted: Any) -> Body:
    limit, position = read_limit(call), read_position(call)
    card = call.work.get(CARD, call.body["rate_card_id"])
    found: list[tuple[PriceIdentity, Segment]] = []
    following: Position | None = None
    for row_id, key, index, segment in _segments(call.work, card.id, call.body.get("selectors"), position):
        if not wanted(segment):
            continue
        if len(found) == limit:
            following = (row_id, index)
            break
        found.append((key, segment))
    return page(list(_shown(call.work, found)), following)


def _segments(
    work: AccountTransaction, card_id: str, selectors: list[Body] | None, position: Position
) -> Iterator[tuple[int, PriceIdentity, int, Segment]]:
    """The segments from a position on, as (row, key, number, segment), that a selector asks for; read in steps."""
    condition, parameters = _selected(work, card_id, selectors)
    first = position[0]
    sql = (
        "SELECT id, product_id, frequency, group_values, schedule FROM timeline"
        f" WHERE card_id = ? AND id >= ?{condition} ORDER BY id LIMIT 200"
    )
    while rows := work.rows(sql, card_id, first, *parameters):
        for row_id, product, frequency, values, schedule in rows:
            for index, segment in enumerate(read_schedule(schedule)):
                if (row_id, index) >= position:
                    yield row_id, (product, frequency, values), index, segment
        first = rows[-1][0] + 1


def _selected(work: AccountTransaction, card_id: str, selectors: list[Body] | None) -> tuple[str, list[object]]:
    """The SQL condition of the selectors: any of them, each with all that it says."""
    if not selectors:
        return "", []
    parts, parameters = [], []
    for selector in selectors:
        conditions = ["1"]
        if "product_id" in selector:
            conditions.append("product_id = ?")
            parameters.append(selector["product_id"])
        if "billing_frequency" in selector:
            conditions.append("frequency = ?")
            parameters.append(selector["billing_frequency"])
        if "pricing_group_values" in selector:
            conditions.append("group_values = ?")
            parameters.append(encode(selector["pricing_group_values"]))
        for name, value in selector.get("partial_pricing_group_values", {}).items():
            conditions.append("EXISTS (SELECT 1 FROM json_each(group_values) WHERE json_each.key = ? AND value = ?)")
            parameters += [name, value]
        if "product_tags" in selector:
            tagged = _tagged(work, card_id, set(selector["product_tags"]))
            conditions.append(f"product_id IN ({', '.join('?' * len(tagged))})")
            parameters += tagged
        parts.append(" AND ".join(conditions))
    return f" AND ({' OR '.join(f'({part})' for part in parts)})", parameters


def _tagged(work: AccountTransaction, card_id: str, tags: set[str]) -> list[str]:
    """The products on the card that have any of the tags."""
    on_card = [row[0] for row in work.rows("SELECT DISTINCT product_id FROM timeline WHERE card_id = ?", card_id)]
    products = work.get_all(PRODUCT, on_card)
    return [id_ for id_, record in products.items() if not tags.isdisjoint(current(record, work.now).get("tags", ()))]


def _shown(work: AccountTransaction, found: list[tuple[PriceIdentity, Segment]]) -> Iterator[Body]:
    """The segments. What belongs to a product, and what several rates say alike, is written once."""
    products = work.get_all(PRODUCT, (key[0] for key, _ in found))
    fields = work.fields(PRODUCT, products)
    heads = {}
    for id_, record in products.items():
        state = current(record, work.now)
        tags, name = state.get("tags", []), state["name"]
        head = {"product_id": id_, "product_name": name, "product_tags": tags, "product_custom_fields": fields[id_]}
        heads[id_] = _raw(head)
    shown: dict[Terms, Body] = {}
    for (product, frequency, values), (start, end, terms) in found:
        if terms not in shown:
            shown[terms] = _raw(_terms_shown(work, terms))
        groups = RawJson(values) if values != "{}" else None
        more = known(ending_before=stamp(end), pricing_group_values=groups, billing_frequency=frequency or None)
        yield {**heads[product], "starting_at": stamp(start), **more, **shown[terms]}


def _raw(fields: Body) -> Body:
    return {name: RawJson(write(value)) for name, value in fields.items()}


def _terms_shown(work: AccountTransaction, found: Terms) -> Body:
    """What a segment's terms say, as it is read back."""
    terms = dict(found.fields)
    made = {"entitled": terms["entitled"], "rate": _rate(work, terms)}
    return made | ({"commit_rate": terms["commit_rate"]} if "commit_rate" in terms else {})


def _rate(work: AccountTransaction, terms: Body) -> Body:
    """A rate with its unit's name, without what stands beside it."""
    made = {name: terms[name] for name in terms if name not in ("credit_type_id", "commit_rate", "entitled")}
    if terms["rate_type"] == "PERCENTAGE":
        return made
    return made | {"credit_type": unit(work, terms.get("credit_type_id"), live=False)}
