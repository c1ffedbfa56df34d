"""What the account's answers have to look like: whatever is read of one, or of a proxy before it, is judged here and
nowhere else. Fields are those of the SDK (4.12) and of the vendor's document; only what we read is asked for.
"""

from typing import Any

from pricebook.http.shape import AnswerShape, Misshapen, flag, instant, many, number, record, table, text, words
from pricebook.metronome.kind import APIS, KEYS, OFFSETS

LISTS_OF_CONTRACTS = ("/v1/contracts/list", "/v2/contracts/list")
CUSTOMERS = "/v1/customers"
BALANCES = "/v1/contracts/customerBalances/list"
IN_BODY = {**dict.fromkeys((*LISTS_OF_CONTRACTS, OFFSETS), "cursor"), BALANCES: "next_page"}
"""Paged in the body (SDK 4.12), contracts 20 at once, oldest first, by what is called so in request and answer."""
USAGE, USAGE_BY_GROUP = "/v1/usage", "/v1/usage/groups"
CONTRACTS = "/v1/packages/listContractsOnPackage"
SCHEDULES = "/v1/contract-pricing/rate-cards/getRateSchedule"

_FIELDS = table(words)
_NAMED = record({}, {"name": words, "created_at": instant, "starting_at": instant})
_ALIASES = many(record({"name": text}, {"starting_at": instant, "ending_before": instant}))
_OBJECT = record(
    {"id": text},
    {
        "name": words,
        "custom_fields": _FIELDS,
        "uniqueness_key": words,
        "created_at": instant,
        "archived_at": instant,
        "rate_card_id": text,
        "aliases": _ALIASES,
        "initial": _NAMED,
        "current": _NAMED,
        "updates": many(_NAMED),
    },
)
_UNIT = record({"id": text, "name": text}, {"is_currency": flag})
_TIERS = many(record({"price": number}, {"size": number}))
_VALUES = table(text)
_PRICE = record(
    {"rate_type": text},
    {"price": number, "tiers": _TIERS, "credit_type": record({"id": text}), "pricing_group_values": _VALUES},
)
_RATE = record(
    {"product_id": text, "starting_at": instant, "entitled": flag, "rate": _PRICE},
    {"ending_before": instant, "billing_frequency": text, "pricing_group_values": _VALUES, "commit_rate": _PRICE},
)
_ON_PACKAGE = record(
    {"contract_id": text, "customer_id": text, "starting_at": instant},
    {"ending_before": instant, "archived_at": instant},
)
_TRANSITION = record({"type": text, "from_contract_id": text, "to_contract_id": text})
_CONTRACT = record(
    {"id": text, "customer_id": text, "starting_at": instant},
    {
        "ending_before": instant,
        "archived_at": instant,
        "created_at": instant,
        "uniqueness_key": text,
        "package_id": text,
        "rate_card_id": text,
        "transitions": many(_TRANSITION),
        "has_more": record({}, {"commits": flag, "credits": flag}),
    },
)
_CUSTOMER = record({"id": text}, {"ingest_aliases": many(words)})
_BALANCE = record(
    {"id": text, "type": text},
    {
        "archived_at": instant,
        "applicable_contract_ids": many(text),
        "invoice_contract": record({"id": text}),
    },
)
_OFFSET = record({"id": text, "name": text, "policy": record({"type": text, "offset": text})}, {"archived_at": instant})
_KEY = record({"entity": text, "key": text}, {"enforce_uniqueness": flag})


def _page(item: AnswerShape) -> AnswerShape:
    """A page that says whether another one follows: of these lists the vendor's document requires it."""
    page = record({"data": many(item)}, {"next_page": text})

    def judge(value: Any) -> None:
        page(value)
        if "next_page" not in value:
            raise Misshapen("a page of a list: next_page is missing", value)

    return judge


_PAGES = {
    api.listed.path: _page(record({api.listed.part: _OBJECT}) if api.listed.part else _OBJECT) for api in APIS.values()
} | {
    "/v1/credit-types/list": _page(_UNIT),
    SCHEDULES: record({"data": many(_RATE)}, {"next_page": text}),
    CONTRACTS: record({"data": many(_ON_PACKAGE)}, {"next_page": text}),
    KEYS: _page(_KEY),
    OFFSETS: record({"data": many(_OFFSET)}, {"cursor": text}),
    CUSTOMERS: _page(_CUSTOMER),
    BALANCES: record({"data": many(_BALANCE)}, {"next_page": text}),
    **dict.fromkeys(LISTS_OF_CONTRACTS, record({"data": many(_CONTRACT)}, {"cursor": text})),
}
_CREDIT_TYPE = record({"id": text}, {"name": words})
_LINE = record(
    {"type": text, "name": words, "total": number, "credit_type": _CREDIT_TYPE},
    {
        "product_id": text,
        "quantity": number,
        "unit_price": number,
        "starting_at": instant,
        "pricing_group_values": _VALUES,
        "presentation_group_values": record({}),
        "applied_commit_or_credit": record({"type": text}),
        "postpaid_commit": record({}),
    },
)
_INVOICE = record(
    {"id": text, "customer_id": text, "type": text, "status": text, "total": number, "credit_type": _CREDIT_TYPE},
    {"contract_id": text, "start_timestamp": instant, "issued_at": instant, "line_items": many(_LINE)},
)
_INVOICES = record({"data": many(_INVOICE)}, {"next_page": text})
_ONE = record({"data": _OBJECT})


def _amount(value: Any) -> None:
    if value is not None:
        number(value)


_USED = record({"customer_id": text, "start_timestamp": instant}, {"value": number, "groups": table(_amount)})
_GROUP = record({"starting_on": instant, "group": table(words)}, {"value": number})
_ONE_CONTRACT = record({"data": _CONTRACT})
_MADE = record({"data": record({"id": text})})
_DONE = record({}, {"data": record({})})


def fault(method: str, path: str, answer: object, *, writes: bool) -> str | None:
    """What is wrong with the answer to a request, in a few words; None when it is as it has to be."""
    try:
        _shape(method, path, writes)(answer)
    except Misshapen as found:
        return str(found)
    return None


def _shape(method: str, path: str, writes: bool) -> AnswerShape:
    if writes:
        return _MADE if path.endswith("/create") else _DONE
    if path in (USAGE, USAGE_BY_GROUP):
        return record({"data": many(_USED if path == USAGE else _GROUP)}, {"next_page": text})
    if path in _PAGES:
        return _PAGES[path]
    if path.startswith("/v1/customers/") and path.endswith("/invoices"):
        return _INVOICES
    return _ONE_CONTRACT if path.startswith("/v2/contracts/") else _ONE
