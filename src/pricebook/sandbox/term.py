"""The terms of a package, from the request to what is read back: ids for terms, names beside ids, links by id.

What the vendor's answer has no field for is not read back either, such as temporary ids or unassigned seats.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from pricebook.account.refusal import Refused
from pricebook.catalog.amount import USD_ID
from pricebook.catalog.declared import granting_lists, keyed_lists, links_of
from pricebook.catalog.override import OverrideSpecifier
from pricebook.catalog.package import Package
from pricebook.catalog.threshold import THRESHOLDS
from pricebook.metronome.custom_field import TERMS
from pricebook.metronome.wire.field import NO_UNIT, names_of
from pricebook.sandbox.account import AccountTransaction
from pricebook.sandbox.call import Body
from pricebook.sandbox.product import KIND as PRODUCT
from pricebook.sandbox.product import check_live, current
from pricebook.sandbox.unit import unit

LISTS = keyed_lists(Package)
_FIXED = granting_lists(Package)
_LINKS = {names[0]: names[1] for names in map(names_of(OverrideSpecifier).__getitem__, links_of(OverrideSpecifier))}


def package_terms(work: AccountTransaction, package_id: str, body: Body) -> Body:
    """The lists of terms of a new package, as they are read back. Raises Refused (400)."""
    made: Body = {"commits": [], "overrides": [], "scheduled_charges": []} | shown_terms(work, body)
    for name, entity in TERMS.items():
        for term in made.get(name, ()):
            work.add(entity, {}, parent=package_id, id_=term["id"], fields=term.pop("custom_fields", None))
    return made


def shown_terms(work: AccountTransaction, body: Body) -> Body:
    """The lists of terms of a request as they are read back, each term with an id. Raises Refused (400)."""
    ids = {name: [str(uuid4()) for _ in body.get(name, ())] for name in LISTS}
    links: dict[str, str] = {}
    for name in LISTS:
        for id_, term in zip(ids[name], body.get(name, ()), strict=True):
            if "temporary_id" in term:
                links[term["temporary_id"]] = id_
    return {
        name: [_SHOWN[name](work, {"id": id_, **term}, links) for id_, term in zip(ids[name], body[name], strict=True)]
        for name in LISTS
        if name in body
    }


def check_products(work: AccountTransaction, body: Body) -> None:
    """The products that terms name are there, and of the type that each term needs. Raises Refused (400)."""
    for name in LISTS:
        for index, term in enumerate(body.get(name, ())):
            at = f"{name}[{index}]"
            if name in _FIXED:
                check_product(work, term["product_id"], "FIXED", f"{at}.product_id")
            elif name == "subscriptions":
                product = term["subscription_rate"]["product_id"]
                check_product(work, product, "SUBSCRIPTION", f"{at}.subscription_rate.product_id")
            elif "product_id" in term:
                check_product(work, term["product_id"], None, f"{at}.product_id")
            for product in term.get("applicable_product_ids", ()):
                check_product(work, product, None, f"{at}.applicable_product_ids")
            for specifier in (*term.get("specifiers", ()), *term.get("override_specifiers", ())):
                if "product_id" in specifier:
                    check_product(work, specifier["product_id"], None, f"{at} specifier")
    for name in THRESHOLDS:
        if name in body:
            check_product(work, body[name]["commit"]["product_id"], "FIXED", f"{name}.commit.product_id")


def check_product(work: AccountTransaction, id_: str, kind: str | None, at: str) -> None:
    """A product is there, not archived, and of a type (None: of any). Raises Refused (400)."""
    record = check_live(work.get_all(PRODUCT, [id_]).get(id_), id_, at)
    if kind is not None and record.body["type"] != kind:
        raise Refused(400, f"{at}: a {kind} product is needed, and {id_} is {record.body['type']}")


def product_shown(work: AccountTransaction, id_: str) -> Body:
    """A product as terms show it."""
    return {"id": id_, "name": current(work.get(PRODUCT, id_), work.now)["name"]}


def _schedule(work: AccountTransaction, schedule: Body) -> Body:
    """An access, invoice or charge schedule: the unit with its name, every item with an id."""
    made = {name: value for name, value in schedule.items() if name != "credit_type_id"}
    made["credit_type"] = unit(work, schedule.get("credit_type_id"))
    made["schedule_items"] = [{"id": str(uuid4()), **item} for item in schedule.get("schedule_items", ())]
    return made


def _term(work: AccountTransaction, term: Body) -> Body:
    made = {name: value for name, value in term.items() if name not in ("temporary_id", "product_id")}
    return made | {"product": product_shown(work, term["product_id"])}


def _balance(work: AccountTransaction, term: Body, _: dict[str, str]) -> Body:
    made = _term(work, term)
    if "access_schedule" not in term:
        raise Refused(400, "access_schedule is required for commits and credits")
    made["access_schedule"] = _schedule(work, term["access_schedule"])
    if "invoice_schedule" in term:
        made["invoice_schedule"] = {"do_not_invoice": False, **_schedule(work, term["invoice_schedule"])}
    return made


def _recurring(work: AccountTransaction, term: Body, links: dict[str, str]) -> Body:
    made = {"rate_type": "LIST_RATE", **_term(work, term)}
    for name in ("access_amount", "invoice_amount"):
        if name in term:
            unit(work, term[name].get("credit_type_id"))
            quantity = term[name].get("access_type") == "QUANTITY"
            made[name] = {"credit_type_id": USD_ID, **term[name], **({"credit_type_id": NO_UNIT} if quantity else {})}
    made["commit_duration"] = {"unit": "PERIODS", **term["commit_duration"]}
    if "subscription_config" in term:
        config = dict(term["subscription_config"])
        id_ = config.pop("subscription_id")
        config["subscription_template_id"] = links.get(id_, id_)
        made["subscription_config"] = {"allocation": "POOLED", **config}
    return made


def _override(work: AccountTransaction, term: Body, links: dict[str, str]) -> Body:
    made = {name: value for name, value in term.items() if name != "tiers"}
    made |= {"override_tiers": term["tiers"]} if "tiers" in term else {}
    made["override_specifiers"] = [_specifier(specifier, links) for specifier in term["override_specifiers"]]
    if "overwrite_rate" in term:
        rate: dict[str, Any] = dict(term["overwrite_rate"])
        id_ = rate.pop("credit_type_id", None)
        made["overwrite_rate"] = rate | ({} if rate["rate_type"] == "PERCENTAGE" else {"credit_type": unit(work, id_)})
    return made


def _specifier(specifier: Body, links: dict[str, str]) -> Body:
    return {
        _LINKS.get(name, name): [links.get(one, one) for one in value] if name in _LINKS else value
        for name, value in specifier.items()
    }


def _charge(work: AccountTransaction, term: Body, _: dict[str, str]) -> Body:
    return _term(work, term) | {"schedule": _schedule(work, term["schedule"])}


def _subscription(work: AccountTransaction, term: Body, _: dict[str, str]) -> Body:
    rate = term["subscription_rate"]
    made = {name: value for name, value in term.items() if name != "temporary_id"}
    made["subscription_rate"] = {
        "billing_frequency": rate["billing_frequency"],
        "product": product_shown(work, rate["product_id"]),
    }
    return {"quantity_management_mode": "QUANTITY_ONLY", **made}


def shown_proration(said: Body) -> Body:
    """What is read back of a subscription's proration, where answers have a word for what was left open."""
    return {"is_prorated": False, "invoice_behavior": "BILL_ON_NEXT_COLLECTION_DATE", **said}


_SHOWN: dict[str, Callable[[AccountTransaction, Body, dict[str, str]], Body]] = {
    "commits": _balance,
    "credits": _balance,
    "overrides": _override,
    "scheduled_charges": _charge,
    "recurring_commits": _recurring,
    "recurring_credits": _recurring,
    "subscriptions": _subscription,
}
