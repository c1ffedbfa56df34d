"""Overlays: an environment has its own values, and what is wrong with them is told where they are written."""

from pathlib import Path

import pytest

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.path import Label, named
from pricebook.catalog.reference import Kind, Ref
from pricebook.manifest.field_path import Finder, Nowhere, put, read_path
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.source_map import Location
from pricebook.problem import Rejected
from pricebook.project.project import read_project

CATALOG = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: tokens}
spec: {name: Tokens, aggregation_type: COUNT, property_filters: [{name: model}], group_keys: [[model]]}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: input}
spec: {name: Input, type: USAGE, billable_metric: tokens, pricing_group_key: [model]}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: seat}
spec: {name: Seat, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: gift}
spec: {name: Gift, type: FIXED}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: llm}
spec:
  name: LLM
  rates:
    - {product: input, pricing_group_values: {model: small}, starting_at: 2025-01-01, price: $1.00}
    - product: seat
      billing_frequency: MONTHLY
      schedule:
        - {starting_at: 2025-01-01, price: $5.00}
        - {starting_at: 2026-01-01, price: $6.00}
  rates_from:
    - table: prices.csv
      columns: {price: usd, pricing_group_values: [model]}
      defaults: {product: input, starting_at: 2025-01-01, currency: USD}
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: pro}
spec:
  name: Pro
  rate_card: llm
  duration: {value: 12, unit: MONTHS}
  recurring_credits:
    - key: sign-up
      product: gift
      access_amount: {unit_price: $10.00}
      priority: 1
      commit_duration: {value: 1, unit: PERIODS}
      recurrence_frequency: MONTHLY
      starting_at_offset: {value: 0, unit: MONTHS}
      duration: {value: 3, unit: MONTHS}
"""
PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  base: {store: "sqlite:///base.db"}
  sandbox:
    store: "sqlite:///sandbox.db"
"""
HEAD = "apiVersion: pricebook/v1\nkind: Overlay\n"
WRONG = """\
overlays: [overlays, ../elsewhere, none.yaml]
patches:
  product:seat: {name: Y}
  product:seet: {name: Y}
  package:pro@1: {name: Y}
  rate-card:llm:
    rates[input, model=smal].price: 1
    rates[input, model=large].price: 1
    rates[seat, MONTHLY].price: 1
    rates[input, model=small].price: -1
    fiat_credit_typ: usd
  package:pro:
    spec.name: Y
    a b: Y
    duration: {value: 1, unit: YEARS}
    duration.unit: MONTHS
    recurring_credits.priority: 1
    commits[x].priority: 1
    recurring_credits[sign-up].access_amount.unit_price: ten
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a card, of which one price stands in a table, and a package."""
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "all.yaml").write_text(CATALOG)
    (tmp_path / "catalog" / "prices.csv").write_text("model,usd\nlarge,3.00\n")
    (tmp_path / "catalog" / "test.csv").write_text("model,usd\nlarge,0.01\n")
    return tmp_path


def sandbox(root: Path, more: str) -> Loaded:
    """What the sandbox has, with more lines in its environment."""
    (root / "pricebook.yaml").write_text(PROJECT + "".join(f"    {line}\n" for line in more.splitlines()))
    return load(read_project(root), "sandbox")


def refused(root: Path, more: str) -> list[str]:
    """`code place message` of all that is wrong with the sandbox."""
    with pytest.raises(Rejected) as rejected:
        sandbox(root, more)
    return [f"{p.code} {p.at} {p.message}" for p in rejected.value.problems]


def price(catalog: Catalog, key: str) -> str:
    """The text of a price's schedule."""
    return catalog.rates["llm"].get(key) or ""


def test_what_is_patched_is_what_the_environment_has_and_nothing_else_is(root: Path) -> None:
    (root / "overlays").mkdir()
    (root / "overlays" / "cheap.yaml").write_text(
        HEAD + "patches:\n  rate-card:llm:\n    rates[input, model=small].price: $0.01\n"
        "    rates[seat · monthly].schedule[2026-01-01].price: $0.02\n"
    )
    found = sandbox(
        root,
        """\
overlays: [overlays]
patches:
  product:seat: {name: "Seat (test)"}
  package:pro:
    recurring_credits[sign-up].access_amount.unit_price: $99.00
    net_payment_terms_days: 15
    duration.value: 1
""",
    ).catalog
    base = load(read_project(root), "base").catalog
    assert found.products["seat"].name == "Seat (test)"
    assert found.packages["pro"].net_payment_terms_days == 15
    assert found.packages["pro"].recurring_credits[0].access_amount.unit_price == 9900
    assert '"price":1,' in price(found, '["input",null,{"model":"small"}]')
    seat = price(found, '["seat","MONTHLY",{}]')
    assert '"price":500,' in seat
    assert '"price":2,' in seat
    same = {ref for ref, noun in base.nouns.items() if found.nouns[ref] == noun}
    assert set(base.nouns) - same == {Ref(Kind.PRODUCT, "seat"), Ref(Kind.PACKAGE, "pro")}
    large = '["input",null,{"model":"large"}]'
    assert price(found, large) == price(base, large)
    assert base == load(read_project(root)).catalog  # without an environment the manifests as they stand


