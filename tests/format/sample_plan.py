"""Plans built by hand, one for each thing that a reader has to understand at a glance."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from pricebook.catalog.amount import Scale
from pricebook.catalog.canonical import encode
from pricebook.catalog.fingerprint import content_digest, noun_of
from pricebook.catalog.model import Alias, Noun
from pricebook.catalog.package import Package
from pricebook.catalog.product import PricedProduct
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import read_terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.plan.change import RateChange
from pricebook.plan.fields import field_changes
from pricebook.plan.hazard import Hazard
from pricebook.plan.step import Leftover, Plan, Step
from pricebook.plan.timeline import rate_change
from pricebook.plan.verb.table import AddRates, Adopt, Archive, Create, Release, Repoint, Revise, Supersede
from pricebook.plan.verb.verb import Verb
from pricebook.problem import Problem, Related
from pricebook.span import Span

AS_OF = datetime(2025, 12, 15, 9, tzinfo=UTC)
NOW, JANUARY, PAST = "2025-12-15T09:00:00Z", "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
UNITS = {"usd": Scale("USD", 2), "eur": Scale("EUR", 0), "chf": Scale("CHF", 2), "ai-credits": Scale(None, 0)}


def _products() -> dict[str, PricedProduct]:
    names = ["gpt-4o", "gpt-4o-mini", "gpt-5", "legacy-model", "retired", *(f"model-{i:02d}" for i in range(40))]
    tokens = {name: PricedProduct(name.replace("-", " ").capitalize(), "1M tokens", 6) for name in names}
    fees = {"pro-plan": PricedProduct("Pro plan", "", packaged=True), "seats": PricedProduct("Team seat", "seat")}
    return {**tokens, **fees}


PRODUCTS = _products()


def plan(steps: Sequence[Step], **named: Any) -> Plan:
    """A plan of the namespace `acme` for `production`."""
    named = {"base": "b" * 24, "desired": "d" * 24, "units": UNITS, "products": PRODUCTS, **named}
    return Plan("acme", "production", AS_OF, steps=tuple(steps), **named)


def noun(kind: Kind, /, **spec: Any) -> Noun:
    """A noun from its spec."""
    return noun_of(kind, spec)


def create(kind: Kind, key: str, at: str = "", version: int | None = None, /, **spec: Any) -> Step:
    """The step that creates a noun."""
    made = noun(kind, **spec)
    ref = Ref(kind, key, version)
    return Step(str(ref), Create(ref, made, content_digest(made), "it is new"), at=at)


def terms(price: Any = None, *, entitled: bool = True, rate_type: str = "FLAT", **more: Any) -> str:
    """The canonical terms of a rate; the price is text in API units (cents)."""
    data = {"entitled": entitled, "rate_type": rate_type, **more}
    return encode(data if price is None else {**data, "price": Decimal(price)})


def schedule(*segments: tuple[str, str | None, str]) -> str:
    """The canonical text of a timeline."""
    return schedule_text(Segment(start, end, read_terms(text)) for start, end, text in segments)


def repriced(
    product: str,
    was: str | None,
    now: str,
    *,
    since: str = JANUARY,
    frequency: str | None = None,
    live: bool = True,
    **groups: str,
) -> RateChange:
    """The change of a price that held from 2025 on, both sides as canonical terms, as the planner makes it."""
    observed = schedule((PAST, None, was)) if was else None
    desired = schedule((PAST, since, was), (since, None, now)) if was else schedule((since, None, now))
    key = key_text(RateKey(product, frequency, tuple(sorted(groups.items()))))
    change = rate_change(key, desired, observed, NOW, live)
    assert change is not None
    return reaching(change) if live else change


def reaching(change: RateChange) -> RateChange:
    """The same for customers under contract."""
    if change.observed is None:
        return change
    return change._replace(hazards=tuple(sorted({*change.hazards, Hazard.REACHES_LIVE_CONTRACTS})))


def rates(card: str, changes: Sequence[RateChange], reach: int | None = 311, at: str = "", batch: int = 1) -> Step:
    """The step that adds rates to a card."""
    hazards = tuple(sorted({hazard for change in changes for hazard in change.hazards}))
    return Step(
        f"rates:{card}#{batch}",
        AddRates(Ref(Kind.RATE_CARD, card), tuple(change._replace(reach=reach) for change in changes)),
        hazards=hazards,
        reach=reach,
        live=reach,
        at=at,
    )


def supersede(
    name: str, version: int, was: Package, now: Package, hazards: Sequence[Hazard] = (), **named: Any
) -> Step:
    """The step that makes the next version of a package."""
    ref, previous = Ref(Kind.PACKAGE, name, version), Ref(Kind.PACKAGE, name, version - 1)
    change = Supersede(ref, now, content_digest(now), previous, field_changes(was, now), "packages cannot be edited")
    return Step(str(ref), change, hazards=tuple(hazards), **named)


def step(id_: str, change: Verb, **named: Any) -> Step:
    """Any other step."""
    return Step(id_, change, **named)


def starter(credit: int = 1000, **more: Any) -> Package:
    """The package of the vendor's guide, with a monthly credit of so many cents."""
    spec = {
        "name": "Starter Plan",
        "aliases": ({"name": "starter-plan", "starting_at": "2026-01-01"},),
        "rate_card_alias": "Tokens rate card",
        "duration": {"value": 12, "unit": "MONTHS"},
        "recurring_credits": (
            {
                "key": "sign-up",
                "product": "sign-up-credit",
                "priority": 1,
                "access_amount": {"unit_price": credit},
                "commit_duration": {"value": 1, "unit": "PERIODS"},
                "starting_at_offset": {"value": 0, "unit": "MONTHS"},
                "recurrence_frequency": "MONTHLY",
            },
        ),
        **more,
    }
    made = noun_of(Kind.PACKAGE, spec)
    assert isinstance(made, Package)
    return made


