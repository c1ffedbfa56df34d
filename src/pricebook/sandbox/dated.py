"""The terms of a contract: those of its package with dates for offsets, and those that it says itself.

They are kept as version 2 reads them back, and a little more: whose seats a subscription has (`seat_schedule`).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from uuid import uuid4

from pricebook.account.refusal import Refused
from pricebook.catalog.calendar import later
from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import EXACT
from pricebook.sandbox.account import CREATED_BY, AccountTransaction
from pricebook.sandbox.call import Body
from pricebook.sandbox.term import LISTS, check_products, shown_terms

ENTITIES: Mapping[str, str] = {
    "commits": "commit",
    "credits": "contract_credit",
    "scheduled_charges": "scheduled_charge",
    "subscriptions": "subscription",
}
"""The lists whose terms can have custom fields, and what the vendor calls such a term."""
MOST = 1200
"""Items of a recurring schedule: a hundred years of months."""


class Dater:
    """Puts dates to terms, for one contract. `start` is its start, `ids` are the ids of terms by those of a package or
    of a request, by which others name them."""

    def __init__(self, work: AccountTransaction, contract: str, start: str) -> None:
        self.work, self.contract, self.start = work, contract, datetime.fromisoformat(start)
        self.ids: dict[str, str] = {}

    def of_package(self, package: Body) -> Body:
        """The terms that the contract has from its package."""
        self.ids = {term["id"]: str(uuid4()) for name in LISTS for term in package.get(name, ())}
        fields = {
            self.ids[term["id"]]: found
            for name, entity in ENTITIES.items()
            for term in package.get(name, ())
            for found in self.work.fields(f"package_{entity.removeprefix('contract_')}", [term["id"]]).values()
        }
        return self._kept(package, {id_: found for id_, found in fields.items() if found})

    def own(self, body: Body) -> Body:
        """The terms of a request. Raises Refused (400)."""
        check_products(self.work, body)
        lists = shown_terms(self.work, _with_specifiers(body))
        fields = {term["id"]: term.pop("custom_fields", {}) for name in LISTS for term in lists.get(name, ())}
        return self._kept(lists, fields)

    def balance(self, section: str, body: Body) -> Body:
        """A commit or credit of a customer itself, without its id. Raises Refused (400)."""
        check_products(self.work, {section: [body]})
        term = shown_terms(self.work, {section: [body]})[section][0]
        self.work.set_fields(ENTITIES[section], self.contract, term.pop("custom_fields", {}))
        made = self._balance(term)
        return {name: value for name, value in made.items() if name not in ("id", "contract")}

    def _kept(self, lists: Body, fields: Mapping[str, Mapping[str, str]]) -> Body:
        made = {
            name: [_DATED.get(name, Dater._plain)(self, dict(term)) for term in lists[name]]
            for name in LISTS
            if lists.get(name)
        }
        for name, entity in ENTITIES.items():
            for term in made.get(name, ()):
                self.work.add(entity, {}, parent=self.contract, id_=term["id"], fields=fields.get(term["id"]))
        return made

    def _plain(self, term: Body) -> Body:
        """A term with its id and its time."""
        term["id"] = self.ids.get(term["id"], term["id"])
        offset, length = term.pop("starting_at_offset", None), term.pop("duration", None)
        if "starting_at" not in term:
            term["starting_at"] = self._after(self.start, offset)
        if length is not None:
            term["ending_before"] = self._after(datetime.fromisoformat(term["starting_at"]), length)
        return term

    def _balance(self, term: Body) -> Body:
        term |= {"id": self.ids.get(term["id"], term["id"]), "contract": {"id": self.contract}}
        term |= {"created_at": self.work.now, "created_by": CREATED_BY}
        if "type" not in term:
            term["type"] = "CREDIT"
        access = term["access_schedule"]
        items = [self._plain({**item, "id": str(uuid4())}) for item in access["schedule_items"]]
        term["access_schedule"] = {**access, "schedule_items": items}
        if "invoice_schedule" in term:
            term["invoice_schedule"] = self._schedule(term["invoice_schedule"])
        return term

    def _charge(self, term: Body) -> Body:
        term["id"] = self.ids.get(term["id"], term["id"])
        return term | {"schedule": self._schedule(term["schedule"])}

    def _schedule(self, schedule: Body) -> Body:
        made = {name: value for name, value in schedule.items() if name != "recurring_schedule"}
        items = [*schedule.get("schedule_items", ()), *_repeated(schedule.get("recurring_schedule"))]
        made["schedule_items"] = [self._item(dict(item)) for item in items]
        return made

    def _item(self, item: Body) -> Body:
        offset = item.pop("date_offset", None)
        item["timestamp"] = item.get("timestamp") or self._after(self.start, offset)
        return priced_item({**item, "id": str(uuid4())})

    def _override(self, term: Body) -> Body:
        term = self._plain(term) | {"created_at": self.work.now}
        specifiers = [
            {
                name.replace("_template_", "_"): [self.ids.get(one, one) for one in value]
                if name.endswith("_template_ids")
                else value
                for name, value in specifier.items()
            }
            for specifier in term["override_specifiers"]
        ]
        return term | {"override_specifiers": specifiers}

    def _recurring(self, term: Body) -> Body:
        term = self._plain(term)
        term |= {"anchor_date": term["starting_at"], "contract": {"id": self.contract}}
        if "subscription_config" in term:
            config = dict(term["subscription_config"])
            id_ = config.pop("subscription_template_id")
            term["subscription_config"] = config | {"subscription_id": self.ids.get(id_, id_)}
        return term

    def _subscription(self, term: Body) -> Body:
        term = self._plain(term) | {"created_at": self.work.now}
        seats = term.get("seat_config") or {}
        names = list(dict.fromkeys(seats.get("initial_seat_ids", ())))
        unassigned = seats.get("initial_unassigned_seats") or Decimal(0)
        quantity = term.pop("initial_quantity", None)
        step = {"starting_at": term["starting_at"], "seats": names}
        step["quantity"] = quantity if quantity is not None else unassigned + len(names)
        if seats:
            term["seat_config"] = {"seat_group_key": seats["seat_group_key"]}
        return term | {"seat_schedule": [step]}

    def _after(self, start: datetime, offset: Body | None) -> str:
        return instant_text(later(start, int(offset["value"]), offset["unit"]) if offset is not None else start)


_DATED = {
    "commits": Dater._balance,
    "credits": Dater._balance,
    "overrides": Dater._override,
    "scheduled_charges": Dater._charge,
    "recurring_commits": Dater._recurring,
    "recurring_credits": Dater._recurring,
    "subscriptions": Dater._subscription,
}


def priced_item(item: Body) -> Body:
    """An item of a charge with unit price, quantity and amount, of which some were given."""
    if "unit_price" not in item:
        if "amount" not in item:
            raise Refused(400, "schedule_items: an item has an amount, or unit_price and quantity")
        item = {**item, "unit_price": item["amount"], "quantity": Decimal(1)}
    item.setdefault("quantity", Decimal(1))
    return item | {"amount": EXACT.multiply(item["unit_price"], item["quantity"])}


def _repeated(schedule: Body | None) -> Iterator[Body]:
    """The items of a recurring schedule. Of DIVIDED_ROUNDED the last one has what the others leave [assumed]."""
    if schedule is None:
        return
    start, end = (datetime.fromisoformat(schedule[name]) for name in ("starting_at", "ending_before"))
    dates = [start]
    while (after := later(start, len(dates), schedule["frequency"])) < end:
        if len(dates) == MOST:
            raise Refused(400, f"recurring_schedule: that are more than {MOST} items")
        dates.append(after)
    given: Body = {name: schedule[name] for name in ("unit_price", "quantity", "amount") if name in schedule}
    whole = priced_item(dict(given))["amount"]
    part = EXACT.divide(whole, Decimal(len(dates)))
    if schedule["amount_distribution"] == "DIVIDED_ROUNDED":
        part = part.quantize(Decimal(1), ROUND_DOWN)
    for number, at in enumerate(dates, 1):
        if schedule["amount_distribution"] != "EACH":
            rest = EXACT.subtract(whole, EXACT.multiply(part, Decimal(number - 1)))
            given = {"amount": rest if number == len(dates) else part}
        yield {**given, "timestamp": instant_text(at)}


def _with_specifiers(body: Body) -> Body:
    """The request with every override under specifiers, as the older form has product and tags beside it."""
    overrides = []
    for term in body.get("overrides", ()):
        names = {"product_id": "product_id", "applicable_product_tags": "product_tags"}
        specifier = {name: term[was] for was, name in names.items() if term.get(was)}
        rest = {name: value for name, value in term.items() if name not in names}
        overrides.append({"override_specifiers": [specifier], **rest})
    return {**body, "overrides": overrides} if overrides else body
