"""Whether a customer is in alarm: the usage that was ingested, billed as all usage here is (`sandbox.bill`), and what
the one evaluator (`preview.alarm`) says of it."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from pricebook.account.refusal import Refused
from pricebook.catalog.threshold_notification import USAGE, ThresholdNotification
from pricebook.preview.alarm import in_alarm, unwatched
from pricebook.preview.terms import Grant
from pricebook.preview.watched import Fields, WatchedContract, WatchedCustomer, grouped
from pricebook.sandbox.account import AccountTransaction
from pricebook.sandbox.bill import BALANCES, BilledContract, bills, customer_balances, parts_of
from pricebook.sandbox.rule import check_rules

ASKED = {
    "group_values": ("spend",),
    "seat_filter": ("seat",),
    "alert_specifiers": ("credit_and_commit",),
}
"""What `customer-alerts/get` may ask for of one part, and of which types, by a part of their names."""


class Alarms:
    """What a customer's notifications say now. Each answer is the vendor's `customer_status` and `triggered_by`."""

    def __init__(self, work: AccountTransaction, customer: str) -> None:
        self._work, self._customer = work, customer
        self._watched = cache(self._look)

    def status(self, said: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[str, str | None]:
        """Of a notification, as it was made; `asked` is of which part of it alone. `evaluating` where that cannot be
        found out here. Raises Refused (400)."""
        for name in asked:
            if not any(part in said["alert_type"] for part in ASKED[name]):
                raise Refused(400, f"{name} is not a filter of {said['alert_type']} notifications")
        noun = check_rules(ThresholdNotification, {**said, **asked})
        keys = tuple(each.key for each in noun.group_values)
        try:
            customer = self._watched(keys, noun.billable_metric if noun.alert_type == USAGE else None)
            if unwatched(noun, customer):
                return "evaluating", None
            beyond = any(in_alarm(noun, customer, self._work.at).values())
        except Refused as refused:
            if refused.status != 501:
                raise
            return "evaluating", None  # nothing here counts events
        reason = "invoice_generation" if "invoice" in noun.alert_type else "usage"
        return ("in_alarm", reason if "_days_" not in noun.alert_type else None) if beyond else ("ok", None)

    def _look(self, keys: tuple[str, ...], metric: str | None) -> WatchedCustomer:
        work = self._work
        billed = bills(work, self._customer, seen=partial(grouped, keys=keys, metric=metric))
        contracts = []
        for one in billed:
            fields = work.fields("contract", [one.contract.id])[one.contract.id]
            tell = partial(_fields, work, one)
            contracts.append(WatchedContract(one.prices, one.usage, one.seats, fields, tell))
        return WatchedCustomer(contracts, parts_of(customer_balances(work, self._customer)) if billed else frozenset())


def _fields(work: AccountTransaction, billed: BilledContract, grant: Grant) -> Fields:
    id_ = billed.balance_id(grant)
    return work.fields(BALANCES[grant.list.removeprefix("recurring_")], [id_])[id_]
