"""What scenarios cannot say: what rolls over, what is noted, what a later month starts with."""

from decimal import Decimal

from billing import billed, day, prices_of, starter

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.usage import Quantity
from pricebook.preview.bill import bill, rolled_over
from pricebook.preview.materialise import UNKNOWN, materialise

LARGE = (("model", "large"),)


def commit(key: str, amount: int, fraction: str, kind: str = "PREPAID") -> dict[str, object]:
    """A commit of a year, of which a fraction rolls over."""
    found: dict[str, object] = {
        "key": key,
        "product": "sign-up-credit",
        "type": kind,
        "priority": 1,
        "rollover_fraction": Decimal(fraction),
        "access_schedule": {
            "schedule_items": (
                {
                    "amount": amount,
                    "starting_at_offset": {"value": 0, "unit": "DAYS"},
                    "duration": {"value": 2, "unit": "MONTHS"},
                },
            )
        },
    }
    if kind == "POSTPAID":
        item = {"unit_price": amount, "quantity": 1, "date_offset": {"value": 2, "unit": "YEARS"}}
        found["invoice_schedule"] = {"schedule_items": (item,), "do_not_invoice": True}
    return found


def with_package(name: str, **spec: object) -> Catalog:
    """The starter plan's catalogue with one more package."""
    whole = {"name": name, "rate_card": "tokens", "duration": {"value": 2, "unit": "MONTHS"}, **spec}
    nouns = {**starter().nouns, Ref(Kind.PACKAGE, name): noun_of(Kind.PACKAGE, whole)}
    return Catalog(nouns, starter().rates)


def used(at: str, millions: str) -> Quantity:
    return Quantity("input-tokens", LARGE, day(at), Decimal(millions) * 1_000_000)


def test_what_is_left_rolls_over_in_part_and_is_used_first() -> None:
    """A fraction is of the original amount, and a cap. $10.00 and $8.00; $6.00 of the first are used, so of $4.00 all
    come along (half of $10.00 is more), and of $8.00 a quarter: $4.00 and $2.00."""
    commits = (commit("half", 1000, "0.5"), commit("quarter", 800, "0.25"), commit("none", 500, "0"))
    catalog = with_package("rolling", commits=commits)
    first = billed("rolling", "2025-10-01", "2025-12-01", [used("2025-10-05", "2.4")], catalog=catalog)  # $6.00
    terms = prices_of(catalog, "rolling", "2025-10-01").terms
    after = prices_of(catalog, "rolling", "2025-12-01")
    ledger = rolled_over(terms, first, after.terms)
    assert [(g.id, g.amount, g.window) for g in ledger.brought] == [
        ("commits[half] rolled over", Decimal(400), (day("2025-12-01"), day("2026-02-01"))),
        ("commits[quarter] rolled over", Decimal(200), (day("2025-12-01"), day("2026-02-01"))),
    ]
    made = bill(after, [used("2025-12-05", "3")], (), day("2026-02-01"), ledger)  # $7.50
    drawn = [(line.balance, line.drawn) for invoice in made.invoices for line in invoice.lines if line.balance]
    assert drawn == [
        ("commits[half] rolled over", Decimal(400)),
        ("commits[quarter] rolled over", Decimal(200)),
        ("commits[half]", Decimal(150)),
    ]
    assert made.total == 0


def test_a_postpaid_rollover_is_used_before_a_prepaid_one() -> None:
    commits = (commit("pre", 100, "1"), commit("post", 100, "1", "POSTPAID"))
    catalog = with_package("rolling", commits=commits)
    first = billed("rolling", "2025-10-01", "2025-12-01", catalog=catalog)
    before, after = (prices_of(catalog, "rolling", at) for at in ("2025-10-01", "2025-12-01"))
    ledger = rolled_over(before.terms, first, after.terms)
    made = bill(after, [used("2025-12-05", "0.6")], (), day("2026-01-01"), ledger)  # $1.50
    drawn = [line.balance for invoice in made.invoices for line in invoice.lines if line.balance]
    assert drawn == ["commits[post] rolled over", "commits[pre] rolled over"]


