"""An account that a company filled by hand and by scripts over years, through the vendor's own SDK.

This module knows nothing of pricebook, and must not: what it makes is what an import finds. The same seed makes the
same account, but for the ids.
"""

from datetime import UTC, datetime
from random import Random
from typing import Any

from metronome import Metronome

USD = "2714e483-4ff1-48e4-9e25-ac732e8f24f2"
NOW: Any = {"value": 0, "unit": "DAYS"}
MONTH: Any = {"value": 1, "unit": "MONTHS"}
YEAR: Any = {"value": 12, "unit": "MONTHS"}
PAST, LAST_YEAR, THIS_YEAR, NEXT_YEAR = (datetime(year, 1, 1, tzinfo=UTC) for year in (2023, 2024, 2025, 2026))
ODD = (
    "no", "null", "~", "1e3", "007", "0x1F", "2025-01-01", "- dash", "a: b", "a #b", "{braces}", "[x]", "*star", "&amp",
    "!bang", "| pipe", "%percent", "@at", "`tick`", "it's", 'say "hi"', "back\\slash", "tab\there", "two\nlines",
    " padded ", "Größe", "ライセンス", "Лицензия", "🚀", "a" * 190, "C++", "R&D", "100%", "{version}", "<script>",
    "\u202eright to left", "e\u0301clair", "Pro", "pro", "PRO ", "Pro!",
)  # fmt: skip
"""Names that people gave, and that a careless writer takes for something else; some are the same name."""
MODELS = ("small", "medium", "large", "no", "gpt-4o", "a,b", 'q"q', "claude 3.5")


