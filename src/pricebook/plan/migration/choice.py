"""Who is chosen: by a hash of the customer, which no clock, no order and no other customer has a part in.

So a customer who was chosen stays chosen, a larger share adds others to those, and nobody changes waves because
contracts come and go.
"""

from decimal import Decimal
from hashlib import blake2b

from pricebook.catalog.migration import Migration
from pricebook.catalog.money import EXACT
from pricebook.plan.contract import Contract

_WHOLE = Decimal(1 << 64)


def position(salt: str, customer: str) -> Decimal:
    """Where the customer stands between 0 (inclusive) and 1 (exclusive), evenly spread."""
    found = blake2b(f"{salt}\0{customer}".encode(errors="surrogatepass"), digest_size=8)
    return EXACT.divide(Decimal(int.from_bytes(found.digest(), "big")), _WHOLE)


class Choice:
    """Whom a migration concerns. `listed` are the customers of its table, None when it has none."""

    def __init__(self, name: str, migration: Migration, listed: frozenset[str] | None = None) -> None:
        whom = migration.whom
        self._migration, self._whom = migration, whom
        self._salt = whom.salt or name
        self._listed = frozenset(whom.customers) if whom.customers else listed
        self._excluded = frozenset(whom.exclude)

    def refusal(self, contract: Contract) -> str:
        """Why the contract is not concerned; empty: it is."""
        whom = self._whom
        if contract.customer in self._excluded:
            return "excluded"
        if self._listed is not None and contract.customer not in self._listed:
            return "not listed"
        if whom.started_from is not None and contract.starting_at < whom.started_from:
            return "started before the time in question"
        if whom.started_before is not None and contract.starting_at >= whom.started_before:
            return "started after the time in question"
        if whom.percentage is not None and position(self._salt, contract.customer) >= whom.percentage:
            return "outside the percentage"
        return ""

    def wave(self, customer: str) -> int | None:
        """The index of the customer's wave; None: in none. Waves are dealt apart from the share that is concerned."""
        return self._migration.wave_of(position(f"{self._salt}/waves", customer))
