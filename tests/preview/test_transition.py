"""A customer whose contract is superseded, or renewed, within the time that is billed; worked out by hand, in cents."""

from dataclasses import replace
from decimal import Decimal

from billing import day
from test_by_hand import fee, packaged, paid, span, use
from test_run_rate import priced
from test_what_changes import in_window
from test_what_changes import priced as tokens_at

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.contract import Contract, Transition, TransitionType
from pricebook.preview.customer import Billing
from pricebook.preview.impact import Sides
from pricebook.preview.population import FOLLOWS, impact
from pricebook.preview.terms import Window

WINDOW = Window(day("2027-01-01"), day("2027-02-01"))
MIDDLE = day("2027-01-15")


def contracts(kind: TransitionType, start: str = "2026-10-01") -> tuple[Contract, Contract]:
    """One on version 1 until January 15, and one on version 2 from then on."""
    card = Ref(Kind.RATE_CARD, "main")
    first = Contract(
        id="old",
        customer="acme",
        package=Ref(Kind.PACKAGE, "p", 1),
        card=card,
        starting_at=day(start),
        ending_before=MIDDLE,
        quantities=(),
    )
    second = replace(first, id="new", package=Ref(Kind.PACKAGE, "p", 2), starting_at=MIDDLE, ending_before=None)
    return first, replace(second, transition=Transition(kind, "old"))


def versions(catalog: Catalog, *packages: Catalog) -> Catalog:
    """The catalogue with the packages as versions of one."""
    made = {Ref(Kind.PACKAGE, "p", at): one.packages["p"] for at, one in enumerate(packages, 1)}
    return Catalog({**catalog.nouns, **made}, catalog.rates)


def test_a_superseded_contract_and_its_successor_share_the_month() -> None:
    """Fees of 31.00 and then 62.00 a month, 14/31 of January for the old contract and 17/31 for the new one; 20 tokens
    at 1.50 before the 15th and 10 after it. So the month costs 14 + 30 and 17 + 15, and then 28 + 30 and 34 + 15. Its
    invoices, of January 15 and February 1, are without the old contract's fee, which was charged before, and with the
    new one's of February: 30 + 17 + 31 + 15, and then 30 + 34 + 62 + 15."""
    old, new = contracts("SUPERSEDE")
    package = packaged([fee("platform", "MONTHLY")])
    billings = [Billing(old, [use("tokens-a", 20, "2027-01-01")]), Billing(new, [use("tokens-a", 10, "2027-01-15")])]
    sides = (versions(priced(MONTHLY=price), package, package) for price in (3100, 6200))
    found = impact(billings, *sides, WINDOW, 1)
    assert found.billed == {"usd": Sides(Decimal(9300), Decimal(14_100))}
    assert found.yearly == {"usd": Sides(Decimal(12 * 7600), Decimal(12 * 10_700))}
    assert found.products["platform", "usd"] == Sides(Decimal(12 * 3100), Decimal(12 * 6200)), "one fee at a time"
    assert (found.people, found.contracts, found.notes) == (1, 2, {})


def test_what_rolls_over_pays_in_the_renewed_contract() -> None:
    """A commit of 100.00, of which half may roll over. 20 tokens at 1.50 leave 70.00, of which 50.00 roll over; 40 more
    are 60.00: 10.00 are left to pay. At 3.00 it leaves 40.00, and 80.00 of 120.00 are to pay. If nothing of the commit
    was left, 30.00 + 60.00, and 60.00 + 120.00."""
    old, new = contracts("RENEWAL")
    commit = paid("c", "100", "PREPAID", days=200, rollover_fraction=Decimal("0.5"))
    first, second = packaged([commit], duration=span(106)), packaged([])
    billings = [Billing(old, [use("tokens-a", 20, "2027-01-01")]), Billing(new, [use("tokens-a", 40, "2027-01-15")])]
    found = impact(billings, *(versions(tokens_at(a=price), first, second) for price in ("150", "300")), WINDOW, 1)
    assert found.billed == {"usd": Sides(Decimal(1000), Decimal(8000))}
    assert found.earlier.customers == 1
    assert in_window(found.earlier.totals) == {"usd": Sides(Decimal(9000), Decimal(18_000))}


def test_what_rolled_over_before_is_not_known() -> None:
    _, new = contracts("RENEWAL")
    known = versions(tokens_at(), packaged([]), packaged([]))
    assert impact([Billing(new, [])], known, known, WINDOW, 1).notes == {FOLLOWS: 1}
