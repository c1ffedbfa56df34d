"""Products. The type never changes; everything else changes from an hour on, and the history is shown.

An archived one gets no new rates; what there is goes on.
"""

from pricebook.account.refusal import Refused
from pricebook.catalog.product import Product
from pricebook.sandbox.account import CREATED_BY, AccountTransaction, Record
from pricebook.sandbox.call import Body, Call, check_instants, id_answer
from pricebook.sandbox.metric import KIND as METRIC
from pricebook.sandbox.rule import check_rules
from pricebook.sandbox.wire import known, stamp

KIND = "contract_product"
"""The name of products among the entities of custom fields."""


def create(call: Call) -> Body:
    """`products/create`."""
    body = dict(call.body)
    fields = body.pop("custom_fields", {})
    kind = body.pop("type")
    kind = "PRO_SERVICE" if kind == "PROFESSIONAL_SERVICE" else kind
    _check(call.work, kind, body, body)
    state = {"created_at": stamp(call.work.now), "created_by": CREATED_BY, **known(**body)}
    return id_answer(call.work.add(KIND, {"type": kind, "initial": state, "updates": []}, fields=fields))


def update(call: Call) -> Body:
    """`products/update`, from `starting_at` on. What the request does not name stays as it is."""
    body = dict(call.body)
    record = call.work.live(KIND, body.pop("product_id"))
    check_instants(body)
    told = ("created_at", "created_by", "starting_at")
    before = {name: value for name, value in current(record, call.work.now).items() if name not in told}
    _check(call.work, record.body["type"], {**before, **body}, body)
    change = {**body, "starting_at": stamp(body["starting_at"])}
    change |= {"created_at": stamp(call.work.now), "created_by": CREATED_BY}
    call.work.put(record, record.body | {"updates": [*record.body["updates"], change]})
    return id_answer(record.id)


def check_live(record: Record | None, id_: str, at: str) -> Record:
    """The product that something names, which is there and not archived. Raises Refused (400)."""
    if record is None:
        raise Refused(400, f"{at}: there is no product {id_}")
    if record.archived_at is not None:
        raise Refused(400, f"{at}: the product {id_} is archived")
    return record


def current(record: Record, now: str) -> Body:
    """The state of a product at an instant: its initial one, and every update that has begun, by their start."""
    state: Body = dict(record.body["initial"])
    for change in sorted(record.body["updates"], key=lambda update: update["starting_at"]):
        if change["starting_at"] <= stamp(now):
            state |= change
    return known(**state)


def _check(work: AccountTransaction, kind: str, state: Body, named: Body) -> None:
    """It is a product of its type, and what the request names exists. Raises Refused (400).

    A metric that it has already may be archived by now.
    """
    said = {name: value for name, value in state.items() if name != "starting_at"}
    check_rules(Product, {**known(**said), "type": kind})
    if named.get("billable_metric_id") is not None:
        work.live(METRIC, named["billable_metric_id"], 400)
    for id_ in named.get("composite_product_ids", ()):
        work.get(KIND, id_, 400)


_UNSEEN = ("sql_breakdown_granularity", "composite_scope")
"""What is kept and not read back: the SDK's `ProductListItemState` has neither."""


def show(work: AccountTransaction, record: Record, fields: dict[str, str]) -> Body:
    """A product as it is read back."""

    def seen(state: Body) -> Body:
        return {name: value for name, value in state.items() if name not in _UNSEEN}

    return {
        "id": record.id,
        "type": record.body["type"],
        "initial": seen(record.body["initial"]),
        "current": seen(current(record, work.now)),
        "updates": [seen(update) for update in record.body["updates"]],
        "custom_fields": fields,
        "archived_at": stamp(record.archived_at),
    }
