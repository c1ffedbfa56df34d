"""How many requests go out in a minute."""

from collections.abc import Callable
from threading import Lock

MINUTE = 60.0
SHORTEST = 0.001
BURST = 10
"""The share of the budget, one in so many, that may go out at once."""


class Budget:
    """How many requests a minute may be sent, shared by all workers: never more in any 60 seconds, and evenly.

    A token bucket: a tenth of the budget may go out at once, the rest flows in evenly, which makes the whole budget at
    most in any minute, however requests come. A pause that the server asks for holds for every worker. `clock` is in
    seconds and never goes back; `sleep` waits.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock, self._sleep = clock, sleep
        self._capacity = max(1.0, per_minute // BURST)
        self._rate = max(per_minute - self._capacity, 0.5) / MINUTE
        self._tokens, self._filled_at = self._capacity, clock()
        self._paused_until = 0.0
        self._lock = Lock()

    def take(self) -> None:
        """Wait until one more request may be sent, and count it."""
        while (wait := self._try()) > 0:
            self._sleep(wait)

    def pause(self, seconds: float) -> None:
        """Let nobody send anything for so long."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _try(self) -> float:
        """Take a token and return 0, or the seconds after which to try again."""
        with self._lock:
            now = self._clock()
            if now < self._paused_until:
                return self._paused_until - now
            self._tokens = min(self._capacity, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            if self._tokens >= 1:
                self._tokens -= 1
                return 0.0
            # Never so short that a clock does not show it.
            return max((1 - self._tokens) / self._rate, SHORTEST)
