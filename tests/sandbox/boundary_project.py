"""A price list before and after a change of sixty steps of every kind, as manifests."""

from pathlib import Path

PROJECT = """\
namespace: acme
environments:
  local: {store: metronome, base_url: "http://127.0.0.1:8044"}
"""


def noun(kind: str, name: str, spec: str) -> str:
    """One manifest."""
    return f"---\napiVersion: pricebook/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  {spec}\n"


def metric(number: int, name: str) -> str:
    """A metric whose only mutable field is its name."""
    spec = f"name: {name}\n  aggregation_type: COUNT\n  event_type_filter: {{in_values: [call]}}"
    return noun(
        "BillableMetric", f"metric-{number}", spec + "\n  property_filters: [{name: model}]\n  group_keys: [[model]]"
    )


def usage(number: int, name: str, tags: str = "[]") -> str:
    """A product that is priced by model."""
    spec = f"name: {name}\n  type: USAGE\n  billable_metric: metric-{number % 3}\n  tags: {tags}"
    spec += "\n  pricing_group_key: [model]"
    return noun("Product", f"usage-{number}", spec)


def plain(number: int, kind: str) -> str:
    """A product that just is."""
    return noun("Product", f"{kind.lower()}-{number}", f"name: {kind} {number}\n  type: {kind}")


def card(number: int, description: str, aliases: str, prices: list[tuple[str, str, str]], order: str = "") -> str:
    """A card with a fee and usage prices: product, price and when it starts."""
    rates = "".join(
        f"\n    - {{product: {product}, pricing_group_values: {{model: small}}, price: {price}, starting_at: {start}}}"
        for product, price, start in prices
    )
    fee = "\n    - {product: subscription-0, billing_frequency: MONTHLY, entitled: false"
    fee += ", price: $5.00, starting_at: 2025-01-01}"
    spec = f"name: Card {number}\n  description: {description}\n  aliases: {aliases}{order}\n  rates:{fee}{rates}"
    return noun("RateCard", f"card-{number}", spec)


def package(number: int, credit: str) -> str:
    """A package with an alias, a fee and a monthly credit."""
    spec = f"""name: Package {number}
  aliases: [{{name: package-{number}}}]
  rate_card_alias: card-0
  duration: {{value: 12, unit: MONTHS}}
  subscriptions:
    - subscription_rate: {{product: subscription-0, billing_frequency: MONTHLY}}
      collection_schedule: ADVANCE
      initial_quantity: 1
      proration: {{is_prorated: true}}
  recurring_credits:
    - key: monthly
      product: fixed-0
      access_amount: {{unit_price: {credit}}}
      priority: 1
      starting_at_offset: {{value: 0, unit: DAYS}}
      commit_duration: {{value: 1}}
      recurrence_frequency: MONTHLY
  overrides:
    - override_specifiers: [{{product: subscription-0}}]
      starting_at_offset: {{value: 0, unit: DAYS}}
      entitled: true"""
    return noun("Package", f"package-{number}", spec)


def before() -> str:
    """What the account holds when the change comes."""
    prices = [(f"usage-{number}", f"${number}.00", "2025-01-01") for number in range(1, 6)]
    return "".join(
        [
            *(metric(number, f"Metric {number}") for number in range(3)),
            *(usage(number, f"Usage {number}") for number in range(6)),
            *(plain(0, kind) for kind in ("SUBSCRIPTION", "FIXED")),
            *(plain(number, "FIXED") for number in range(1, 4)),
            card(0, "first", "[{name: card-0}]", prices),
            card(1, "second", "[{name: card-1}, {name: other}]", prices[:2]),
            *(package(number, "$10.00") for number in range(3)),
        ]
    )


def after() -> str:
    """What it shall hold then: sixty steps away when what is gone is archived."""
    changed = [
        ("usage-1", "$1.00", "2025-01-01"),
        *((f"usage-{number}", f"${number}.50", "2026-01-01") for number in range(2, 4)),
        *((f"usage-{number}", f"${number}.00", "2025-01-01") for number in range(4, 12)),
    ]
    return "".join(
        [
            noun("PricingUnit", "tokens", "name: tokens"),
            *(metric(number, f"Metric {number}, renamed" if number < 2 else f"Metric {number}") for number in range(8)),
            *(usage(number, f"Usage {number}", "[new]" if number < 3 else "[]") for number in range(19)),
            *(plain(0, kind) for kind in ("SUBSCRIPTION", "FIXED")),
            *(plain(number, "SUBSCRIPTION") for number in range(1, 8)),
            card(0, "first, described anew", "[{name: card-0}]", changed, "\n  product_order: [usage-2, usage-1]"),
            card(1, "second", "[{name: card-1}]", changed[:1]),
            card(2, "third", "[{name: card-2}, {name: other}]", changed, "\n  product_order: [usage-1]"),
            card(3, "fourth", "[{name: card-3}]", changed),
            *(package(number, "$15.00") for number in range(3)),
            *(package(number, "$10.00") for number in range(3, 12)),
        ]
    )


def write(root: Path, manifests: str) -> Path:
    """A project on disk with these manifests."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "pricebook.yaml").write_text(PROJECT, encoding="utf-8")
    (root / "catalog.yaml").write_text(manifests, encoding="utf-8")
    return root