def test_a_table_is_replaced_as_a_whole(root: Path) -> None:
    found = sandbox(root, "patches: {rate-card:llm: {'rates_from[prices.csv].table': test.csv}}").catalog
    assert '"price":1,' in price(found, '["input",null,{"model":"large"}]')
    assert refused(root, "patches: {rate-card:llm: {'rates_from[prices.csv].table': gone.csv}}") == [
        'missing-file pricebook.yaml:7:63 there is no file "catalog/gone.csv"'
    ]


def test_everything_that_is_wrong_is_told_where_it_is_written(root: Path) -> None:
    (root / "overlays").mkdir()
    (root / "overlays" / "a.yaml").write_text(HEAD + "patches:\n  product:seat: {name: X}\n---\n{kind: Product}\n")
    (root / "overlays" / "b.yaml").write_text(HEAD + "patchs: {}\n")
    assert refused(root, WRONG) == [
        "patched-twice overlays/a.yaml:4:18 product:seat: name is patched twice, also as name",
        'not-an-overlay overlays/a.yaml:6:1 "overlays/a.yaml" holds something else here',
        "missing-field overlays/b.yaml:1:1 patches is required",
        'unknown-field overlays/b.yaml:3:1 "patchs" is not a field here',
        'outside pricebook.yaml:7:26 overlay "../elsewhere" is outside the project',
        'missing-file pricebook.yaml:7:40 there is no overlay "none.yaml"',
        'patch-ref pricebook.yaml:10:7 product "seet" does not exist',
        'patch-ref pricebook.yaml:11:7 "package:pro@1" names no noun',
        'patch-nowhere pricebook.yaml:13:9 rate-card:llm: rates has no entry "input, model=smal"',
        'patch-nowhere pricebook.yaml:14:9 rate-card:llm: rates has no entry "input, model=large"',
        "patch-unheard pricebook.yaml:15:9 rate-card:llm: rates[seat, MONTHLY].price changes nothing: every price of"
        " the schedule has its own price",
        'unknown-field pricebook.yaml:17:9 "fiat_credit_typ" is not a field here',
        'patch-path pricebook.yaml:19:9 "spec.name" begins above the spec',
        'patch-path pricebook.yaml:20:9 "a b" is no path of a field',
        "patched-twice pricebook.yaml:22:9 package:pro: duration.unit is patched twice, also as duration",
        'patch-nowhere pricebook.yaml:23:9 package:pro: recurring_credits is a list, and has no field "priority"',
        "patch-nowhere pricebook.yaml:24:9 package:pro: commits is not there in the manifest",
        'amount pricebook.yaml:25:62 "ten" is not an amount',
    ]


def test_a_field_beside_a_schedule_is_patched_where_a_price_takes_it(root: Path) -> None:
    path = root / "catalog" / "all.yaml"
    path.write_text(CATALOG.replace("      schedule:", "      price: $4.00\n      schedule:"))
    patch = "patches: {rate-card:llm: {'rates[seat, MONTHLY].price': $9.00}}"
    with pytest.raises(Rejected) as rejected:
        sandbox(root, patch)
    (problem,) = rejected.value.problems
    assert (problem.code, str(problem.at)) == ("patch-unheard", "pricebook.yaml:7:31")
    ways = problem.hint.partition(": ")[2].split("; ")
    assert ways == [f"rates[seat, MONTHLY].schedule[{year}-01-01].price" for year in (2025, 2026)]
    for way in ways:  # as they stand they are patches that hold
        sandbox(root, f"patches: {{rate-card:llm: {{'{way}': $9.00}}}}")
    path.write_text(path.read_text().replace("2025-01-01, price: $5.00}", "2025-01-01}"))
    seat = price(sandbox(root, patch).catalog, '["seat","MONTHLY",{}]')
    assert '"price":900,' in seat
    assert '"price":600,' in seat


@pytest.mark.parametrize("last", [False, True])
def test_patches_below_one_that_is_replaced_are_all_told(root: Path, last: bool) -> None:
    lines = ["    rates[input, model=small].price: $1.00\n", "    rates[seat, MONTHLY].price: $2.00\n"]
    lines.insert(len(lines) if last else 0, "    rates: []\n")
    assert [line.partition(":llm: ")[2] for line in refused(root, f"patches:\n  rate-card:llm:\n{''.join(lines)}")] == [
        "rates[input, model=small].price is patched twice, also as rates",
        "rates[seat, MONTHLY].price is patched twice, also as rates",
    ]


