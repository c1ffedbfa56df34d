"""schemathesis over the sandbox's part of the vendor's document: bodies as documented, and bodies that are not.

No answer is an internal error, and each is as the document says. Where a generated body names ids, they are made those
of objects that are there, and instants are put on the hour: otherwise few bodies would get past the first refusal.
"""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import schemathesis
import shape_source
import vendor_document
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET

from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.endpoint import endpoints
from pricebook.sandbox.service import Sandbox
from pricebook.sandbox.wire import Request

NOW = datetime(2025, 6, 1, tzinfo=UTC)
pytestmark = pytest.mark.whole
EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 5}
NEVER = {
    "GET /v1/customers/{customer_id}/invoices/{invoice_id}": "no invoice has a generated id",
    "POST /v1/contracts/addManualBalanceLedgerEntry": "nor has a part of a balance",
    "POST /v1/contracts/getSubscriptionQuantityHistory": "nor a subscription",
    "POST /v1/contracts/getSubscriptionSeatsHistory": "nor a subscription",
    "POST /v2/contracts/edit": "nor the terms that it edits",
    "POST /v1/usage/groups": "it is asked of the current period, or of no time",
    "POST /v1/contracts/amend": "its terms name each other by keys that are not generated to fit",
    "POST /v1/alerts/create": "what a type of alert needs beside it is said in words alone",
    "POST /v2/notifications/create": "an offset is any text there",
    "POST /v2/notifications/edit": "so it is, and the type of an event",
    "POST /v1/customFields/setValues": "the keys of the body are declared for nothing",
    "POST /v1/customFields/removeKey": "so is its key",
    "POST /v1/customFields/deleteValues": "its entity is seldom that of the object",
    "POST /v1/packages/create": "its terms name each other by keys that are not generated to fit",
    "POST /v1/billable-metrics/create": "a query stands beside an aggregation",
    "POST /v1/contract-pricing/rate-cards/addRate": "its terms are those of another type of rate",
    "POST /v1/contracts/create": "it has terms of its own beside the package",
}
"""Operations whose generated bodies need not succeed, and why."""


@cache
def part() -> Any:
    """The document without what the sandbox does not answer, and without fields that it does not name."""
    document = shape_source.document()
    paths: dict[str, Any] = {}
    for name in endpoints():
        method, _, path = name.partition(" ")
        if path in document["paths"]:
            paths.setdefault(path, {})[method.lower()] = document["paths"][path][method.lower()]
    return schemathesis.openapi.from_dict(_closed({**document, "paths": paths}))


