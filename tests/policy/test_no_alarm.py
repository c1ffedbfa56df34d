"""What is right is not called a mistake: price lists in the forms that companies are known to use, and our examples."""

from pathlib import Path

import pytest
from project_bench import Bench, instant, still

from pricebook.manifest.load import load
from pricebook.problem import Problem
from pricebook.project.project import read_project
from pricebook.workflow.policy import checked_policy
from pricebook.workflow.python_rule import Reviewer
from pricebook.workflow.review import review

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def metric(name: str, keys: str, kind: str = "SUM") -> str:
    """A metric that sums a property of its own, or counts, under group keys."""
    properties = [f"{{name: {key}, exists: true}}" for key in filter(None, keys.split(", "))]
    aggregated = f", aggregation_key: {name}" if kind == "SUM" else ""
    properties += [f"{{name: {name}, exists: true}}"] if kind == "SUM" else []
    groups = f", group_keys: [[{keys}]]" if keys else ""
    return (
        f"---\napiVersion: pricebook/v1\nkind: BillableMetric\nmetadata: {{name: {name}}}\n"
        f"spec: {{name: {name} used, aggregation_type: {kind}{aggregated}, event_type_filter: {{in_values: [{name}]}}, "
        f"property_filters: [{', '.join(properties)}]{groups}}}\n"
    )


def noun(kind: str, name: str, spec: str) -> str:
    return f"---\napiVersion: pricebook/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def package(name: str, card: str, terms: str) -> str:
    return (
        f"---\napiVersion: pricebook/v1\nkind: Package\nmetadata: {{name: {name}}}\nspec:\n  name: {name} plan\n"
        f"  aliases: [{name}]\n  rate_card: {card}\n{terms}"
    )


def seat(key: str, product: str, frequency: str, quantity: int) -> str:
    return (
        f"    - {{key: {key}, subscription_rate: {{product: {product}, billing_frequency: {frequency}}}, "
        f"collection_schedule: ADVANCE, initial_quantity: {quantity}, proration: {{is_prorated: true}}}}\n"
    )


def sold(key: str, product: str, frequency: str, price: str, unit: str = "") -> str:
    rate = f"{{rate_type: SUBSCRIPTION, price: {price}{unit}}}"
    return (
        f"    - {{key: {key}, entitled: true, type: OVERWRITE, overwrite_rate: {rate}, starting_at_offset: 0 days, "
        f"override_specifiers: [{{product: {product}, billing_frequency: {frequency}}}]}}\n"
    )


def seats(unit: str, prices: tuple[str, ...], sells: tuple[int, ...]) -> str:
    """Every package has the same four seats, of which it switches on what it sells; the others sleep."""
    kinds = (("lite", "MONTHLY"), ("lite-yearly", "ANNUAL"), ("full", "MONTHLY"), ("full-yearly", "ANNUAL"))
    subscribed = "".join(seat(f"s{n}", *kinds[n], 3 if n == sells[0] else 0) for n in range(4))
    switched = "".join(sold(f"o{n}", *kinds[n], price, unit) for n, price in zip(sells, prices, strict=True))
    return f"  subscriptions:\n{subscribed}  overrides:\n{switched}"


def dormant_card(name: str, unit: str, worth: str) -> str:
    credit = f", credit_type: {unit}" if unit else ""
    fiat = f"  fiat_credit_type: {unit}\n" if unit else ""
    rates = "".join(
        f"    - {{product: {product}, billing_frequency: {frequency}, entitled: false, starting_at: 2025-01-01, "
        f"price: 0{credit}}}\n"
        for product, frequency in (("lite", "MONTHLY"), ("lite-yearly", "ANNUAL"), ("full", "MONTHLY"),
                                   ("full-yearly", "ANNUAL"))
    )  # fmt: skip
    return (
        f"---\napiVersion: pricebook/v1\nkind: RateCard\nmetadata: {{name: {name}}}\nspec:\n  name: {name}\n"
        f"  aliases: [{name}]\n{fiat}  credit_type_conversions: [{{custom_credit_type: work, "
        f"fiat_per_custom_credit: {worth}}}]\n  rates:\n{rates}"
        "    - {product: usage, pricing_group_values: {kind: user}, starting_at: 2025-01-01, price: 1, "
        "credit_type: work}\n"
        "    - {product: usage, pricing_group_values: {kind: program}, starting_at: 2025-01-01, price: 1, "
        "credit_type: work}\n"
    )


