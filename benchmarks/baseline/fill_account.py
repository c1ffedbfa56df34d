"""Fills the file of a sandbox: a card of ours with one price, a package on it, and so many customers with a contract
each, every other one on no package. Rows are put in place; one of each kind was made by the sandbox itself.

python fill_account.py FILE CUSTOMERS
"""

import sys
from typing import Any
from uuid import uuid4

from pricebook.catalog.canonical import encode
from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.service import Sandbox
from pricebook.sandbox.wire import Request, decode

START = "2025-01-01T00:00:00Z"
COLUMNS = "kind, id, parent, link, uniqueness_key, created_at, archived_at, body"


def main() -> None:
    """Make the account, and then copies of its customer and contracts."""
    account = SandboxAccount(f"sqlite:///{sys.argv[1]}")
    sandbox = Sandbox(account)

    def post(path: str, **body: object) -> str:
        key = str(uuid4())
        headers = {"authorization": f"Bearer {sandbox.token}", "idempotency-key": key}
        answer = sandbox.handle(Request("POST", path, {}, headers, encode(body).encode()))
        assert answer.status == 200, answer.body
        said: Any = decode(answer.body) if answer.body else {"data": {}}
        return str(said["data"].get("id"))

    for entity in ("contract_product", "rate_card"):
        post("/v1/customFields/addKey", entity=entity, key="pricebook_ref", enforce_uniqueness=True)
    mark = "bench/product:seat"
    seat = post(
        "/v1/contract-pricing/products/create", name="Seat", type="SUBSCRIPTION", custom_fields={"pricebook_ref": mark}
    )
    card = post(
        "/v1/contract-pricing/rate-cards/create", name="List", custom_fields={"pricebook_ref": "bench/rate-card:list"}
    )
    rate = {"product_id": seat, "starting_at": START, "entitled": True, "rate_type": "FLAT", "price": 1000}
    rate["billing_frequency"] = "MONTHLY"
    post("/v1/contract-pricing/rate-cards/addRates", rate_card_id=card, rates=[rate])
    term = {
        "subscription_rate": {"product_id": seat, "billing_frequency": "MONTHLY"},
        "collection_schedule": "ADVANCE",
        "initial_quantity": 3,
        "proration": {"is_prorated": True},
    }
    key = "pricebook/bench/pro@1/0"
    package = post("/v1/packages/create", name="Pro", rate_card_id=card, uniqueness_key=key, subscriptions=[term])
    customer = post("/v1/customers", name="Somebody", ingest_aliases=["somebody"])
    on = post("/v1/contracts/create", customer_id=customer, starting_at=START, package_id=package)
    off = post("/v1/contracts/create", customer_id=customer, starting_at=START, rate_card_id=card, subscriptions=[term])
    with account.transaction(START, writes=True) as work:
        sql = f"SELECT {COLUMNS} FROM object WHERE id = ?"
        one, *contracts = (work.one(sql, id_) for id_ in (customer, on, off))
        assert one is not None
        copies = []
        for number in range(int(sys.argv[2]) - 1):
            id_ = str(uuid4())
            body = one[7].replace("somebody", f"somebody-{number}")
            copies.append((one[0], id_, *one[2:7], body))
            contract = contracts[number % 2]
            assert contract is not None
            made = str(uuid4())
            copies.append((contract[0], made, id_, *contract[3:7], contract[7].replace(contract[1], made)))
        work.many(f"INSERT INTO object ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", copies)
    account.close()


if __name__ == "__main__":
    main()
