"""A sandbox over HTTP, and the vendor's own client for it. Every answer is judged by the vendor's document."""

from collections.abc import Iterator

import pytest
from metronome import Metronome
from vendor_document import judged

from pricebook.sandbox.server import Served, serving


@pytest.fixture
def served() -> Iterator[Served]:
    """A sandbox with an empty account, at a port of this machine."""
    with serving() as found:
        problems = judged(found.sandbox)
        yield found
        assert problems == []


@pytest.fixture
def client(served: Served) -> Iterator[Metronome]:
    """The vendor's SDK. It tries nothing twice, and takes no answer that is not as its types say."""
    with Metronome(
        bearer_token=served.token, base_url=served.url, max_retries=0, _strict_response_validation=True
    ) as found:
        yield found
