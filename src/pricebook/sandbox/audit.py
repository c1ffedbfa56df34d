"""The audit log: every request that changed something, by whom, and what."""

from typing import Any

from pricebook.sandbox.account import CREATED_BY, AccountTransaction, Record
from pricebook.sandbox.call import Body, Call, listed
from pricebook.sandbox.wire import known, stamp

KIND = "audit"
_UNTOLD = ("POST /v1/ingest",)
"""What changes nothing that somebody decided."""


def remember(work: AccountTransaction, endpoint: str, answer: Any) -> None:
    """Keep that an endpoint did what it was asked."""
    if endpoint not in _UNTOLD:
        data = answer.get("data") if isinstance(answer, dict) else None
        id_ = data.get("id") if isinstance(data, dict) else None
        work.add(KIND, known(action=endpoint, resource_id=id_, resource_type=endpoint.split("/")[-2]))


def list_logs(call: Call) -> Body:
    """`auditLogs`, oldest first: of a time, of a resource."""
    conditions, parameters = [], []
    for name, condition in (
        ("starting_on", "created_at >= ?"),
        ("ending_before", "created_at < ?"),
        ("resource_id", "json_extract(body, '$.resource_id') = ?"),
        ("resource_type", "json_extract(body, '$.resource_type') = ?"),
    ):
        if name in call.query:
            conditions.append(condition)
            parameters.append(call.query[name])
    return listed(call, KIND, show, " AND ".join(conditions), *parameters)


def show(_: AccountTransaction, record: Record, __: dict[str, str]) -> Body:
    """An entry as it is read back."""
    return {
        "id": record.id,
        "timestamp": stamp(record.created_at),
        "request": {"id": record.id},
        "actor": {"id": "sandbox", "name": CREATED_BY},
        "status": "success",
        **record.body,
    }
