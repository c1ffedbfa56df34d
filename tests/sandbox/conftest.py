"""A sandbox over HTTP, and the vendor's own client for it."""

from collections.abc import Iterator

import pytest
from metronome import Metronome

from pricebook.sandbox.server import Served, serving


@pytest.fixture
def served() -> Iterator[Served]:
    """A sandbox with an empty account, at a port of this machine."""
    with serving() as found:
        yield found


@pytest.fixture
def client(served: Served) -> Iterator[Metronome]:
    """The vendor's SDK, which tries nothing twice."""
    with Metronome(bearer_token=served.token, base_url=served.url, max_retries=0) as found:
        yield found
