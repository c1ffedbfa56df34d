"""What happened to a commit or credit: granted, taken by invoices, trued up, expired."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from pricebook.preview.price import EXACT, ZERO, summed
from pricebook.preview.terms import Grant
from pricebook.sandbox.call import Body
from pricebook.sandbox.wire import known, stamp, stamp_at

PREFIX = {"PREPAID": "PREPAID_COMMIT", "POSTPAID": "POSTPAID_COMMIT", "CREDIT": "CREDIT"}
"""What the types of a ledger's entries begin with, by the kind of balance."""


@dataclass(slots=True)
class BalancePart:
    """One part of an access schedule: what it grants when, and what invoices took: (invoice, date, amount, final)."""

    id: str
    grant: Grant
    taken: list[tuple[str, datetime, Decimal, bool]] = field(default_factory=list)
    trued_up: tuple[str, datetime, Decimal] | None = None

    def left(self, *, drafts: bool = True) -> Decimal:
        """What is left of it."""
        taken = summed(amount for _, _, amount, final in self.taken if final or drafts)
        return EXACT.subtract(self.grant.amount, taken)


@dataclass(slots=True)
class AccountBalance:
    """A commit or credit: as it is kept, in which list, and its segments."""

    said: Body
    section: str
    contract: str | None
    segments: list[BalancePart]

    def now(self, at: datetime, *, drafts: bool = True) -> Decimal:
        """What can be used at an instant: "currently accessible amounts, excluding expired/future segments" (SDK)."""
        return summed(max(s.left(drafts=drafts), ZERO) for s in self.segments if s.grant.window.covers(at))


def ledger(balance: AccountBalance, now: datetime) -> list[Body]:
    """What happened to a balance, by date."""
    return sorted(_ledger(balance, now), key=lambda entry: str(entry["timestamp"]))


def _ledger(balance: AccountBalance, now: datetime) -> Iterator[Body]:
    """What happened to a balance: granted, taken by invoices, trued up, expired."""
    for segment in balance.segments:
        grant, kind = segment.grant, PREFIX[segment.grant.kind]
        start, end = grant.window
        of = {} if grant.kind == "POSTPAID" else {"segment_id": segment.id}
        first = "POSTPAID_COMMIT_INITIAL_BALANCE" if grant.kind == "POSTPAID" else f"{kind}_SEGMENT_START"
        entries = [one for one in balance.said.get("manual_entries", ()) if one["segment_id"] == segment.id]
        if start <= now:
            granted = EXACT.subtract(grant.amount, summed(one["amount"] for one in entries))
            yield {"type": first, "amount": granted, "timestamp": stamp_at(start), **of}
        for one in entries:
            of_entry = {"amount": one["amount"], "reason": one["reason"], "timestamp": stamp(one["timestamp"])}
            yield {"type": f"{kind}_MANUAL", **of_entry}
        for invoice, at, amount, _ in segment.taken:
            yield known(
                type=f"{kind}_AUTOMATED_INVOICE_DEDUCTION",
                amount=EXACT.minus(amount),
                timestamp=stamp_at(at),
                segment_id=segment.id,
                invoice_id=invoice,
                contract_id=balance.contract,
            )
        left = segment.left()
        if segment.trued_up is not None:
            invoice, at, amount = segment.trued_up
            entry = {"type": "POSTPAID_COMMIT_TRUEUP", "amount": EXACT.minus(amount), "timestamp": stamp_at(at)}
            yield entry | {"invoice_id": invoice}
        elif end <= now and left > ZERO:
            yield {"type": f"{kind}_EXPIRATION", "amount": EXACT.minus(left), "timestamp": stamp_at(end), **of}
