"""A rate of a list made to say another schedule: the smallest edit, in the form in which its amounts stand."""

from decimal import Decimal

import pytest

from pricebook.catalog.amount import Scale
from pricebook.catalog.canonical import encode
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import Segment, Timeline
from pricebook.edit.rate_edit import RateEdit, amount_like
from pricebook.edit.rewrite import Unplaceable, rewritten
from pricebook.manifest.locate import extents
from pricebook.manifest.syntax import read_documents


def schedule(*prices: tuple[int, int | None, int]) -> Timeline:
    """Prices in cents, each from a year until another one."""

    def at(year: int | None) -> str | None:
        return f"{year}-01-01T00:00:00Z" if year is not None else None

    terms = [Terms(encode({"entitled": True, "price": price, "rate_type": "FLAT"})) for _, _, price in prices]
    found = [Segment(at(start) or "", at(end), each) for (start, end, _), each in zip(prices, terms, strict=True)]
    return tuple(found)


@pytest.mark.parametrize(
    ("rate", "was", "now", "after"),
    [
        (
            "{starting_at: 2025-01-01, price: $4.00}  # kept",
            schedule((2025, None, 400)),
            schedule((2025, None, 450)),
            "{starting_at: 2025-01-01, price: $4.50}  # kept",
        ),
        (
            "{starting_at: 2025-01-01, price: 400, ending_before: 2029-01-01}",
            schedule((2025, 2029, 400)),
            schedule((2025, 2026, 400), (2026, 2027, 450), (2027, 2029, 500)),
            "{schedule: [{starting_at: 2025-01-01, price: 400}, {starting_at: 2026-01-01, price: 450}, "
            "{starting_at: 2027-01-01, price: 500, ending_before: 2029-01-01}]}",
        ),
        (
            "schedule:\n      - starting_at: '2025-01-01'  # one\n        price: 4.00 USD\n"
            "        ending_before: '2029-01-01'",
            schedule((2025, 2029, 400)),
            schedule((2025, 2026, 400), (2026, 2029, 1200)),
            "schedule:\n      - starting_at: '2025-01-01'  # one\n        price: 4.00 USD\n"
            "        ending_before: '2026-01-01'\n"
            "      - starting_at: '2026-01-01'  # one\n        price: 12.00 USD\n        ending_before: '2029-01-01'",
        ),
    ],
)
def test_the_smallest_edit(rate: str, was: Timeline, now: Timeline, after: str) -> None:
    text = f"rates:\n  - {rate}\n".replace("- schedule", "-\n    schedule") if "\n" in rate else f"rates:\n  - {rate}\n"
    (document,), _ = read_documents("", text)
    assert isinstance(document.data, dict)
    (data,) = document.data["rates"]
    edits = RateEdit(text, extents(text, 0), {"usd": Scale("USD", 2)}).edits(("rates", 0), data, was, now)
    assert rewritten(text, 0, edits) == text.replace(rate, after)


def test_what_cannot_be_said_by_an_edit_of_amounts() -> None:
    text = "rates:\n  - {starting_at: 2025-01-01, price: $4.00}\n"
    data = {"starting_at": "2025-01-01", "price": "$4.00"}
    schedules = schedule((2025, None, 400)), schedule((2024, None, 400))
    with pytest.raises(Unplaceable):
        RateEdit(text, extents(text, 0), {}).edits(("rates", 0), data, *schedules)


@pytest.mark.parametrize(
    ("written", "amount", "digits", "expected"),
    [
        ("$4.00", "450", 2, "$4.50"),
        ("$4", "400.5", 2, "$4.005"),
        ("1,000.50 usd", "200000", 2, "2000.00 usd"),
        ("€5", "7", 0, "€7"),
        ("40", "42", 2, "42"),
    ],
)
def test_an_amount_keeps_its_form(written: str, amount: str, digits: int, expected: str) -> None:
    assert amount_like(written, Decimal(amount), digits) == expected
