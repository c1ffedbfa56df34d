"""Usage events: taken in, once for each transaction id. Nothing is metered here."""

from pricebook.account.refusal import Refused
from pricebook.sandbox.call import Call
from pricebook.sandbox.shape import read_instant
from pricebook.sandbox.wire import encode


def ingest(call: Call) -> None:
    """`ingest`: up to a hundred events; one whose transaction id was seen before is left out."""
    for index, event in enumerate(call.body):
        if read_instant(event["timestamp"]) is None:
            raise Refused(400, f"[{index}].timestamp must be an RFC 3339 timestamp")
    call.work.many(
        "INSERT OR IGNORE INTO event (transaction_id, received_at, body) VALUES (?, ?, ?)",
        [(event["transaction_id"], call.work.now, encode(event)) for event in call.body],
    )