PER_MILLION = [("2.50", "2.00"), ("10.00", "8.00"), ("0.15", "0.20")]


def per_million(dollars: str) -> str:
    """The terms of so many dollars for a million."""
    return terms(Decimal(dollars).scaleb(-4))


@cache
def mixed() -> Plan:
    """Something of everything, as a team would see it on a busy day."""
    plus = {
        "subscriptions": (
            {
                "key": "fee",
                "subscription_rate": {"product": "pro-plan", "billing_frequency": "MONTHLY"},
                "collection_schedule": "ADVANCE",
                "proration": {"is_prorated": True},
                "initial_quantity": 1,
            },
        )
    }
    priced = [
        repriced("gpt-4o", per_million("2.50"), per_million("2.00"), component="input", region="us"),
        repriced("gpt-4o", per_million("10.00"), per_million("8.00"), component="output", region="us"),
        repriced("gpt-4o-mini", per_million("0.15"), per_million("0.20"), component="input", region="us"),
        repriced("gpt-5", None, per_million("1.25"), component="input", region="us"),
        repriced("legacy-model", terms("0.0006"), terms("0.0006", entitled=False), since=NOW, region="us"),
        repriced(
            "pro-plan",
            terms("2000", rate_type="SUBSCRIPTION"),
            terms("2500", rate_type="SUBSCRIPTION"),
            frequency="MONTHLY",
        ),
    ]
    return plan(
        [
            create(
                Kind.BILLABLE_METRIC,
                "output-tokens",
                "metrics/tokens.yaml:12",
                name="Output tokens",
                aggregation_type="SUM",
                aggregation_key="tokens",
                property_filters=({"name": "tokens", "exists": True},),
            ),
            create(
                Kind.PRODUCT,
                "gpt-5",
                "products/models.yaml:41",
                name="GPT-5",
                type="USAGE",
                billable_metric="output-tokens",
                pricing_group_key=("component", "region"),
            ),
            step(
                "product:gpt-4o",
                Revise(
                    Ref(Kind.PRODUCT, "gpt-4o"),
                    after := noun(Kind.PRODUCT, name="GPT-4o (Omni)", type="FIXED", tags=("llm", "omni")),
                    content_digest(after),
                    field_changes(noun(Kind.PRODUCT, name="GPT-4o", type="FIXED", tags=("llm",)), after),
                ),
                at="products/models.yaml:3",
            ),
            rates("tokens", priced, 311, "rate-cards/tokens.yaml:1"),
            step(
                "repoint:rate-card:tokens",
                Repoint(
                    Ref(Kind.RATE_CARD, "tokens"),
                    (
                        Alias(name="Tokens rate card"),
                        Alias(name="tokens-2026", starting_at=datetime(2026, 1, 1, tzinfo=UTC)),
                    ),
                    (Alias(name="Tokens rate card"),),
                ),
                hazards=(Hazard.ALIAS_MOVES,),
                reach=311,
                at="rate-cards/tokens.yaml:1",
            ),
            supersede(
                "starter-plan",
                3,
                starter(),
                starter(1500, **plus),
                (Hazard.ALIAS_MOVES,),
                reach=142,
                at="packages/starter.yaml:4",
            ),
            step(
                "archive:product:old-model",
                Archive(Ref(Kind.PRODUCT, "old-model"), "no manifest declares it"),
                hazards=(Hazard.ARCHIVES,),
                at="",
            ),
        ],
        kept=118,
        leftovers=(Leftover(Ref(Kind.PRODUCT, "experiment")),),
        unmanaged={"product": 14, "rate-card": 2},
    )