PRODUCTS = "".join(
    noun("Product", name, f"{{name: {name} seat, type: SUBSCRIPTION}}")
    for name in ("lite", "lite-yearly", "full", "full-yearly")
)
GRANT = noun("Product", "grant", "{name: Granted, type: FIXED}")
WORK = (
    noun("PricingUnit", "work", "{name: Work}")
    + noun("PricingUnit", "eur", "{name: Euro, currency: EUR}")
    + metric("llm", "kind")
    + noun(
        "Product", "usage", "{name: Usage, type: USAGE, billable_metric: llm, pricing_group_key: [kind], tags: [used]}"
    )
)
CREDIT = """\
  recurring_credits:
    - {{key: c, product: grant, access_amount: {{unit_price: {amount}, credit_type: work}}, priority: 10,
       applicable_product_tags: [used], commit_duration: {{value: 1}}, recurrence_frequency: MONTHLY,
       starting_at_offset: 0 days}}
"""
DORMANT_SEATS = (
    WORK
    + PRODUCTS
    + GRANT
    + dormant_card("us", "", "$0.01")
    + dormant_card("free", "", "0")
    + dormant_card("eu", "eur", "0.009")
    + package("team", "us", seats("", ("$14.00", "$140.00"), (0, 1)) + CREDIT.format(amount=700))
    + package("team-eu", "eu", seats(", credit_type: eur", ("€13.00", "€130.00"), (0, 1)))
    + package("business", "us", seats("", ("$39.00", "$390.00", "$59.00", "$590.00"), (0, 1, 2, 3)))
    + package("trial", "free", CREDIT.format(amount=100))
)  # fmt: skip
HYBRID = (
    metric("actions", "", "COUNT")
    + noun("Product", "seats", "{name: Seats, type: SUBSCRIPTION}")
    + noun("Product", "action", "{name: Actions, type: USAGE, billable_metric: actions, unit: action}")
    + GRANT
    + noun("RateCard", "list", "{name: List, aliases: [list], rates: ["
        "{product: seats, billing_frequency: MONTHLY, starting_at: 2025-01-01, price: $25.00}, "
        "{product: action, starting_at: 2025-01-01, price: $0.04}]}")
    + package("launch", "list", "  subscriptions:\n" + seat("s", "seats", "MONTHLY", 1) + "  recurring_credits:\n"
        "    - {key: c, product: grant, access_amount: $15.00, applicable_products: [action], priority: 1, "
        "commit_duration: {value: 1}, recurrence_frequency: MONTHLY, starting_at_offset: 0 days}\n")
)  # fmt: skip
FREE_OVERAGE = (
    metric("calls", "", "COUNT")
    + noun("Product", "call", "{name: Calls, type: USAGE, billable_metric: calls, unit: call}")
    + GRANT
    + noun("RateCard", "list", "{name: List, aliases: [list], rates: [{product: call, starting_at: 2025-01-01, "
        "price: 0, "
        "commit_rate: {rate_type: FLAT, price: $0.02}}]}")
    + package("flat", "list", "  duration: 12 months\n  commits:\n    - key: year\n      type: PREPAID\n"
        "      product: grant\n      priority: 1\n      rate_type: COMMIT_RATE\n      applicable_products: [call]\n"
        "      access_schedule: {schedule_items: [{amount: $1200.00, starting_at_offset: 0 days, "
        "duration: 12 months}]}\n"
        "      invoice_schedule: {schedule_items: [{unit_price: $1200.00, quantity: 1, date_offset: 0 days}]}\n")
)  # fmt: skip
FREE_CREDIT = (
    metric("minutes", "machine")
    + metric("cached", "")
    + noun("Product", "minute", "{name: Build minutes, type: USAGE, billable_metric: minutes, unit: minute, "
        "pricing_group_key: [machine]}")
    + noun("Product", "cache", "{name: Cache, type: USAGE, billable_metric: cached, unit: GB}")
    + noun("Product", "to-come", "{name: Not priced yet, type: USAGE, billable_metric: cached}")
    + GRANT
    + noun("RateCard", "list", "{name: List, aliases: [list], rates: ["
        "{product: minute, pricing_group_values: {machine: linux}, starting_at: 2025-01-01, price: $0.004}, "
        "{product: minute, pricing_group_values: {machine: mac}, starting_at: 2025-01-01, price: $0.08}, "
        "{product: cache, starting_at: 2025-01-01, price: $0.10}]}")
    + package("pay-as-you-go", "list", "  credits:\n    - key: start\n      product: grant\n      priority: 1\n"
        "      access_schedule: {schedule_items: [{amount: $20.00, starting_at_offset: 0 days, duration: 1 month}]}\n")
)  # fmt: skip
CLOUD = (
    metric("cpu", "region, size")
    + noun("Product", "cpu-hour", "{name: CPU hours, type: USAGE, billable_metric: cpu, unit: hour, "
        "pricing_group_key: [region, size]}")
    + noun("Product", "support", "{name: Support, type: COMPOSITE, composite_products: [cpu-hour]}")
    + noun("RateCard", "cloud", "{name: Cloud, aliases: [cloud], rates: ["
        "{product: cpu-hour, pricing_group_values: {region: us, size: m}, starting_at: 2025-01-01, price: $0.12}, "
        "{product: cpu-hour, pricing_group_values: {region: us, size: l}, starting_at: 2025-01-01, price: $0.24}, "
        "{product: cpu-hour, pricing_group_values: {region: eu, size: m}, starting_at: 2025-01-01, price: $0.14}, "
        "{product: cpu-hour, pricing_group_values: {region: eu, size: l}, starting_at: 2025-01-01, price: $0.28}, "
        "{product: support, starting_at: 2025-01-01, rate_type: PERCENTAGE, price: 0.1, "
        "minimum_config: {minimum: $100.00}}]}")
    + package("supported", "cloud", "  duration: 12 months\n  net_payment_terms_days: 30\n")
)  # fmt: skip
NEGOTIATED = (
    metric("audio", "model")
    + noun("Product", "audio-tokens", "{name: Audio tokens, type: USAGE, billable_metric: audio, unit: token, "
        "pricing_group_key: [model], quantity_conversion: {conversion_factor: 1000000, operation: DIVIDE}}")
    + GRANT
    + noun("RateCard", "list", "{name: List, aliases: [list], rates: ["
        "{product: audio-tokens, pricing_group_values: {model: fast}, starting_at: 2025-01-01, price: $30.00, "
        "commit_rate: {rate_type: FLAT, price: $24.00}}, "
        "{product: audio-tokens, pricing_group_values: {model: best}, starting_at: 2025-01-01, price: $60.00, "
        "commit_rate: {rate_type: FLAT, price: $48.00}}]}")
    + package("committed", "list", "  duration: 12 months\n  usage_statement_schedule: {frequency: QUARTERLY}\n"
        "  commits:\n    - key: a\n      type: PREPAID\n      product: grant\n      priority: 1\n"
        "      rate_type: COMMIT_RATE\n      applicable_products: [audio-tokens]\n"
        "      access_schedule: {schedule_items: [{amount: $40000.00, starting_at_offset: 0 days, "
        "duration: 12 months}]}\n"
        "      invoice_schedule: {schedule_items: [{unit_price: $10000.00, quantity: 1, date_offset: 0 months}, "
        "{unit_price: $10000.00, quantity: 1, date_offset: 3 months}, "
        "{unit_price: $10000.00, quantity: 1, date_offset: 6 months}, "
        "{unit_price: $10000.00, quantity: 1, date_offset: 9 months}]}\n"
        "  overrides:\n    - {key: agreed, type: MULTIPLIER, multiplier: 0.9, target: COMMIT_RATE, "
        "is_commit_specific: true, "
        "starting_at_offset: 0 days, override_specifiers: [{product: audio-tokens, commits: [a]}]}\n")
)  # fmt: skip
FORMS: dict[str, tuple[str, set[str]]] = {
    "seats that sleep, prices in overrides": (DORMANT_SEATS, set()),
    "seats and usage, launched at once": (HYBRID, set()),
    "overage that costs nothing": (FREE_OVERAGE, set()),
    "usage with a free credit": (FREE_CREDIT, set()),
    "machines by region, support as a share": (CLOUD, set()),
    "tokens at a negotiated commit rate": (NEGOTIATED, set()),
}
"""Each with what is rightly said of it."""


def said(findings: tuple[Problem, ...]) -> set[str]:
    """What is more than a note."""
    return {finding.code for finding in findings if finding.severity != "note"}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_price_list_is_no_mistake(form: str, tmp_path: Path) -> None:
    text, right = FORMS[form]
    bench = Bench(tmp_path)
    assert said(bench.lint(text)) == right
    plan, findings = bench.planned(text, held=text)
    assert (said(findings), plan.steps) == (right, ())
    first, findings = bench.planned(text, held=GRANT)
    assert (said(findings), set(first.hazards)) == (right, set())


FOLDERS = sorted(path.parent for path in EXAMPLES.rglob("pricebook.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(EXAMPLES)))
def test_the_examples_are_no_mistake(folder: Path) -> None:
    project = read_project(folder)
    for environment in project.settings.environments:
        policy, loaded = checked_policy(project, environment), load(project, environment)
        assert said(review(project, policy, loaded, instant("2026-01-01"), Reviewer(still))) <= {"unit-outlier"}
