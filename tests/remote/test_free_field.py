"""A field that holds whatever it was given is read as it was given."""

from typing import Any

import pytest

from pricebook.catalog.override import Override
from pricebook.metronome.wire.field import read


@pytest.mark.parametrize("custom", [{}, {"a": None, "b": [], "c": {"d": None}}])
def test_nothing_of_a_custom_rate_is_lost(custom: dict[str, Any]) -> None:
    answer = {"id": "1", "overwrite_rate": {"rate_type": "CUSTOM", "custom_rate": custom, "price": None}}
    assert read(Override, answer) == {"overwrite_rate": {"rate_type": "CUSTOM", "custom_rate": custom}}