def new_version() -> Plan:
    """A package only: a credit that shrinks, a discount that goes, a commit that comes."""
    before = starter(
        overrides=(
            {
                "key": "launch",
                "override_specifiers": ({"product_tags": ("llm",)},),
                "starting_at_offset": {"value": 0, "unit": "DAYS"},
                "type": "MULTIPLIER",
                "multiplier": Decimal("0.8"),
            },
        )
    )
    after = starter(
        500,
        name="Starter Plan 2026",
        commits=(
            {
                "key": "floor",
                "product": "minimum",
                "type": "PREPAID",
                "access_schedule": {
                    "schedule_items": (
                        {
                            "amount": 1234567,
                            "starting_at_offset": {"value": 0, "unit": "DAYS"},
                            "duration": {"value": 1, "unit": "YEARS"},
                        },
                    )
                },
            },
        ),
    )
    return plan(
        [
            supersede(
                "starter-plan",
                2,
                before,
                after,
                (Hazard.ALIAS_MOVES, Hazard.CREDIT_CUT),
                reach=142,
                at="packages/starter.yaml:4",
            )
        ],
        kept=12,
    )


def new_package() -> Plan:
    """A first package on a new card: what it grants and charges stands in the plan, not only its name."""
    made = starter(
        2500,
        billing_provider="stripe",
        credits=(
            {
                "key": "trial",
                "product": "sign-up-credit",
                "access_schedule": {
                    "credit_type": "ai-credits",
                    "schedule_items": (
                        {
                            "amount": 500,
                            "starting_at_offset": {"value": 0, "unit": "DAYS"},
                            "duration": {"value": 30, "unit": "DAYS"},
                        },
                    ),
                },
            },
        ),
    )
    ref = Ref(Kind.PACKAGE, "starter-plan", 1)
    conversions = ({"custom_credit_type": "ai-credits", "fiat_per_custom_credit": Decimal("0.5")},)
    return plan(
        [
            create(Kind.RATE_CARD, "tokens", "cards.yaml:1", name="Tokens", credit_type_conversions=conversions),
            rates(
                "tokens",
                [repriced(f"model-{i}", None, terms("3", credit_type="ai-credits"), live=False) for i in range(3)],
                0,
                "cards.yaml:1",
            ),
            step(
                "repoint:rate-card:tokens",
                Repoint(Ref(Kind.RATE_CARD, "tokens"), (Alias(name="Tokens rate card"),), ()),
                reach=0,
            ),
            step(str(ref), Create(ref, made, content_digest(made), "it is new"), reach=0, at="packages/starter.yaml:4"),
        ]
    )