def _closed(value: Any) -> Any:
    """Objects with named fields have no other ones; those that are folded by `allOf` are left alone."""
    if isinstance(value, list):
        return [_closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {name: one if name == "allOf" else _closed(one) for name, one in value.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def operations() -> dict[str, Any]:
    """Every operation of the part, by name."""
    found = [result.ok() for result in part().get_all_operations()]
    return {f"{operation.method.upper()} {operation.path}": operation for operation in found}


def account_with_one_of_each() -> tuple[Sandbox, dict[str, str]]:
    """A sandbox, and the ids of one object of each kind by the names that fields have for them."""
    sandbox = Sandbox(SandboxAccount(), clock=lambda: NOW)

    def make(path: str, **body: Any) -> str:
        answer = send(sandbox, "POST", path, body)
        assert answer[0] == 200, answer
        return str(json.loads(answer[1])["data"]["id"])

    product = make("/v1/contract-pricing/products/create", name="A", type="FIXED")
    card = make("/v1/contract-pricing/rate-cards/create", name="A")
    package = make("/v1/packages/create", name="A", rate_card_id=card)
    customer = make("/v1/customers", name="A")
    contract = make(
        "/v1/contracts/create", customer_id=customer, package_id=package, starting_at="2025-01-01T00:00:00Z"
    )
    metric = make("/v1/billable-metrics/create", name="A", aggregation_type="COUNT")
    unit = make("/v1/credit-types/create", name="A")
    alert = make("/v1/alerts/create", alert_type="invoice_total_reached", name="A", threshold=1)
    offset = make("/v2/notifications/create", name="A", policy={"type": "contract.start", "offset": "P1D"})
    start, end = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    schedule = {"schedule_items": [{"amount": 5, "starting_at": start, "ending_before": end}]}
    of = {"customer_id": customer, "product_id": product, "priority": 1, "access_schedule": schedule}
    commit = make("/v1/contracts/customerCommits/create", type="PREPAID", **of)
    credit = make("/v1/contracts/customerCredits/create", **of)
    usd = "2714e483-4ff1-48e4-9e25-ac732e8f24f2"
    return sandbox, {
        "product_id": product,
        "rate_card_id": card,
        "package_id": package,
        "customer_id": customer,
        "contract_id": contract,
        "commit_id": commit,
        "credit_id": credit,
        "from_contract_id": contract,
        "billable_metric_id": metric,
        "credit_type_id": usd,
        "fiat_credit_type_id": usd,
        "custom_credit_type_id": unit,
        "entity_id": product,
        "alert_id": alert,
        "POST /v1/alerts/archive": alert,
        "POST /v2/notifications/archive": offset,
        "POST /v2/notifications/get": offset,
        "POST /v1/billable-metrics/archive": metric,
        "POST /v1/contract-pricing/products/get": product,
        "POST /v1/contract-pricing/rate-cards/get": card,
        "POST /v1/contract-pricing/rate-cards/archive": card,
        "POST /v1/customers/archive": customer,
    }


def send(sandbox: Sandbox, method: str, path: str, body: Any, query: Any = None) -> tuple[int, bytes]:
    """Ask the sandbox, without a socket."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not NOT_SET else b""
    asked = {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in (query or {}).items()}
    answer = sandbox.handle(Request(method, path, asked, {"authorization": "Bearer sandbox"}, text))
    return answer.status, answer.body


def meant(value: Any, ids: dict[str, str], operation: str) -> Any:
    """A generated body with the ids of what is there, instants on the hour, and no group values."""
    if isinstance(value, list):
        return [meant(one, ids, operation) for one in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for name, one in value.items():
        if isinstance(one, str) and (name in ids or (name == "id" and operation in ids)):
            made[name] = ids[operation if name == "id" else name]
        elif isinstance(one, str) and re.match(r"\d{4}-\d\d-\d\dT\d\d:", one):
            made[name] = f"{'2030' if name == 'ending_before' else '2025'}{one[4:14]}00:00Z"
        elif name not in ("pricing_group_values", "custom_fields"):
            made[name] = meant(one, ids, operation)
    return made


@pytest.mark.parametrize("name", sorted(operations()))
def test_every_answer_is_documented(name: str) -> None:
    sandbox, ids = account_with_one_of_each()
    documented, problems = asked(sandbox, name, GenerationMode.POSITIVE, ids)
    undocumented, more = asked(sandbox, name, GenerationMode.NEGATIVE, {})
    assert problems + more == []
    assert documented[200] or name in NEVER, documented
    assert undocumented


def asked(sandbox: Sandbox, name: str, mode: GenerationMode, ids: dict[str, str]) -> tuple[Counter[int], list[str]]:
    """Ask some generated examples of an operation: how often each status came, and what is wrong with the answers."""
    problems: list[str] = []
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES[mode],
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(operations()[name].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        body = meant(case.body, ids, name) if ids else case.body
        path = re.sub(r"{(\w+)}", lambda part: ids.get(part[1], str(case.path_parameters[part[1]])), case.path)
        status, answer = send(sandbox, case.method, path, body, case.query)
        statuses[status] += 1
        if status >= 500 and status != 501:
            problems.append(f"{status} {answer!r} for {body!r}")
        problems.extend(vendor_document.check_answer(case.method, path, status, answer))

    ask()
    return statuses, problems
