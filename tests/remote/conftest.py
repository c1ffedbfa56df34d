"""An empty account for every test."""

from collections.abc import Iterator

import pytest

from vendor import Vendor
from vendor import vendor as empty


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """An empty account."""
    with empty() as found:
        yield found