def owned() -> Plan:
    """Objects that become ours, one of them changed at once; one that has another name now; and some that we let go."""
    pro = noun(Kind.PRODUCT, name="Pro plan", type="SUBSCRIPTION")
    gold = noun(Kind.PRODUCT, name="Gold support", type="FIXED")
    renamed_to, made = Ref(Kind.PRODUCT, "support-gold"), noun(Kind.PRODUCT, name="Pro", type="SUBSCRIPTION")
    hostile = noun(Kind.RATE_CARD, name=HOSTILE[3])
    products, ref = "catalog/plans.yaml", Ref(Kind.PRODUCT, "pro-plan")
    fields = field_changes(pro, made)
    return plan(
        [
            step("adopt:product:pro-plan", Adopt(ref, "9e1c2a54-2f0e", pro, "a" * 24), at=f"{products}:3"),
            step(
                "adopt:product:support-gold",
                Adopt(renamed_to, "4b7d9f10-77aa", gold, "", was=Ref(Kind.PRODUCT, "gold")),
                at=f"{products}:9",
            ),
            step(
                "adopt:rate-card:tokens",
                Adopt(Ref(Kind.RATE_CARD, "tokens"), HOSTILE[1], hostile, "c" * 24, "1.x.y", "d" * 24),
                at="rate-cards/tokens.yaml:1",
            ),
            step(
                "product:pro-plan",
                Revise(ref, made, content_digest(made), fields),
                needs=("adopt:product:pro-plan",),
                at=f"{products}:3",
            ),
            rates(
                "tokens",
                [
                    repriced("gpt-4o", per_million("2.50"), per_million("2.00")),
                    repriced("retired", terms("0.15"), terms("0.15", entitled=False), since=NOW),
                ],
                311,
                "rate-cards/tokens.yaml:1",
            ),
            step("release:rate-card:past", Release(Ref(Kind.RATE_CARD, "past"), "it is removed from the project")),
            step("release:product:retired", Release(Ref(Kind.PRODUCT, "retired"), "it is removed from the project")),
        ],
        kept=12,
        adopted={
            ref: "9e1c2a54-2f0e",
            Ref(Kind.RATE_CARD, "tokens"): HOSTILE[1],
            Ref(Kind.PACKAGE, "legacy"): "77f0c0de-0001",
        },
        moved=(
            (Ref(Kind.PRODUCT, "gold"), renamed_to),
            (Ref(Kind.PACKAGE, "starter"), Ref(Kind.PACKAGE, "starter-plan")),
        ),
    )


