"""Every endpoint that the sandbox answers, by method and path; those that it does not answer are known by name."""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from pricebook.account.refusal import Refused
from pricebook.catalog.reference import Kind
from pricebook.sandbox import (
    audit,
    balance,
    billing_provider,
    contract,
    contract_balance,
    custom_field,
    customer,
    edit,
    invoice,
    metric,
    notification,
    package,
    product,
    rate,
    rate_card,
    seat,
    unit,
    usage,
)
from pricebook.sandbox.bill import BALANCES
from pricebook.sandbox.call import Body, Call, Paging, archive_condition, archiving, getting, listing
from pricebook.sandbox.shape import shapes


class Endpoint(NamedTuple):
    """What answers a method and path, and whether it writes."""

    name: str
    answer: Callable[[Call], Body | None]
    writes: bool


_CARDS = "/v1/contract-pricing/rate-cards"
_PRODUCTS = "/v1/contract-pricing/products"

_READS: dict[str, Callable[[Call], Body | None]] = {
    "GET /v1/auditLogs": audit.list_logs,
    "GET /v1/billable-metrics": metric.list_metrics,
    "GET /v1/billable-metrics/{billable_metric_id}": getting(metric.KIND, metric.show, "billable_metric_id"),
    f"POST {_PRODUCTS}/get": getting(product.KIND, product.show, "id"),
    f"POST {_PRODUCTS}/list": listing(product.KIND, product.show, archive_condition),
    f"POST {_CARDS}/get": getting(rate_card.KIND, rate_card.show, "id"),
    f"POST {_CARDS}/getRateSchedule": rate.get_schedule,
    f"POST {_CARDS}/getRates": rate.get_rates,
    f"POST {_CARDS}/list": listing(rate_card.KIND, rate_card.show, archive_condition),
    "POST /v1/contracts/get": contract_balance.got_with_balances(contract.show_v1),
    "POST /v1/contracts/list": partial(contract.listed, show=contract.show_v1),
    "POST /v1/contracts/seatBalances/list": contract_balance.list_seats,
    "POST /v1/contracts/getSubscriptionQuantityHistory": seat.quantity_history,
    "POST /v1/contracts/getSubscriptionSeatsHistory": seat.seats_history,
    "POST /v2/contracts/getEditHistory": edit.history,
    "POST /v1/contracts/customerBalances/getNetBalance": balance.get_net_balance,
    "POST /v1/contracts/customerBalances/list": partial(
        balance.listed, sections=tuple(BALANCES), id_name="id", contracts="include_contract_balances"
    ),
    "POST /v1/contracts/customerCommits/list": partial(
        balance.listed, sections=("commits",), id_name="commit_id", contracts="include_contract_commits"
    ),
    "POST /v1/contracts/customerCredits/list": partial(
        balance.listed, sections=("credits",), id_name="credit_id", contracts="include_contract_credits"
    ),
    "POST /v2/contracts/get": contract_balance.got_with_balances(contract.show),
    "POST /v2/contracts/list": partial(contract.listed, show=contract.show),
    "GET /v1/credit-types/list": unit.list_units,
    "POST /v1/customFields/listKeys": custom_field.list_keys,
    "POST /v1/customer-alerts/get": notification.get_of_customer,
    "POST /v1/customer-alerts/list": notification.list_of_customer,
    "GET /v1/customers": customer.list_customers,
    "GET /v1/customers/{customer_id}": getting(customer.KIND, customer.show, "customer_id"),
    "POST /v2/notifications/get": getting(notification.OFFSET, notification.show_offset, "id"),
    "POST /v2/notifications/offset/list": listing(
        notification.OFFSET, notification.show_offset, archive_condition, Paging(400, 400, "cursor")
    ),
    "GET /v1/customers/{customer_id}/billable-metrics": metric.list_of_customer,
    "GET /v1/customers/{customer_id}/invoices": invoice.list_invoices,
    "GET /v1/customers/{customer_id}/invoices/{invoice_id}": invoice.get_invoice,
    "POST /v1/customers/{customer_id}/previewEvents": invoice.preview_events,
    "POST /v1/getCustomerBillingProviderConfigurations": billing_provider.get_configurations,
    "POST /v1/events/search": usage.search,
    "POST /v1/usage": usage.list_usage,
    "POST /v1/usage/groups": usage.list_grouped,
    "POST /v1/packages/get": getting(package.KIND, package.show, "package_id"),
    "POST /v1/packages/list": listing(package.KIND, package.show, archive_condition, Paging(default=10)),
    "POST /v1/packages/listContractsOnPackage": package.list_contracts,
}
_WRITES: dict[str, Callable[[Call], Body | None]] = {
    "POST /v1/alerts/archive": notification.archive,
    "POST /v1/alerts/create": notification.create,
    "POST /v1/billable-metrics/archive": archiving(metric.KIND, "id"),
    "POST /v1/billable-metrics/create": metric.create,
    "PUT /v1/billable-metrics/{billable_metric_id}": metric.update,
    f"POST {_PRODUCTS}/archive": archiving(product.KIND, "product_id"),
    f"POST {_PRODUCTS}/create": product.create,
    f"POST {_PRODUCTS}/update": product.update,
    f"POST {_CARDS}/addRate": rate.add_rate,
    f"POST {_CARDS}/addRates": rate.add_rates,
    f"POST {_CARDS}/archive": archiving(rate_card.KIND, "id", Kind.RATE_CARD),
    f"POST {_CARDS}/create": rate_card.create,
    f"POST {_CARDS}/moveRateCardProducts": rate_card.move_products,
    f"POST {_CARDS}/setRateCardProductsOrder": rate_card.set_order,
    f"POST {_CARDS}/update": rate_card.update,
    "POST /v1/contracts/addManualBalanceLedgerEntry": balance.add_entry,
    "POST /v1/contracts/amend": edit.amend,
    "POST /v2/contracts/commits/edit": partial(edit.edit_balance, section="commits", id_name="commit_id"),
    "POST /v2/contracts/credits/edit": partial(edit.edit_balance, section="credits", id_name="credit_id"),
    "POST /v2/contracts/edit": edit.edit,
    "POST /v1/contracts/archive": contract.archive,
    "POST /v1/contracts/create": contract.create,
    "POST /v1/contracts/customerCommits/create": partial(balance.created, section="commits"),
    "POST /v1/contracts/customerCommits/updateEndDate": balance.end_commit,
    "POST /v1/contracts/customerCredits/create": partial(balance.created, section="credits"),
    "POST /v1/contracts/customerCredits/updateEndDate": balance.end_credit,
    "POST /v1/contracts/updateEndDate": contract.update_end_date,
    "POST /v1/credit-types/archive": unit.archive,
    "POST /v1/credit-types/create": unit.create,
    "POST /v1/customFields/addKey": custom_field.add_key,
    "POST /v1/customFields/deleteValues": custom_field.delete_values,
    "POST /v1/customFields/removeKey": custom_field.remove_key,
    "POST /v1/customFields/setValues": custom_field.set_values,
    "POST /v1/customers": customer.create,
    "POST /v1/customers/archive": customer.archive,
    "POST /v2/notifications/archive": notification.archive_offset,
    "POST /v2/notifications/create": notification.create_offset,
    "POST /v2/notifications/edit": notification.edit_offset,
    "POST /v1/customers/{customer_id}/setIngestAliases": customer.set_aliases,
    "POST /v1/customers/{customer_id}/setName": customer.set_name,
    "POST /v1/customers/{customer_id}/updateConfig": customer.update_config,
    "POST /v1/archiveCustomerBillingProviderConfigurations": billing_provider.archive_configurations,
    "POST /v1/setCustomerBillingProviderConfigurations": billing_provider.set_configurations,
    "POST /v1/ingest": usage.ingest,
    "POST /v1/packages/archive": archiving(package.KIND, "package_id", Kind.PACKAGE),
    "POST /v1/packages/create": package.create,
}