class Company:
    """The company's client, and what it has made."""

    def __init__(self, client: Metronome, seed: int) -> None:
        self.client, self.random = client, Random(seed)
        self.units: list[str] = []
        self.metrics: dict[str, list[str]] = {"model": [], "plain": [], "seat": []}
        self.products: dict[str, list[str]] = {}
        self.priced: dict[str, list[str]] = {}
        """Card -> the SUBSCRIPTION products that it prices by the month."""
        self.count = 0

    def fill(self) -> int:
        """Make everything; the number of objects."""
        for key, entity in (("crm", "contract_product"), ("crm", "rate_card"), ("note", "package_commit")):
            self.client.v1.custom_fields.add_key(entity=entity, key=key, enforce_uniqueness=False)  # type: ignore[arg-type]
        for name in ("AI credits", "Tokens", "ai_credits"):  # two of one short name
            self.units.append(self.client.v1.pricing_units.create(name=name).data.id)
        self.count += 3
        self._metrics()
        self._products()
        cards = [self._card(number) for number in range(6)]
        self._many_prices(cards[0])
        self._archive()
        self._packages(cards)
        return self.count

    def _metrics(self) -> None:
        metrics = self.client.v1.billable_metrics
        for number in range(60):
            name = ODD[number % len(ODD)] if number % 2 else f"API calls {number // 4}"
            kind = ("COUNT", "SUM", "MAX", "UNIQUE", "LATEST")[number % 5]
            more: dict[str, Any] = {"aggregation_type": kind}
            if kind != "COUNT":
                more["aggregation_key"] = "amount"
                filters = [{"name": "amount", "exists": True}, {"name": "tier", "in_values": ["a", "b"]}]
            else:
                filters = []
            group = ("model", "plain", "seat")[number % 3]
            if group != "plain":
                more["group_keys"] = [["model", "region", "seat"], ["seat"]]
                filters += [{"name": name, "exists": True} for name in ("model", "region", "seat")]
            if filters:
                more["property_filters"] = filters
            if number % 7 == 0:
                more["event_type_filter"] = {"in_values": ["call", "no"]}
            self.metrics[group].append(metrics.create(name=name, **more).data.id)
        sql = "SELECT count(*) AS value\nFROM events\n"
        self.metrics["plain"].append(metrics.create(name="By SQL", sql=sql).data.id)
        metrics.archive(id=metrics.create(name="API calls 0", aggregation_type="COUNT").data.id)
        self.count += 62

    def _product(self, group: str, name: str, type_: Any, **more: Any) -> str:
        id_ = self.client.v1.contracts.products.create(name=name, type=type_, **more).data.id
        self.products.setdefault(group, []).append(id_)
        self.count += 1
        return id_

    def _products(self) -> None:
        products, pick = self.client.v1.contracts.products, self.random.choice
        for number in range(60):
            more: dict[str, Any] = {"tags": [pick(["compute", "storage", "llm"])]} if number % 3 else {}
            if number % 5 == 0:
                more["quantity_conversion"] = {"conversion_factor": 1000, "operation": "DIVIDE", "name": "thousands"}
                more["quantity_rounding"] = {"rounding_method": "ROUND_UP", "decimal_places": 2}
            if number % 4 == 0:
                more["custom_fields"] = {"crm": f"sf-{number}"}
            metric = pick(self.metrics["plain"])
            self._product("usage", ODD[number % len(ODD)], "USAGE", billable_metric_id=metric, **more)
        for number in range(30):
            self._product(
                "by model", f"Inference {number % 10}", "USAGE", billable_metric_id=pick(self.metrics["model"]),
                pricing_group_key=["model"], presentation_group_key=["seat"], tags=["llm"],
            )  # fmt: skip
        for number in range(30):
            name = ("Pro", "Team", "Enterprise", "Starter+")[number % 4]
            self._product("fee", name, "SUBSCRIPTION", is_refundable=number % 2 == 0)
        for number in range(30):
            self._product("fixed", f"Credit {number // 3}", "FIXED", netsuite_internal_item_id=f"ns{number}")
        for number in range(10):
            members = self.random.sample(self.products["usage"], 3)
            more = {"composite_product_ids": members} if number % 2 else {"composite_tags": ["compute"]}
            self._product("share", "Support", "COMPOSITE", exclude_free_usage=number % 3 == 0, **more)
        for number in range(5):
            self._product("service", f"Onboarding {number}", "PROFESSIONAL_SERVICE")
        for id_ in self.products["fee"][:3]:  # renamed since
            products.update(product_id=id_, starting_at="2025-09-01T00:00:00Z", name="Renamed", tags=["plan"])
        future = self.products["fixed"][0]
        products.update(product_id=future, starting_at="2026-06-01T00:00:00Z", name="To be renamed")

    def _card(self, number: int) -> str:
        cards, pick = self.client.v1.contracts.rate_cards, self.random.choice
        name = ("Standard", "Standard", "EU: standard", "standard", "ライセンス", "Legacy (2023)")[number]
        more: dict[str, Any] = {"description": f"card {number}\nof six"} if number % 2 else {}
        if number % 3 == 0:
            more["custom_fields"] = {"crm": f"pb-{number}"}
        card = cards.create(
            name=name,
            aliases=[{"name": f"list-{number}"}, {"name": f"list-{number}-old", "ending_before": LAST_YEAR}],
            credit_type_conversions=[{"custom_credit_type_id": self.units[1], "fiat_per_custom_credit": 0.25}],
            **more,
        ).data.id
        fees = self.random.sample(self.products["fee"], 6)
        self.priced[card] = fees
        rates = [rate for fee in fees for rate in self._fee(fee)]
        rates += [rate for product in self.random.sample(self.products["usage"], 12) for rate in self._usage(product)]
        rates += [self._rate(product, rate_type="PERCENTAGE", price=0.1) for product in self.products["share"][:3]]
        rates.append(
            self._rate(
                self.products["share"][3], rate_type="TIERED_PERCENTAGE",
                tiers=[{"price": 0.2, "size": 100}, {"price": 0.15}],
            )
        )  # fmt: skip
        rates += [
            self._rate(product, pricing_group_values={"model": model}, price=pick([1, 2.5, 0.00013]))
            for product in self.random.sample(self.products["by model"], 3)
            for model in MODELS[:3]
        ]
        rates.append(self._rate(self.products["fixed"][1], price=5000))
        rates.append(self._rate(self.products["service"][0], price=15000))
        self._add(card, rates)
        # Prices that came and will come: over what was there.
        later = [
            self._rate(fees[0], billing_frequency="MONTHLY", rate_type="SUBSCRIPTION", price=2500, start=NEXT_YEAR),
            self._rate(self.products["fixed"][1], price=6000, start=THIS_YEAR, end=NEXT_YEAR),
        ]
        self._add(card, later)
        self.count += 1
        return card

    def _fee(self, product: str) -> list[dict[str, Any]]:
        more: dict[str, Any] = {"rate_type": "SUBSCRIPTION", "entitled": False}
        return [
            self._rate(product, billing_frequency="MONTHLY", price=2000, **more),
            self._rate(product, billing_frequency="ANNUAL", price=20000, quantity=1, is_prorated=True, **more),
        ]

    def _usage(self, product: str) -> list[dict[str, Any]]:
        tiers = [{"price": 3, "size": 100}, {"price": 2.5, "size": 900.5}, {"price": 0.1}]
        forms: list[dict[str, Any]] = [
            {"price": self.random.randrange(1, 10_000) / 1000},
            {"price": 0, "entitled": False},
            {"rate_type": "TIERED", "tiers": tiers},
            {"price": 10, "commit_rate": {"rate_type": "FLAT", "price": 8}},
            {"price": 4, "credit_type_id": self.units[1]},
            {"rate_type": "CUSTOM", "custom_rate": {"formula": ["a", {"b": 1}], "no": True}},
            {"price": 7, "end": datetime(2025, 6, 1, 5, tzinfo=UTC)},
        ]
        return [self._rate(product, **self.random.choice(forms))]

    def _rate(self, product: str, start: datetime = LAST_YEAR, end: datetime | None = None, **terms: Any) -> Any:
        rate = {"product_id": product, "entitled": True, "rate_type": "FLAT", "starting_at": start, **terms}
        return {**rate, "ending_before": end} if end is not None else rate

    def _add(self, card: str, rates: list[Any]) -> None:
        self.client.v1.contracts.rate_cards.rates.add_many(rate_card_id=card, rates=rates)

    def _many_prices(self, card: str) -> None:
        """One card has a long list: some with a past, some with a future, some that are not for everybody."""
        rates = [
            self._rate(
                product, PAST, pricing_group_values={"model": model}, price=number / 1000, entitled=number % 5 > 0
            )
            for number, (product, model) in enumerate((p, m) for p in self.products["by model"] for m in MODELS)
        ]
        self._add(card, rates)
        changed = [{**rate, "starting_at": NEXT_YEAR, "price": 9.99} for rate in rates[::7]]
        ended = [{**rate, "starting_at": THIS_YEAR, "ending_before": NEXT_YEAR, "price": 1} for rate in rates[3::11]]
        self._add(card, changed + ended)

    def _archive(self) -> None:
        products = self.client.v1.contracts.products
        for number in range(5):
            products.archive(product_id=self._product("old", f"Discontinued {number}", "FIXED"))
        card = next(iter(self.priced))
        late = self._product("gone", "Discontinued, and still priced", "FIXED")
        self._add(card, [self._rate(late, price=1)])
        products.archive(product_id=late)
        old = self.client.v1.contracts.rate_cards.create(name="Old", aliases=[{"name": "old"}]).data.id
        self.client.v1.contracts.rate_cards.archive(id=old)
        self.count += 1

    def _packages(self, cards: list[str]) -> None:
        packages = self.client.v1.packages
        ids = []
        for number in range(60):
            card = cards[number % len(cards)]
            name = f"{ODD[number % len(ODD)]}" if number % 3 == 0 else f"Plan {number // 6} (v{number % 6})"
            more: dict[str, Any] = {"aliases": [{"name": f"plan {number}"}]} if number % 4 else {}
            body = {**more, **self._terms(number, card)}
            ids.append(packages.create(name=name, rate_card_id=card, **body).data.id)
        packages.create(name="Moved", rate_card_id=cards[0], aliases=[{"name": "plan 1", "starting_at": NEXT_YEAR}])
        packages.create(name="By alias", rate_card_alias="list-1")
        packages.create(name="Bare")
        for id_ in ids[-4:]:
            packages.archive(package_id=id_)
        self.count += 63
        customer = self.client.v1.customers.create(name="A customer").data.id
        self.client.v1.contracts.create(
            customer_id=customer, package_id=ids[0], starting_at=datetime(2025, 9, 15, tzinfo=UTC)
        )

    def _terms(self, number: int, card: str) -> dict[str, Any]:
        """Every kind of term, a few for each package."""
        credit, fee = self.random.choice(self.products["fixed"][1:]), self.priced[card][number % 6]
        fixed: dict[str, Any] = {"product_id": credit}
        access = {"schedule_items": [{"amount": 5000, "starting_at_offset": NOW, "duration": YEAR}]}
        recurring = {
            **fixed, "access_amount": {"unit_price": 1000, "quantity": 1, "credit_type_id": USD}, "priority": 1,
            "starting_at_offset": NOW, "commit_duration": {"value": 1},
        }  # fmt: skip
        subscription = {
            "temporary_id": "seats",
            "subscription_rate": {"billing_frequency": "MONTHLY", "product_id": fee},
            "collection_schedule": "ADVANCE", "proration": {"is_prorated": True}, "initial_quantity": 3,
            "name": "Seats",
        }  # fmt: skip
        config = {
            "allocation": "POOLED", "apply_seat_increase_config": {"is_prorated": True}, "subscription_id": "seats",
        }  # fmt: skip
        enable = {
            "override_specifiers": [{"product_id": fee, "billing_frequency": "MONTHLY"}],
            "starting_at_offset": NOW, "entitled": True,
        }  # fmt: skip
        gate = {"payment_gate_type": "NONE"}
        bought = {"unit_price": 1, "quantity": 5000, "date_offset": NOW}
        later = {**subscription, "temporary_id": "more", "collection_schedule": "ARREARS"}
        set_up = {"schedule_items": [{"unit_price": 99.5, "quantity": 1, "date_offset": NOW}]}
        forms: list[dict[str, Any]] = [
            {"duration": YEAR, "net_payment_terms_days": 30, "subscriptions": [subscription], "overrides": [enable]},
            {
                "commits": [
                    {
                        **fixed, "type": "PREPAID", "temporary_id": "first", "access_schedule": access,
                        "invoice_schedule": {"schedule_items": [bought]},
                        "rollover_fraction": 0.5, "name": "Commitment", "custom_fields": {"note": "n"},
                    },
                    {**fixed, "type": "PREPAID", "access_schedule": access, "specifiers": [{"product_tags": ["llm"]}]},
                ],
                "multiplier_override_prioritization": "EXPLICIT",
                "overrides": [
                    {
                        "override_specifiers": [{"product_tags": ["llm"], "commit_ids": ["first"]}],
                        "starting_at_offset": NOW, "duration": MONTH, "type": "TIERED", "priority": 1,
                        "tiers": [{"multiplier": 0.9, "size": 10}, {"multiplier": 0.8}],
                        "is_commit_specific": True, "target": "COMMIT_RATE",
                    },
                    {
                        "override_specifiers": [{"product_id": self.products["usage"][number % 60]}],
                        "starting_at_offset": MONTH, "type": "MULTIPLIER", "multiplier": 0.75, "priority": 2,
                    },
                ],
            },
            {
                "credits": [{**fixed, "access_schedule": access, "priority": 2, "name": "Welcome"}],
                "recurring_credits": [
                    {
                        **recurring, "access_amount": {"unit_price": 1000, "credit_type_id": USD},
                        "recurrence_frequency": "MONTHLY", "subscription_config": config, "duration": YEAR,
                    },
                    {**recurring, "rate_type": "COMMIT_RATE", "applicable_product_tags": ["llm"]},
                ],
                "subscriptions": [subscription, later],
            },
            {
                "recurring_commits": [{**recurring, "recurrence_frequency": "QUARTERLY", "name": "no"}],
                "overrides": [
                    {
                        "override_specifiers": [{"product_id": fee, "billing_frequency": "MONTHLY"}],
                        "starting_at_offset": NOW, "type": "OVERWRITE",
                        "overwrite_rate": {"rate_type": "SUBSCRIPTION", "price": 800, "credit_type_id": USD},
                    }
                ],
                "contract_name": "A contract", "billing_provider": "stripe",
                "delivery_method": "direct_to_billing_provider",
            },
            {
                "scheduled_charges": [{**fixed, "name": "Set-up", "schedule": set_up}],
                "scheduled_charges_on_usage_invoices": "ALL",
                "usage_statement_schedule": {"frequency": "QUARTERLY", "day": "CONTRACT_START"},
            },
            {
                "spend_trackers": [
                    {
                        "alias": "bought", "credit_type_id": USD, "reset_frequency": "BILLING_PERIOD",
                        "applicable_spend_specifiers": [{"spend_type": "COMMIT_PURCHASE", "sources": ["MANUAL"]}],
                    }
                ],
                "spend_threshold_configuration": {
                    "is_enabled": True, "threshold_amount": 10000, "commit": {"product_id": credit},
                    "payment_gate_config": gate,
                },
                "prepaid_balance_threshold_configuration": {
                    "is_enabled": True, "threshold_amount": 100, "recharge_to_amount": 1000,
                    "commit": {"product_id": credit}, "payment_gate_config": gate,
                },
            },
        ]  # fmt: skip
        return {"duration": MONTH, **forms[number % len(forms)]}