@cache
def many(count: int = 8000) -> Plan:
    """So many changed prices of forty models on one card, in batches of a thousand."""
    changes = []
    for i in range(count):
        model, region = f"model-{i % 40:02d}", f"region-{i // 40:03d}"
        was = Decimal(50 + i % 977).scaleb(-6)
        factor = ("0.80", "0.875", "1.10", "0.95", "1.25")[i % 5] if i % 1999 else "100"
        if i % 101 == 7:
            changes.append(repriced(model, None, terms(was), region=region))
        elif i % 211 == 9:
            changes.append(repriced(model, terms(was), terms(was, entitled=False), since=NOW, region=region))
        else:
            changes.append(repriced(model, terms(was), terms(was * Decimal(factor)), region=region))
    changes.sort()
    steps = [
        rates("tokens", changes[i : i + 1000], 311, "rate-cards/tokens.yaml:1", i // 1000 + 1)
        for i in range(0, count, 1000)
    ]
    return plan(steps, kept=96)


def empty() -> Plan:
    """Nothing to do."""
    return plan(
        [],
        kept=123,
        prices=8212,
        leftovers=(Leftover(Ref(Kind.PRODUCT, "experiment")), Leftover(Ref(Kind.PACKAGE, "beta", 2), ("beta",), 11)),
        unmanaged={"product": 14},
    )


def refused() -> Plan:
    """What hardly anybody means: cents for dollars, the past, a lost entitlement."""
    past = rate_change(
        key_text(RateKey("seats", "MONTHLY", ())),
        schedule((PAST, None, terms("3000"))),
        schedule((PAST, None, terms("2500"))),
        NOW,
        True,
    )
    assert past is not None
    changes = [
        repriced("gpt-4o", terms("0.00025"), terms("0.025"), component="input"),
        repriced("legacy", terms("0.0006"), terms("0.0006", entitled=False), since=NOW),
        reaching(past),
    ]
    return plan([rates("tokens", sorted(changes), 311, "rate-cards/tokens.yaml:1")])


HOSTILE = (
    "<script>alert(1)</script>",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "abc\u202e99.1$\u2066x\u2069\u200f\u061c",
    "one\ntwo\r\nthree\u2028four\u2029five\x85six",
    "zero\u200bwidth\ufeff\u200d\xad\u2060",
    "x" * 10_000,
    "שלום",
    "[bold red]rich[/bold red] :smile: {0} %s",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319algo",
    "\ud800lone",
    "日本語の名前" * 20,
    "tag\U000e0041\U000e007f",
    "| a | b | `c` ``d`` \\",
    "@everyone @acme/team #1 GH-2 acme/pricing#3 !4 %5 &6 ~7 $8$ :tada:",
    "https://evil.example www.evil.example mallory@evil.example mailto:mallory@evil.example",
    "[link](https://evil.example) ![image](https://evil.example/x.png) <https://evil.example> [^1] [[wiki]]",
    "</script><img src=x onerror=alert(1)> --> ]]> &lt;b&gt; &#60; <!-- <details> </details> </td>",
    "::error::owned ##[error]owned ::set-output name=x::y %0A%0D%25",
    "# heading\n- item\n> quote\n1. one\n***\n~~~\n| x |\n|---|",
    "      indented",
    "**bold** __under__ ~~gone~~ *it* _em_ =",
    "' onmouseover='alert(1)' \" style=\"x\"",
)


@cache
def hostile() -> Plan:
    """Every place where data can stand holds something that must not act."""
    changes = [repriced(name, per_million("2.50"), per_million("2.00"), **{name[:300]: name}) for name in HOSTILE]
    steps = [rates("tokens", sorted(changes), 311, HOSTILE[1] + ":1")]
    for name in HOSTILE:
        steps.append(
            step(
                f"archive:{name}",
                Archive(Ref(Kind.PRODUCT, name), name),
                hazards=(Hazard.ARCHIVES,),
                at=f"{name}.yaml:3",
            )
        )
    alias = Alias(name=HOSTILE[2])
    steps.append(
        step(
            "repoint", Repoint(Ref(Kind.RATE_CARD, HOSTILE[3]), (alias,), (Alias(name=HOSTILE[0]),), reason=HOSTILE[1])
        )
    )
    before, after = (
        noun(Kind.PRODUCT, name=name[:9000].replace("\ud800", "?"), type="FIXED") for name in (HOSTILE[1], HOSTILE[3])
    )
    ref = Ref(Kind.PRODUCT, HOSTILE[4])
    steps.append(step("revise", Revise(ref, after, "d", field_changes(before, after)), at=HOSTILE[2]))
    return plan(
        steps,
        leftovers=tuple(Leftover(Ref(Kind.PRODUCT, name), (name,), name=name) for name in HOSTILE),
        unmanaged={HOSTILE[1]: 2},
        findings=tuple(hostile_findings()),
    )


def judged() -> Plan:
    """A plan about which rules have something to say, waived or not."""
    return replace(mixed(), findings=tuple(findings()))


def findings() -> list[Problem]:
    """What rules say: some of every shape."""
    return [
        Problem(
            "price-step",
            "prices rise by 33.3 %, more than the 20 % that the policy allows at once",
            Span("rate-cards/tokens.yaml", 12, 7),
            "raise it in two steps, or waive the rule with a reason",
            (Related("policy", Span("pricebook.yaml", 9, 5)),),
            subject="rate-card:tokens",
        ),
        Problem(
            "notice-period",
            "customers under contract pay more from 2026-01-01, 17 days from now",
            Span("rate-cards/tokens.yaml", 12, 7),
            severity="warning",
            more=3,
            subject="rate-card:tokens",
        ),
        Problem("naming", "the name is not in title case", None, severity="note", subject="product:gpt-5"),
        Problem(
            "round-price",
            "$1.25 is no round price",
            Span("rate-cards/tokens.yaml", 20, 7),
            severity="warning",
            subject="rate-card:tokens",
            waived="agreed with finance, by ada until 2026-06-30",
        ),
    ]


def hostile_findings() -> list[Problem]:
    """Findings that say what must not act."""
    return [
        Problem("naming", name, Span("a.yaml", 3, 1), name, ((name, Span("b.yaml", 1)),), subject=name)
        for name in HOSTILE
    ] + [Problem("naming", name, None, "", waived=name) for name in HOSTILE]


def problems() -> list[Problem]:
    """Some of every shape."""
    return [
        Problem(
            "unknown-reference",
            'rate card "standrad" does not exist',
            Span("packages/pro.yaml", 14, 16),
            'did you mean "standard"?',
            (Related("", Span("rate-cards/standard.yaml", 3, 1)),),
        ),
        Problem("missing-field", "product is required", Span("packages/pro.yaml", 22, 5)),
        Problem(
            "duplicate-rate",
            "the same rate stands twice: gpt-4o · region=us",
            Span("prices.csv", 812, 1),
            "put both prices into one schedule",
            (Related("first", Span("prices.csv", 12, 1)), Related("card", Span("rate-cards/tokens.yaml", 1, 1))),
            more=9_980,
        ),
        *(Problem("number", f"row {i}: the price is not a number", Span("prices.csv", i, 5)) for i in range(900, 930)),
        Problem("policy", "prices rose by more than 20 %", None, "ask somebody", severity="warning"),
    ]
