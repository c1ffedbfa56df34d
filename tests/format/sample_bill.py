"""Bills to be drawn: the starter plan, the worked invoices, and one in which every name is hostile."""

import sys
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import sample_plan

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.scenario import Scenario
from pricebook.catalog.usage import Quantity
from pricebook.format.page import Page
from pricebook.format.report.bill import PictureBill, bills_page, picture_bill
from pricebook.manifest.load import Loaded, load
from pricebook.preview.bill import bill
from pricebook.preview.materialise import materialise
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.verdict import ScenarioVerdict, judge
from pricebook.project.project import read_project
from pricebook.view.bill import BillsView
from pricebook.view.billing import customer_bill_view

sys.path.insert(0, str(Path(__file__).parents[1] / "preview"))
from billing import billed, prices_of, starter

HOSTILE = tuple(name.replace("\ud800", "?")[:9000] for name in sample_plan.HOSTILE)
NONE = {"value": 0, "unit": "DAYS"}


def day(text: str) -> datetime:
    """Midnight, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def starter_bill() -> PictureBill:
    """Four months of the starter plan: a credit that ends unused, one that is used up, one that nobody used."""
    used = [
        Quantity(product, (("model", model),), day(at), Decimal(quantity))
        for product, model, at, quantity in (
            ("input-tokens", "large", "2025-10-05", 2_600_000),
            ("output-tokens", "small", "2025-10-07", 1_200_001),
            ("input-tokens", "large", "2025-11-09", 5_000_000),
            ("input-tokens", "large", "2026-01-03", 5_000_000),
        )
    ]
    made = billed("starter-plan", "2025-10-01", "2026-02-01", used)
    terms = prices_of(starter(), "starter-plan", "2025-10-01").terms
    return picture_bill(customer_bill_view("starter-plan", "acme", terms, made, starter(), "tokens"))


@cache
def worked() -> Loaded:
    """The invoices that are worked out by hand."""
    return load(read_project(Path(__file__).parents[1] / "preview" / "worked"))


def worked_names() -> list[str]:
    """Their scenarios."""
    return [ref.name for ref, noun in sorted(worked().beside.items()) if isinstance(noun, Scenario)]


def worked_verdict(name: str) -> ScenarioVerdict:
    """A scenario, billed."""
    scenario = next(noun for ref, noun in worked().beside.items() if ref.name == name)
    assert isinstance(scenario, Scenario)
    return judge(name, scenario, worked().catalog)


def worked_bill(name: str) -> PictureBill:
    """The bill of a scenario."""
    verdict = worked_verdict(name)
    view = customer_bill_view(name, "", verdict.terms, verdict.bill, worked().catalog, verdict.card)
    return picture_bill(view)


def hostile_bill() -> PictureBill:
    """A bill in which products, terms, group values and the customer have hostile names."""
    charges = [
        {
            "key": f"c{number}",
            "product": "fixed",
            "name": name,
            "schedule": {"schedule_items": ({"unit_price": 100, "quantity": 1, "date_offset": NONE},)},
        }
        for number, name in enumerate(HOSTILE)
    ]
    credits = [
        {
            "key": f"k{number}",
            "product": "fixed",
            "name": name,
            "priority": 1,
            "access_schedule": {
                "schedule_items": (
                    {"amount": 3, "starting_at_offset": NONE, "duration": {"value": 1, "unit": "YEARS"}},
                )
            },
        }
        for number, name in enumerate(HOSTILE)
    ]
    override = {
        "key": "price",
        "override_specifiers": ({"product": "tokens"},),
        "starting_at_offset": NONE,
        "type": "OVERWRITE",
        "entitled": True,
        "overwrite_rate": {"rate_type": "FLAT", "price": 1},
    }
    metered = {"name": HOSTILE[16], "type": "USAGE", "billable_metric": "m", "pricing_group_key": ("model",)}
    package = {
        "name": HOSTILE[0],
        "rate_card": "card",
        "scheduled_charges": charges,
        "credits": credits,
        "overrides": (override,),
    }
    catalog = Catalog(
        {
            Ref(Kind.PRODUCT, "fixed"): noun_of(Kind.PRODUCT, {"name": HOSTILE[0], "type": "FIXED"}),
            Ref(Kind.PRODUCT, "tokens"): noun_of(Kind.PRODUCT, metered),
            Ref(Kind.RATE_CARD, "card"): noun_of(Kind.RATE_CARD, {"name": HOSTILE[0]}),
            Ref(Kind.PACKAGE, "p"): noun_of(Kind.PACKAGE, package),
        },
        {},
    )
    start = day("2025-10-01")
    terms = materialise(catalog.packages["p"], start)
    used = [Quantity("tokens", (("model", name),), start, Decimal(5)) for name in HOSTILE]
    used += [Quantity(name, (), start, Decimal(1)) for name in HOSTILE]
    made = bill(Prices(Tariff(catalog, "card"), terms), used, (), day("2025-12-01"))
    return picture_bill(customer_bill_view(HOSTILE[0], HOSTILE[-1], terms, made, catalog, "card"))


def page_of(*bills: PictureBill) -> str:
    """The page of some bills."""
    package = HOSTILE[0] if len(bills) > 1 else "starter-plan"
    return bills_page(BillsView(package, tuple(bill.view for bill in bills), None, "by the manifests"), Page())
