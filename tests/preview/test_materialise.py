"""Packages in absolute terms: the seed's example, month ends, and what cannot be modelled."""

from decimal import Decimal

from billing import billed, day, starter

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.usage import SeatChange
from pricebook.preview.grant import granted
from pricebook.preview.materialise import materialise
from pricebook.preview.terms import Window, quantities


def test_the_starter_plan_is_what_the_vendor_says() -> None:
    """ "Provisioned with a Starter Plan contract beginning October 1, 2025, with a $10 monthly subscription for the
    contract duration and a $10 recurring credit that ends on Jan 1, 2026"."""
    terms = materialise(starter().packages["starter-plan"], day("2025-10-01"))
    assert (terms.starting_at, terms.ending_before) == (day("2025-10-01"), day("2026-10-01"))
    (fee,) = terms.subscriptions
    assert fee.window == Window(day("2025-10-01"), day("2026-10-01"))
    (credit,) = terms.recurrences
    assert credit.window == Window(day("2025-10-01"), day("2026-01-01"))
    grants = list(granted(terms, quantities(terms, ()), day("2027-01-01"), {}))
    assert [(g.amount, *g.window) for g in grants] == [
        (Decimal(1000), day("2025-10-01"), day("2025-11-01")),
        (Decimal(1000), day("2025-11-01"), day("2025-12-01")),
        (Decimal(1000), day("2025-12-01"), day("2026-01-01")),
    ]
    made = billed("starter-plan", "2025-10-01", "2027-01-01")
    charged = [line for invoice in made.invoices for line in invoice.lines]
    assert [(line.kind, line.amount) for line in charged] == [("subscription", Decimal(1000))] * 12
    assert [invoice.issued_at.month for invoice in made.invoices] == [10, 11, 12, *range(1, 11)]


def test_terms_without_keys_are_called_as_everywhere() -> None:
    """As a plan's paths call them: by what they are about, and where that is shared by their place too."""
    package = starter().packages["starter-plan"]
    fee, credit = package.subscriptions[0], package.recurring_credits[0]
    bare = [term.model_copy(update={"key": None, "name": None}) for term in (fee, credit, credit)]
    package = package.model_copy(update={"subscriptions": (bare[0],), "recurring_credits": tuple(bare[1:])})
    terms = materialise(package, day("2025-10-01"))
    assert [(s.name, s.key) for s in terms.subscriptions] == [
        ("subscriptions[starter-fee MONTHLY]", "starter-fee MONTHLY")
    ]
    assert [r.name for r in terms.recurrences] == [
        "recurring_credits[sign-up-credit #1]",
        "recurring_credits[sign-up-credit #2]",
    ]
    seats = [SeatChange("starter-fee MONTHLY", day("2025-10-16"), Decimal(3))]
    assert quantities(terms, seats)["starter-fee MONTHLY"].at(day("2025-11-01")).quantity == 3


def test_months_clamp_and_leap_years_count() -> None:
    terms = materialise(starter().packages["starter-plan"], day("2024-01-31"))
    assert terms.ending_before == day("2025-01-31")
    grants = granted(terms, quantities(terms, ()), day("2027-01-01"), {})
    assert [g.window for g in grants] == [
        Window(day("2024-01-31"), day("2024-02-29")),
        Window(day("2024-02-29"), day("2024-03-31")),
        Window(day("2024-03-31"), day("2024-04-30")),
    ]


def test_a_package_without_duration_never_ends() -> None:
    assert materialise(starter().packages["good"], day("2025-10-01")).ending_before == FOREVER


def test_dates_stay_dates_and_only_what_lies_in_the_contract() -> None:
    good: Package = starter().packages["good"]
    (enabling, reduced) = good.overrides
    dates = {"starting_at": day("2026-01-01"), "ending_before": day("2026-02-01")}
    relative = {"starting_at_offset": None, "duration": None}
    sold = good.model_copy(update={"overrides": (enabling, reduced.model_copy(update=dates | relative))})
    sale = next(o for o in materialise(sold, day("2026-01-15")).overrides if o.name == "overrides[first-month]")
    assert sale.window == Window(day("2026-01-15"), day("2026-02-01"))
    names = [o.name for o in materialise(sold, day("2026-02-01")).overrides]
    assert names == ["overrides[enable-fee]"], "the sale is over before the contract starts"
    assert Ref(Kind.PACKAGE, "good") in starter().nouns