def test_a_true_up_before_there_is_anything_to_use_is_all_of_it_whenever_it_is_billed() -> None:
    later = commit("post", 500, "0", "POSTPAID")
    later["access_schedule"] = {
        "schedule_items": (
            {
                "amount": 500,
                "starting_at_offset": {"value": 1, "unit": "MONTHS"},
                "duration": {"value": 1, "unit": "MONTHS"},
            },
        )
    }
    item = {"unit_price": 500, "quantity": 1, "date_offset": {"value": 10, "unit": "DAYS"}}
    later["invoice_schedule"] = {"schedule_items": (item,)}
    catalog = with_package("early", commits=(later,))
    for until in ("2025-10-11", "2025-12-01"):
        made = billed("early", "2025-10-01", until, [used("2025-11-05", "0.4")], catalog=catalog)  # $1.00
        assert [(i.issued_at, i.total) for i in made.invoices if i.kind == "scheduled"] == [(day("2025-10-11"), 500)]
        assert sum(invoice.total for invoice in made.invoices) == (500 if until == "2025-10-11" else 600)


def test_what_is_not_billed_is_said() -> None:
    usage = [
        used("2025-09-30", "1"),
        used("2025-12-01", "1"),
        Quantity("input-tokens", (("model", "huge"),), day("2025-10-05"), Decimal(5)),
        Quantity("starter-fee", (), day("2025-10-05"), Decimal(1)),
        Quantity("nothing", (), day("2025-10-05"), Decimal(1)),
    ]
    made = billed("two", "2025-10-01", "2025-12-01", usage, catalog=with_package("two"))
    assert made.notes == (
        "1 quantities of starter-fee: no product that usage is counted for",
        "1 quantities of nothing: no product that usage is counted for",
        "1 quantities lie before the contract's start, 2025-10-01: not billed",
        "1 quantities lie after the contract's end, 2025-12-01: not billed",
    )
    assert [invoice.notes for invoice in made.invoices] == [
        ("5 of input-tokens · model=huge: not entitled, or without a rate, from 2025-10-01",),
        (),
    ]
    assert made.total == 0


def test_a_subscription_that_nobody_is_entitled_to_is_said() -> None:
    fee = {
        "key": "fee",
        "subscription_rate": {"product": "starter-fee", "billing_frequency": "MONTHLY"},
        "collection_schedule": "ADVANCE",
        "initial_quantity": 1,
        "proration": {},
    }
    made = billed("two", "2025-10-01", "2025-10-02", catalog=with_package("two", subscriptions=(fee,)))
    assert made.invoices == ()
    assert made.notes == (
        "subscriptions[fee] is not charged on 2025-10-01: it is not entitled, or has no rate",
    )  # fmt: skip


def test_statements_can_start_later() -> None:
    schedule = {"frequency": "MONTHLY", "invoice_generation_starting_at_offset": {"value": 1, "unit": "MONTHS"}}
    catalog = with_package("two", usage_statement_schedule=schedule)
    made = billed(
        "two", "2025-10-01", "2025-12-01", [used("2025-10-05", "1"), used("2025-11-05", "1")], catalog=catalog
    )
    assert [(invoice.issued_at, invoice.total) for invoice in made.invoices] == [(day("2025-12-01"), Decimal(250))]


def test_what_is_not_modelled_is_said() -> None:
    gate = {"payment_gate_type": "NONE"}
    threshold = {
        "is_enabled": True,
        "threshold_amount": 1000,
        "commit": {"product": "sign-up-credit"},
        "payment_gate_config": gate,
    }
    package = with_package(
        "two",
        usage_statement_schedule={"frequency": "MONTHLY", "day": "CUSTOM_DATE"},
        spend_threshold_configuration=threshold,
        prepaid_balance_threshold_configuration={**threshold, "recharge_to_amount": 2000},
    ).packages["two"]
    assert materialise(package, day("2025-10-01")).notes == (
        "usage statements are on a CUSTOM_DATE, which a package cannot name: counted from the contract's start",
        f"the spend threshold is not modelled, because {UNKNOWN}: "
        "what it charges at once stands here in the usage invoice, without its discount",
        f"the prepaid balance threshold is not modelled, because {UNKNOWN}: "
        "its recharges, and what their commits pay for, are missing here",
    )
    assert len(materialise(package, day("2025-10-01"), day("2025-09-10")).notes) == 2