def find(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """The endpoint of a request and the ids in its path.

    Raises Refused: 501 for one that the vendor has and the sandbox has not, 405 for another method, 404 for any other.
    """
    wanted = f"{method} {path}"
    table = endpoints()
    if wanted in table:
        return table[wanted], {}
    for name, pattern in _patterns():
        if match := pattern.fullmatch(wanted):
            if name not in table:
                raise Refused(501, f"the sandbox does not answer {name}; Metronome does")
            return table[name], match.groupdict()
    methods = [name.split()[0] for name, pattern in _patterns() if pattern.fullmatch(f"{name.split()[0]} {path}")]
    if methods:
        raise Refused(405, f"{path} is asked with {' or '.join(sorted(set(methods)))}, not with {method}")
    raise Refused(404, f"there is no {wanted}")


@cache
def endpoints() -> dict[str, Endpoint]:
    """Every endpoint by its name, such as `POST /v1/packages/create`."""
    parts = ((_READS, False), (_WRITES, True))
    return {name: Endpoint(name, answer, writes) for part, writes in parts for name, answer in part.items()}


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """The name of every endpoint of the vendor as an expression, those with nothing but literal parts first."""
    names = sorted([*endpoints(), *shapes()["unsupported"]], key=lambda name: name.count("{"))
    return [(name, re.compile(_expression(name))) for name in names]


def _expression(name: str) -> str:
    parts = re.split(r"\{(\w+)\}", name)
    return "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
