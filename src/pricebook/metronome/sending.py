"""Sending what changes something: never twice blindly. After a lost answer comes a look, and only then another try.

The idempotency key is made from the request, from the look that it follows, and from the number of the try since: the
same within one try, so that nothing is done twice by the network, and another one after every look and every refusal,
so that neither a stored error nor an earlier, equal request can answer for this one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pricebook.apply.ports import OutcomeUnknown, StoreError, StoreRefused
from pricebook.catalog.canonical import digest, encode
from pricebook.metronome.client import Client

TRIES = 4
"""How often a change is sent before it is left to the next run, with a look before each but the first."""


class Sender:
    """Sends changes to one account. `nonce` gives a text that was never given before."""

    def __init__(self, client: Client, nonce: Callable[[], str], sleep: Callable[[float], None]) -> None:
        self._client, self._nonce, self._sleep = client, nonce, sleep
        self._look = nonce()

    def looked(self) -> None:
        """It is known what became of all that was sent: that has nothing to do with what is sent from now on."""
        self._look = self._nonce()

    def send(
        self, path: str, body: Mapping[str, Any], *, done: Callable[[], str | None], method: str = "POST"
    ) -> str | None:
        """Make the request, and return the id in its answer, or what `done` found when the answer was lost.

        `done` looks into the account whether the change is there, and returns the id of its object, or None. Raises
        StoreRefused, OutcomeUnknown when even looking did not tell, StoreError when nothing could be sent.
        """
        lost: OutcomeUnknown | None = None
        for number in range(TRIES):
            if lost is not None:
                self._sleep(min(0.25 * 2**number, 5.0))
                try:
                    found = done()
                except StoreError as error:
                    raise OutcomeUnknown(f"{lost.message}; nor could it be looked up: {error.message}", AGAIN) from None
                self.looked()
                if found is not None:
                    return found
            key = f"pricebook-{self._look}-{digest(encode((method, path, body)))}"
            try:
                answer = self._client.write(method, path, body, key)
            except OutcomeUnknown as unknown:
                lost = unknown
                continue
            except StoreRefused:
                self.looked()  # it is known that nothing was done, and the refusal was kept under the key
                raise
            data = answer.get("data") if isinstance(answer, dict) else None
            return data.get("id") if isinstance(data, dict) else None
        assert lost is not None
        raise OutcomeUnknown(lost.message, AGAIN)


AGAIN = "run the same command again: it looks first, and does not send twice what is there"
