"""What an impact says of itself: both ends, where nobody knows what is left of balances."""

from datetime import UTC, datetime
from decimal import Decimal

from pricebook.catalog.unit import BUILT_IN, scale_of
from pricebook.preview.impact import CustomerRow, Earlier, Impact, Sides
from pricebook.preview.terms import Window
from pricebook.usage.assessment import Assessment
from pricebook.usage.measure import Census
from pricebook.view.impact import ImpactView
from pricebook.view.impact_table import impact_view, limits_of

SCALES = {name: scale_of(unit) for name, unit in BUILT_IN.items()}
TWO_MONTHS = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


def view(earlier: Earlier) -> ImpactView:
    found = Impact(TWO_MONTHS, 2, limits_of(None), 2, earlier=earlier)
    sides = Sides(Decimal(2400), Decimal(3000))
    for customer, billed in (("ann", sides), ("bob", Sides())):
        found.customer([CustomerRow(customer, "usd", 1, billed, billed.times(Decimal(6)))])
    return impact_view(SCALES, Assessment(found, Census(10), TWO_MONTHS, {}, assume_migrated=False))


def test_what_rests_on_balances_of_before_comes_first_with_both_ends() -> None:
    earlier = Earlier(
        1, {"usd": Sides(Decimal(24_000), Decimal(30_000))}, {"usd": Sides(Decimal(38_400), Decimal(48_000))}
    )
    found = view(earlier)
    assert found.caveats[:2] == (
        "1 of 2 customers draw from balances that were granted before; what is left of those only the vendor knows",
        "as if nothing were used of them yet, they pay $20.00 a month before and $25.00 after; if nothing is left of "
        "them, the bills of all customers change by +$8.00 a month (+25.0 %)",
    )
    assert found.earlier_balances.customers == 1
    assert found.earlier_balances.totals_if_used_up[0].change == Decimal(8)


def test_where_no_bill_draws_from_them_nothing_is_said() -> None:
    found = view(Earlier(totals={"usd": Sides(Decimal(14_400), Decimal(18_000))}))
    assert found.caveats == ()
