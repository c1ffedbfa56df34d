"""Invoices worked out by hand, a case a line or two, with the arithmetic beside it.

The card is that of `worked`: tokens of model a cost 2.00 (1.50 from 2025-11-16), of model b 4.00 (3.00 as a commit
rate); api 0.10 for the first 100, then 0.05; storage 0.20. Fees: starter 10.00, seat 30.00, platform 7.00 a week, 31.00
a month, 92.00 a quarter, 365.00 a year.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from billing import day, prices_of
from test_worked import worked

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.usage import Quantity, SeatChange
from pricebook.preview.bill import bill, rolled_over
from pricebook.preview.invoice import Bill
from pricebook.preview.materialise import materialise
from pricebook.preview.tariff import Prices, Tariff

Term = tuple[str, dict[str, Any]]
OCTOBER = "2025-10-01"


def cents(dollars: str) -> Decimal:
    return Decimal(dollars) * 100


def span(days: int) -> dict[str, Any]:
    return {"value": days, "unit": "DAYS"}


def paid(key: str, amount: str, kind: str = "CREDIT", days: int = 365, start: int = 0, **more: Any) -> Term:
    """A credit or commit; `cost` is what it is bought for, a POSTPAID one is trued up at its end."""
    item = {"amount": cents(amount), "starting_at_offset": span(start), "duration": span(days)}
    spec: dict[str, Any] = {"key": key, "product": "credit", "access_schedule": {"schedule_items": [item]}}
    cost = more.pop("cost", None)
    spec |= {"priority": 1} | more
    if kind == "CREDIT":
        return "credits", spec
    price, at = (amount, start + days) if kind == "POSTPAID" else (cost or "0", start)
    items = [{"unit_price": cents(price), "quantity": 1, "date_offset": span(at)}]
    return "commits", spec | {"type": kind, "invoice_schedule": {"schedule_items": items}}


def over(kind: str, value: Any, product: str = "tokens", start: int = 0, **more: Any) -> Term:
    """An override: a price of an OVERWRITE, prices of tiers, a factor of a MULTIPLIER, whether it is entitled."""
    names = {"any_commits_or_credits": more.pop("names")} if "names" in more else {}
    spec = {"override_specifiers": [{"product": product, **names}], "starting_at_offset": span(start)} | more
    match kind:
        case "OVERWRITE" if isinstance(value, list):
            tiers = [{"price": cents(p)} | ({"size": s} if s else {}) for p, s in value]
            return "overrides", spec | {"type": kind, "overwrite_rate": {"rate_type": "TIERED", "tiers": tiers}}
        case "OVERWRITE":
            return "overrides", spec | {"type": kind, "overwrite_rate": {"rate_type": "FLAT", "price": cents(value)}}
        case "MULTIPLIER":
            return "overrides", spec | {"type": kind, "multiplier": Decimal(value)}
    return "overrides", spec | {"entitled": value}


def fee(product: str, frequency: str, schedule: str = "ADVANCE", seats: int = 1, **proration: Any) -> Term:
    spec = {
        "key": "fee",
        "subscription_rate": {"product": product, "billing_frequency": frequency},
        "collection_schedule": schedule,
        "initial_quantity": seats,
        "proration": {"is_prorated": True} | proration,
    }
    return "subscriptions", spec


def rounded(method: str, places: int) -> dict[str, Any]:
    return {"rounding": {"rounding_method": method, "decimal_places": places}}


def packaged(terms: list[Term], **spec: Any) -> Catalog:
    whole: dict[str, Any] = {"name": "p", "rate_card": "main"} | spec
    for section, term in terms:
        whole.setdefault(section, []).append(term)
    return Catalog(
        {**worked().catalog.nouns, Ref(Kind.PACKAGE, "p"): noun_of(Kind.PACKAGE, whole)}, worked().catalog.rates
    )


def use(product: str, number: int | str, at: str = "2025-10-10") -> Quantity:
    """`tokens-a` are tokens of model a."""
    name, _, model = product.partition("-")
    return Quantity(name, (("model", model),) if model else (), day(at), Decimal(number))


@dataclass
class Case:
    """`invoices` are those that are not 0: `2025-11-01 8.00`."""

    terms: list[Term]
    usage: list[Quantity]
    invoices: list[str]
    until: str = "2025-11-01"
    start: str = OCTOBER
    seats: tuple[tuple[str, int], ...] = ()
    anchor: datetime | None = None
    spec: dict[str, Any] | None = None

    def bill(self) -> Bill:
        catalog = packaged(self.terms, **(self.spec or {}))
        terms = materialise(catalog.packages["p"], day(self.start), self.anchor)
        seats = [SeatChange("fee", day(at), Decimal(n)) for at, n in self.seats]
        return bill(Prices(Tariff(catalog, "main"), terms), self.usage, seats, day(self.until))


TWENTY = [use("tokens-a", 20)]
EXPLICIT = {"multiplier_override_prioritization": "EXPLICIT"}
SPECIFIC: dict[str, Any] = {"is_commit_specific": True}
A, B = ({"specifiers": [{"product": "tokens", "pricing_group_values": {"model": m}}]} for m in "ab")
ON_STORAGE, ON_TOKENS, ON_API = ({"applicable_products": [p]} for p in ("storage", "tokens", "api"))
TEN_GB = use("storage", 10240, "2025-10-20")  # ÷ 1024 = 10, × 0.20 = 2.00

CASES = {
    # --- which override holds
    "an overwrite": Case([over("OVERWRITE", "1.00")], TWENTY, ["2025-11-01 20.00"]),  # 20 × 1.00
    "an overwrite before a multiplier": Case(  # 20 × 1.50, not 20 × 2.00 × 0.5
        [over("MULTIPLIER", "0.5"), over("OVERWRITE", "1.50")], TWENTY, ["2025-11-01 30.00"]
    ),
    "the overwrite added last, though it starts first": Case(  # 20 × 1.20
        [over("OVERWRITE", "1.00", start=5), over("OVERWRITE", "1.20")], TWENTY, ["2025-11-01 24.00"]
    ),
    "the one added last has ended": Case(  # 20 × 1.00
        [over("OVERWRITE", "1.00"), over("OVERWRITE", "0.50", duration=span(5))], TWENTY, ["2025-11-01 20.00"]
    ),
    "the one added last holds for five days": Case(  # 4 × 0.50 + 20 × 1.00
        [over("OVERWRITE", "1.00"), over("OVERWRITE", "0.50", duration=span(5))],
        [use("tokens-a", 4, "2025-10-05"), *TWENTY],
        ["2025-11-01 22.00"],
    ),
    "the lowest multiplier": Case(  # 20 × 2.00 × 0.7
        [over("MULTIPLIER", "0.9"), over("MULTIPLIER", "0.7")], TWENTY, ["2025-11-01 28.00"]
    ),
    "the first priority": Case(  # 20 × 2.00 × 0.9
        [over("MULTIPLIER", "0.7", priority=2), over("MULTIPLIER", "0.9", priority=1)],
        TWENTY,
        ["2025-11-01 36.00"],
        spec=EXPLICIT,
    ),
    "a commit-specific multiplier before an overwrite": Case(  # 10.00 ÷ (2.00 × 0.5) = 10 units; 10 × 1.50
        [over("OVERWRITE", "1.50"), over("MULTIPLIER", "0.5", **SPECIFIC), paid("c", "10")],
        TWENTY,
        ["2025-11-01 15.00"],
    ),
    "a commit-specific overwrite before a commit-specific multiplier": Case(  # 5.00 ÷ 0.50 = 10 units; 10 × 2.00
        [over("OVERWRITE", "0.50", **SPECIFIC), over("MULTIPLIER", "0.1", **SPECIFIC), paid("c", "5")],
        TWENTY,
        ["2025-11-01 20.00"],
    ),
    "of two commit-specific overwrites the last": Case(  # 5.00 ÷ 1.00 = 5 units; 15 × 2.00
        [over("OVERWRITE", "0.50", **SPECIFIC, start=3), over("OVERWRITE", "1.00", **SPECIFIC), paid("c", "5")],
        TWENTY,
        ["2025-11-01 30.00"],
    ),
    "one that names a credit": Case(  # 4.00 ÷ 1.00 = 4 units, 10.00 ÷ 2.00 = 5 units; 11 × 2.00
        [over("MULTIPLIER", "0.5", **SPECIFIC, names=["this"]), paid("this", "4"), paid("other", "10")],
        TWENTY,
        ["2025-11-01 22.00"],
    ),
    "one that holds for a commit to be paid later": Case(  # 20 × 1.00; 100.00 − 20.00 when it ends, on December 30
        [over("MULTIPLIER", "0.5", **SPECIFIC), paid("min", "100", "POSTPAID", days=90)],
        TWENTY,
        ["2025-11-01 20.00", "2025-12-30 80.00"],
        until="2026-01-01",
    ),
    "a commit rate": Case(  # 9.00 ÷ 3.00 = 3 units; 2 × 4.00
        [paid("c", "9", "PREPAID", rate_type="COMMIT_RATE")], [use("tokens-b", 5)], ["2025-11-01 8.00"]
    ),
    "a commit rate that there is not": Case(  # 9.00 ÷ 1.50 = 6 units; 4 × 1.50: the list price, and its overrides
        [over("OVERWRITE", "1.50"), paid("c", "9", "PREPAID", rate_type="COMMIT_RATE")],
        [use("tokens-a", 10)],
        ["2025-11-01 6.00"],
    ),
    "an overwrite leaves the commit rate alone": Case(  # 9.00 ÷ 3.00 = 3 units; 2 × 1.00
        [over("OVERWRITE", "1.00"), paid("c", "9", "PREPAID", rate_type="COMMIT_RATE")],
        [use("tokens-b", 5)],
        ["2025-11-01 2.00"],
    ),
    "tiers go on where a balance ends": Case(
        # 50 × 0.02 + 20 × 0.01 = 1.20 are paid; then 30 × 0.10 up to the hundredth, and 50 × 0.05
        [over("OVERWRITE", [("0.02", 50), ("0.01", None)], "api", **SPECIFIC), paid("c", "1.20")],
        [use("api", 150)],
        ["2025-11-01 5.50"],
    ),
    "entitled by the one added last": Case(  # 20 × 2.00
        [over("ENTITLED", False, start=3), over("ENTITLED", True)], TWENTY, ["2025-11-01 40.00"]
    ),
    # --- which balance pays, and which line
    "a commit to be paid later comes last": Case(
        # 20.00 used: the credit pays 10.00 though its priority is worse; 10.00 count; 100.00 − 10.00 on December 30
        [paid("min", "100", "POSTPAID", days=90), paid("c", "10", priority=5)],
        [use("tokens-a", 10)],
        ["2025-11-01 10.00", "2025-12-30 90.00"],
        until="2026-01-01",
    ),
    "the dearer line first": Case(  # b 2 × 4.00 takes what is for all, a 5 × 2.00 what is for a
        [paid("all", "8"), paid("a", "10", priority=2, **A)],
        [use("tokens-a", 5, "2025-10-02"), use("tokens-b", 2, "2025-10-20")],
        [],
    ),
    "the dearer line first, and the cheaper is left": Case(  # b 2 × 4.00 takes 8.00 of 9.00; a 5 × 2.00 − 1.00
        [paid("all", "9"), paid("b", "8", priority=2, **B)],
        [use("tokens-a", 5, "2025-10-02"), use("tokens-b", 2, "2025-10-20")],
        ["2025-11-01 9.00"],
    ),
    "of equal prices by name": Case(  # Storage 10 × 0.20 comes before Tokens 10 × 0.20
        [over("OVERWRITE", "0.20"), paid("all", "2"), paid("t", "2", priority=2, **ON_TOKENS)],
        [use("tokens-a", 10), TEN_GB],
        [],
    ),
    "of equal names and prices by group": Case(  # a 10 × 0.20 comes before b 10 × 0.20
        [over("OVERWRITE", "0.20"), paid("all", "2"), paid("b", "2", priority=2, **B)],
        [use("tokens-b", 10), use("tokens-a", 10, "2025-10-20")],
        [],
    ),
    "each tier is a line": Case(
        # 100 × 0.10 = 10.00 and tokens 10 × 0.07 = 0.70 take what is for all, 50 × 0.05 = 2.50 what is for api
        [over("OVERWRITE", "0.07"), paid("all", "10.70"), paid("api", "2.50", priority=2, **ON_API)],
        [use("api", 150), use("tokens-a", 10)],
        [],
    ),
    "what starts earlier before what is dearer": Case(
        # November: a 5 × 2.00 until the 16th takes what is for all; b's override starts on the 16th: 2 × 4.50 = 9.00
        [over("OVERWRITE", "4.50", start=15), paid("all", "10"), paid("b", "9", priority=2, **B)],
        [use("tokens-a", 5, "2025-11-10"), use("tokens-b", 2, "2025-11-20")],
        [],
        start="2025-11-01",
        until="2025-12-01",
    ),
    "usage before a fee": Case(  # 5 × 2.00 takes what is for all, the fee what is for it
        [
            fee("starter", "MONTHLY", "ARREARS"),
            paid("all", "10"),
            paid("f", "10", priority=2, applicable_products=["starter"]),
        ],
        [use("tokens-a", 5)],
        [],
    ),
    "a fee before a share of the usage": Case(
        # 50 × 2.00 = 100.00, 10 % of it 10.00 and the fee 10.00: the fee takes the first credit, the share the second
        [
            over("ENTITLED", True, "support"),
            fee("starter", "MONTHLY", "ARREARS"),
            paid("both", "10", applicable_products=["starter", "support"]),
            paid("share", "10", priority=2, applicable_products=["support"]),
        ],
        [use("tokens-a", 50)],
        ["2025-11-01 100.00"],
    ),
    "a credit of nothing moves no bill": Case(  # as `of equal prices by name`: no cut on October 16
        [
            over("OVERWRITE", "0.20"),
            paid("nil", "0", days=15),
            paid("all", "2"),
            paid("t", "2", priority=2, **ON_TOKENS),
        ],
        [use("tokens-a", 10), TEN_GB],
        [],
    ),
    "a credit that is for others cuts no line": Case(  # the same, and 10.00 for api until October 16
        [
            over("OVERWRITE", "0.20"),
            paid("api", "10", days=15, **ON_API),
            paid("all", "2"),
            paid("t", "2", priority=2, **ON_TOKENS),
        ],
        [use("tokens-a", 10), TEN_GB],
        [],
    ),
    "a fee of nothing moves no bill": Case(  # the same, and from October 16 on no seat at 30.00
        [
            fee("seat", "MONTHLY", seats=0),
            over("OVERWRITE", "0.20"),
            paid("all", "2"),
            paid("t", "2", priority=2, **ON_TOKENS),
        ],
        [use("tokens-a", 10), TEN_GB],
        [],
        seats=(("2025-10-16", 0),),
    ),
    "what was free before what was bought": Case(  # 10.00 of the free one; the other 2.00 for 1.00 are kept
        [paid("bought", "2", "PREPAID", cost="1"), paid("free", "10", "PREPAID")],
        [use("tokens-a", 5)],
        ["2025-10-01 1.00"],
    ),
    # --- the unit price of a part: seats at 30.00 from October 11, 21 of 31 days: 20.3226
    "no rounding": Case([fee("seat", "MONTHLY", seats=3)], [], ["2025-10-11 60.97"], "2025-10-31", "2025-10-11"),
    "whole dollars, half up": Case(  # 20.00 × 3
        [fee("seat", "MONTHLY", seats=3, **rounded("HALF_UP", -2))],
        [],
        ["2025-10-11 60.00"],
        "2025-10-31",
        "2025-10-11",
    ),
    "whole dollars, up": Case(  # 21.00 × 3
        [fee("seat", "MONTHLY", seats=3, **rounded("CEILING", -2))],
        [],
        ["2025-10-11 63.00"],
        "2025-10-31",
        "2025-10-11",
    ),
    "whole cents, half up": Case(  # 20.32 × 3
        [fee("seat", "MONTHLY", seats=3, **rounded("HALF_UP", 0))], [], ["2025-10-11 60.96"], "2025-10-31", "2025-10-11"
    ),
    "whole cents, down, at the end": Case(  # 20.32 × 3 on November 1
        [fee("seat", "MONTHLY", "ARREARS", 3, **rounded("FLOOR", 0))], [], ["2025-11-01 60.96"], start="2025-10-11"
    ),
    "a whole period is not rounded": Case(  # 31.00 × 2
        [fee("platform", "MONTHLY", seats=2, **rounded("FLOOR", -3))], [], ["2025-10-01 62.00"], "2025-10-31"
    ),
    "seats that are added": Case(  # 2 × 30.00; 2 more for 16 of 31 days: 15.4839 -> 15.00, × 2
        [fee("seat", "MONTHLY", seats=2, **rounded("HALF_UP", -2))],
        [],
        ["2025-10-01 60.00", "2025-10-16 30.00"],
        "2025-10-31",
        seats=(("2025-10-16", 4),),
    ),
    # --- fees of every frequency and anchor
    "a year in advance": Case(  # October 15 to September 30: 351 of 365 days
        [fee("platform", "ANNUAL")], [], ["2025-10-15 351.00", "2026-10-01 365.00"], "2026-10-01", "2025-10-15"
    ),
    "a quarter in advance": Case(  # October 15 to December 31: 78 of 92 days
        [fee("platform", "QUARTERLY")], [], ["2025-10-15 78.00", "2026-01-01 92.00"], "2026-03-31", "2025-10-15"
    ),
    "weeks from the first of the month": Case(  # Wednesdays: October 17 to 21 are 5 of 7 days
        [fee("platform", "WEEKLY")], [], ["2025-10-17 5.00", "2025-10-22 7.00"], "2025-10-28", "2025-10-17"
    ),
    "months from the contract's start": Case(
        [fee("platform", "MONTHLY")],
        [],
        ["2025-10-15 31.00", "2025-11-15 31.00"],
        "2025-12-01",
        "2025-10-15",
        spec={"usage_statement_schedule": {"frequency": "MONTHLY", "day": "CONTRACT_START"}},
    ),
    "years from the contract's start": Case(
        [fee("platform", "ANNUAL")],
        [],
        ["2025-10-15 365.00", "2026-10-15 365.00"],
        "2026-12-01",
        "2025-10-15",
        spec={"usage_statement_schedule": {"frequency": "MONTHLY", "day": "CONTRACT_START"}},
    ),
    "months from a date of its own": Case(  # from October 10 to November 9: 26 of 31 days
        [fee("platform", "MONTHLY")],
        [],
        ["2025-10-15 26.00", "2025-11-10 31.00"],
        "2025-12-01",
        "2025-10-15",
        anchor=day("2025-10-10"),
        spec={"usage_statement_schedule": {"frequency": "MONTHLY", "day": "CUSTOM_DATE"}},
    ),
    "a seat more within the year": Case(  # January 1 to September 30: 273 of 365 days
        [fee("platform", "ANNUAL")],
        [],
        ["2025-10-01 365.00", "2026-01-01 273.00"],
        "2026-09-30",
        seats=(("2026-01-01", 2),),
    ),
    "a quarter in arrears follows the seats": Case(  # 31 × 1.00 × 1 + 61 × 1.00 × 3
        [fee("platform", "QUARTERLY", "ARREARS")],
        [],
        ["2026-01-01 214.00"],
        "2026-01-01",
        seats=(("2025-11-01", 3),),
    ),
    "seats that go are paid to the end": Case(  # 3 × 92.00; from January 1 on 1 × 92.00
        [fee("platform", "QUARTERLY", seats=3)],
        [],
        ["2025-10-01 276.00", "2026-01-01 92.00"],
        "2026-01-31",
        seats=(("2025-11-01", 1),),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_comes_to_what_was_worked_out(name: str) -> None:
    case = CASES[name]
    found = [(i.issued_at.date().isoformat(), i.total) for i in case.bill().invoices if i.total]
    assert found == [(at, cents(amount)) for at, amount in map(str.split, case.invoices)]


SIX = [  # as the vendor's page has them, 10.00 each, said from the last to the first
    paid("f", "10", "PREPAID", cost="10", priority=100),
    paid(
        "e",
        "10",
        "PREPAID",
        400,
        cost="10",
        priority=100,
        specifiers=[*A["specifiers"], {"pricing_group_values": {"model": "b"}}],
    ),
    paid(
        "d",
        "10",
        "PREPAID",
        cost="10",
        priority=100,
        specifiers=[*A["specifiers"], {"pricing_group_values": {"model": "b"}}],
    ),
    paid("c", "10", "PREPAID", cost="10", priority=100, **ON_TOKENS),
    paid("b", "10", "PREPAID", priority=100),
    paid("a", "10", "PREPAID", cost="10", priority=50),
]


def test_the_vendors_example_of_six_balances() -> None:
    """A has the better priority, B costs nothing, C is for one product, D and E have specifiers and D ends first, F is
    for everything ("Understand prioritization rules"). In this order they pay: of 2.5 units more 5.00 more."""
    order = []
    for used in range(1, 13):
        made = Case(SIX, [use("tokens-a", Decimal(used) * Decimal("2.5"))], []).bill()
        order.append("".join(sorted(b.grant.key for b in made.balances if b.left < b.grant.amount)))
        assert sum(b.left for b in made.balances) == 6000 - used * 500
    assert order == ["a", "a", "ab", "ab", "abc", "abc", "abcd", "abcd", "abcde", "abcde", "abcdef", "abcdef"]


@pytest.mark.parametrize(
    ("fraction", "used", "rolled"),
    [
        ("0.5", 45, "10"),  # 100.00 − 45 × 2.00 = 10.00 are less than 50.00
        ("0.5", 20, "50"),  # of 60.00 half of the original amount
        ("0.25", 0, "25"),
        ("1", 15, "70"),
        ("0.1", 46, "8"),  # 8.00 are less than 10.00
        ("0", 0, None),
        ("1", 50, None),  # nothing is left
    ],
)
def test_what_rolls_over_is_capped_by_a_share_of_the_original_amount(
    fraction: str, used: int, rolled: str | None
) -> None:
    commit = paid("c", "100", "PREPAID", days=31, rollover_fraction=Decimal(fraction))
    catalog = packaged([commit], duration=span(31))
    first, second = prices_of(catalog, "p", OCTOBER), prices_of(catalog, "p", "2025-11-01")
    made = bill(first, [use("tokens-a", used)] if used else [], (), day("2025-11-01"))
    found = [grant.amount for grant in rolled_over(first.terms, made, second.terms).brought]
    assert found == ([cents(rolled)] if rolled is not None else [])


def test_there_are_enough_of_them() -> None:
    assert sum(max(len(case.invoices), 1) for case in CASES.values()) + 7 >= 60