def test_a_schedule_of_a_patch_is_looked_at_too(root: Path) -> None:
    both = """\
patches:
  rate-card:llm:
    rates[seat, MONTHLY].price: $9.00
    rates[seat, MONTHLY].schedule: [{starting_at: 2025-01-01%s}]
"""
    assert [line.split()[0] for line in refused(root, both % ", price: $1.00")] == ["patch-unheard"]
    assert '"price":900,' in price(sandbox(root, both % "").catalog, '["seat","MONTHLY",{}]')
    beside = "patches: {rate-card:llm: {'rates[seat, MONTHLY].starting_at': 2025-01-01}}"
    assert [line.split()[0] for line in refused(root, beside)] == ["conflict"]


def test_an_overlay_that_nobody_names_is_told(root: Path) -> None:
    (root / "catalog" / "extra.yaml").write_text(HEAD + "patches: {product:seat: {name: X}}\n")
    assert refused(root, "") == [
        'unused-overlay catalog/extra.yaml:2:7 no environment has this overlay: "catalog/extra.yaml" changes nothing'
    ]
    found = sandbox(root, "overlays: [catalog/extra.yaml]")  # beside the manifests it is no noun
    assert found.catalog.products["seat"].name == "X"


def test_findings_about_a_patched_value_point_at_the_patch(root: Path) -> None:
    found = sandbox(
        root,
        "patches:\n  rate-card:llm:\n    name: L\n    rates[input, model=small].price: 1\n",
    )
    card, key = Ref(Kind.RATE_CARD, "llm"), '["input",null,{"model":"small"}]'
    asked = [Location(card, ("name",)), Location(card, ("rates", 1)), Location(card, (), key)]
    places = found.source_map.spans(asked)
    assert [str(places[location]) for location in asked] == [
        "pricebook.yaml:9:15",
        "catalog/all.yaml:28:7",
        "pricebook.yaml:10:42",
    ]


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("name", ("name",)),
        ("custom_fields[a.b]", ("custom_fields", "a.b")),
        ("credits[x].product", ("credits", 0, "product")),
        ("credits[gift #1].product", None),
        ("credits[2].product", ("credits", 1, "product")),
        ("credits[3].product", None),
        ("credits[0].product", None),
        ("credits.product", None),
        ("name.first", None),
        ("rates[seat, x=1].price", ("rates", 0, "price")),
        ("rates[seat,x=1].price", ("rates", 0, "price")),
        ("rates[seat].price", None),
        ("rates[twice].price", None),
        ("new.deep", None),
        ("new", ("new",)),
    ],
)
def test_a_path_leads_to_one_node_or_nowhere(text: str, node: tuple[str | int, ...] | None) -> None:
    spec = {
        "name": "N",
        "credits": ({"key": "x", "product": "gift"}, {"product": "gift"}),
        "rates": (
            {"product": "seat", "pricing_group_values": {"x": "1"}},
            {"product": "twice"},
            {"product": "twice"},
        ),
        "custom_fields": {},
    }
    if node is None:
        with pytest.raises(Nowhere):
            Finder(spec).find(read_path(text))
        return
    assert Finder(spec).find(read_path(text)) == node
    changed = put(spec, node, "new value")
    assert changed != spec
    assert Finder(changed).find(read_path("name")) == ("name",)


def test_an_alias_that_is_its_name_alone_is_called_by_it() -> None:
    spec = {"aliases": ("pro", {"name": "pro-plan", "starting_at": "2026-01-01"})}
    for position, name in enumerate(("pro", "pro-plan")):
        assert Finder(spec).find(read_path(f"aliases[{name}]")) == ("aliases", position)
        assert named(spec, ("aliases", position)) == ("aliases", Label(name))


@pytest.mark.parametrize("text", ["", ".", "a.", "a..b", "a[", "a[]", "[x]", "a]b", "spec", "spec.name", "a b"])
def test_a_text_that_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(Nowhere):
        read_path(text)


def test_the_parts_of_a_path() -> None:
    assert read_path("overrides[sale].override_specifiers[1].product") == (
        "overrides",
        Label("sale"),
        "override_specifiers",
        Label("1"),
        "product",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("patches: {}\n", "empty overlays/none.yaml:3:10 nothing is patched here"),
        ("patches:\n  product:seat: {}\n", "empty overlays/none.yaml:4:17 a mapping is empty"),
    ],
)
def test_an_overlay_that_patches_nothing_is_told(root: Path, text: str, expected: str) -> None:
    (root / "overlays").mkdir()
    (root / "overlays" / "none.yaml").write_text(HEAD + text)
    assert refused(root, "overlays: [overlays/none.yaml]") == [expected]


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_a_file_or_folder_without_an_overlay_is_told(root: Path, text: str) -> None:
    (root / "overlays").mkdir()
    assert refused(root, "overlays: [overlays]") == [
        'empty pricebook.yaml:7:16 overlay "overlays" has no file: nothing is patched here'
    ]
    (root / "overlays" / "none.yaml").write_text(text)
    assert refused(root, "overlays: [overlays]") == ["empty overlays/none.yaml:1:1 nothing is patched here"]
