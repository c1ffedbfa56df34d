"""Packages without repetition: what is written once gives the packages that somebody would have written out, and each
problem stands at the line that says it."""

import json
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pricebook.catalog.reference import Ref
from pricebook.catalog.term import RelativeDate
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.schema import schema_files
from pricebook.manifest.source_map import Location
from pricebook.problem import Problem, Rejected
from pricebook.project.project import ProjectSettings, read_project

PROJECT = (
    'namespace: acme\nmanifests: [catalog.yaml, packages.yaml]\nenvironments: {local: {store: "sqlite:///p.db"}}\n'
)
DEFAULTS = """\
package_defaults:
  subscriptions: {collection_schedule: ADVANCE, initial_quantity: 1, proration: {is_prorated: true}}
  recurring_credits: {priority: 1, starting_at_offset: 0 days, commit_duration: 1 period}
  overrides: {starting_at_offset: 0 days}
"""
CATALOG = """\
apiVersion: pricebook/v1
kind: ProductList
items:
  - {metadata: {name: team-seat}, spec: {name: Team seat, type: SUBSCRIPTION}}
  - {metadata: {name: big-seat}, spec: {name: Big seat, type: SUBSCRIPTION}}
  - {metadata: {name: gift}, spec: {name: Included credits, type: FIXED}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: seats}
spec:
  name: Seats
  rates:
    - {product: team-seat, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $5.00, entitled: false}
    - {product: team-seat, billing_frequency: ANNUAL, starting_at: 2026-01-01, price: $50.00, entitled: false}
    - {product: big-seat, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $9.00}
    - {product: big-seat, billing_frequency: ANNUAL, starting_at: 2026-01-01, price: $90.00, entitled: false}
"""
MATRIX = """\
apiVersion: pricebook/v1
kind: Package
metadata: {name: "{plan}-{period}"}
spec:
  for: {plan: [team, big], period: [MONTHLY, ANNUAL]}
  values:
    title: {team: Team, big: Big}
    credits: {team: null, big: {MONTHLY: $300.00, ANNUAL: "$3,600.00"}}
  name: "{title} ({period}) v{version}"
  aliases: ["{name}"]
  rate_card: seats
  subscriptions:
    - {key: seats, subscription_rate: {product: "{plan}-seat", billing_frequency: {period}}}
  recurring_credits:
    - {key: included, product: gift, access_amount: {credits}}
"""
SUBSCRIPTION = "collection_schedule: ADVANCE, initial_quantity: 1, proration: {is_prorated: true}"


def package(plan: str, period: str, title: str, credits: str = "", name: str = "", more: str = "") -> str:
    said = f"""\
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: {name or f"{plan}-{period.lower()}"}}}
spec:
  name: "{title} v{{version}}"
  aliases: [{{name: {name or f"{plan}-{period.lower()}"}}}]
  rate_card: seats
  subscriptions:
    - key: seats
      subscription_rate: {{product: {plan}-seat, billing_frequency: {period}}}
      {SUBSCRIPTION.replace(", initial", chr(10) + "      initial").replace(", proration", chr(10) + "      proration")}
"""
    if credits:
        said += f"""\
  recurring_credits:
    - key: included
      product: gift
      access_amount: {{unit_price: "{credits}"}}
      priority: 1
      starting_at_offset: {{value: 0, unit: DAYS}}
      commit_duration: {{value: 1, unit: PERIODS}}
"""
    return said + more


def loaded(root: Path, packages: str, project: str = DEFAULTS) -> Loaded:
    root.mkdir(exist_ok=True)
    (root / "pricebook.yaml").write_text(PROJECT + project)
    (root / "catalog.yaml").write_text(CATALOG)
    (root / "packages.yaml").write_text(packages)
    return load(read_project(root))


def problems(root: Path, packages: str, project: str = DEFAULTS) -> list[Problem]:
    with pytest.raises(Rejected) as caught:
        loaded(root, packages, project)
    return list(caught.value.problems)


def line_of(root: Path, found: Loaded, ref: str, *path: str | int) -> str:
    """The text that stands where a path of a package is said to stand."""
    location = Location(Ref.parse(ref), path)
    at = found.source_map.spans([location])[location]
    return (root / at.file).read_text().splitlines()[at.line - 1][at.column - 1 :]


LONG = (
    package("team", "MONTHLY", "Team (MONTHLY)")
    + package("team", "ANNUAL", "Team (ANNUAL)")
    + package("big", "MONTHLY", "Big (MONTHLY)", "$300.00")
    + package("big", "ANNUAL", "Big (ANNUAL)", "$3,600.00")
)


def test_a_matrix_is_the_packages_written_out(tmp_path: Path) -> None:
    found = loaded(tmp_path / "a", MATRIX)
    assert found.catalog == loaded(tmp_path / "b", LONG, "").catalog
    root = tmp_path / "a"
    assert line_of(root, found, "package:big-annual", "recurring_credits", 0, "access_amount").startswith('"$3,600.00"')
    assert line_of(root, found, "package:big-annual", "subscriptions", 0, "key").startswith("seats,")
    assert line_of(root, found, "package:big-annual", "recurring_credits", 0, "priority").startswith("1, starting")


def test_a_package_differs_from_the_one_that_it_is_based_on(tmp_path: Path) -> None:
    based = """\
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: plus}
spec:
  based_on: big-monthly
  name: Plus v{version}
  aliases: [plus]
  subscriptions: [{key: seats, initial_quantity: 5}]
  recurring_credits: [{key: extra, product: gift, access_amount: $7.00}, {key: included, access_amount: $400.00}]
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: bare}
spec: {based_on: plus, name: Bare, without: {recurring_credits: [included, extra]}, rate_card: seats}
"""
    found = loaded(tmp_path, MATRIX + based)
    plus, base = found.catalog.packages["plus"], found.catalog.packages["big-monthly"]
    assert plus.subscriptions[0] == base.subscriptions[0].model_copy(update={"initial_quantity": 5})
    assert [(c.key, c.access_amount.unit_price) for c in plus.recurring_credits] == [
        ("included", 40000),
        ("extra", 700),
    ]
    assert [alias.name for alias in plus.aliases] == ["plus"]
    assert found.catalog.packages["bare"].recurring_credits == ()
    assert found.catalog.packages["bare"].subscriptions == plus.subscriptions
    assert line_of(tmp_path, found, "package:plus", "recurring_credits", 0, "access_amount").startswith("$400.00")
    assert line_of(tmp_path, found, "package:plus", "recurring_credits", 1).startswith("{key: extra")
    rate = ("subscriptions", 0, "subscription_rate", "product")
    assert line_of(tmp_path, found, "package:bare", *rate).startswith('"{plan}-seat"')


def test_what_a_package_sells_it_entitles(tmp_path: Path) -> None:
    said = "selling_entitles: true\n"
    found = loaded(tmp_path / "a", MATRIX, DEFAULTS + said)
    override = """\
  overrides:
    - override_specifiers: [{{product: {}, billing_frequency: {}}}]
      starting_at_offset: 0 days
      entitled: true
"""
    long = (
        package("team", "MONTHLY", "Team (MONTHLY)", more=override.format("team-seat", "MONTHLY"))
        + package("team", "ANNUAL", "Team (ANNUAL)", more=override.format("team-seat", "ANNUAL"))
        + package("big", "MONTHLY", "Big (MONTHLY)", "$300.00")  # which everybody on the card gets
        + package("big", "ANNUAL", "Big (ANNUAL)", "$3,600.00", more=override.format("big-seat", "ANNUAL"))
    )
    assert found.catalog == loaded(tmp_path / "b", long, "").catalog == loaded(tmp_path / "b", long, said).catalog
    assert line_of(tmp_path / "a", found, "package:team-annual", "overrides", 0).startswith("{key: seats,")
    refused = long.replace("entitled: true", "entitled: false")
    assert loaded(tmp_path / "b", refused, said).catalog == loaded(tmp_path / "b", refused, "").catalog


def changed(old: str, new: str, text: str = MATRIX) -> str:
    assert old in text
    return text.replace(old, new)


BASED = "apiVersion: pricebook/v1\nkind: Package\nmetadata: {name: %s}\nspec: {based_on: %s, name: %s}\n"
BAD = {
    "a million cells": (
        changed("[team, big]", f"[{', '.join(f't{n}' for n in range(500_000))}]"),
        [("too-many", "packages.yaml:5:8", "the matrix has 1,000,000 packages, and 1,000 are the most")],
    ),
    "axes that are none": (
        changed("for: {plan: [team, big], period: [MONTHLY, ANNUAL]}", "for: {plan: team}"),
        [("type", "packages.yaml:5:15", "plan is not a list of texts")],
    ),
    "an axis with a value twice": (
        changed("[team, big]", "[team, team]"),
        [("duplicate", "packages.yaml:5:15", "plan has a value twice")],
    ),
    "a value that is not there in a cell": (
        changed('{team: null, big: {MONTHLY: $300.00, ANNUAL: "$3,600.00"}}', "{team: null}"),
        [
            ("missing-field", "packages.yaml:8:14", "credits has no value for big-annual · big · ANNUAL"),
            ("missing-field", "packages.yaml:8:14", "credits has no value for big-monthly · big · MONTHLY"),
        ],
    ),
    "a wrong value is told where it stands, once": (
        changed('ANNUAL: "$3,600.00"', "ANNUAL: much"),
        [("type", "packages.yaml:8:59", '"much" is not a mapping')],
    ),
    "a name that means nothing": (
        changed("product: gift, access_amount: {credits}", 'product: "{gift}", access_amount: {credits}'),
        [("unknown-value", "packages.yaml:15:32", '"gift" is no value of the matrix')],
    ),
    "a wrong default is told in the project": (
        MATRIX,
        [("not-a-choice", "pricebook.yaml:5:40", '"NEVER" is not one of ADVANCE or ARREARS')],
    ),
    "a circle": (
        BASED % ("a", "b", "A") + "---\n" + BASED % ("b", "a", "B"),
        [("package-cycle", "packages.yaml:9:18", 'package "b" is based on itself, by way of "a"')],
    ),
    "a base that is not there": (
        MATRIX + "---\n" + BASED % ("a", "team-mothly", "A") + "---\n" + BASED % ("b", "a", "B"),
        [("unknown-reference", "packages.yaml:20:18", 'package "team-mothly" does not exist')],
    ),
    "a term that is not there to be left out": (
        MATRIX
        + "---\n"
        + (BASED % ("a", "team-monthly", "A")).replace("name: A", "name: A, without: {subscriptions: [seat]}"),
        [
            (
                "unknown-key",
                "packages.yaml:20:67",
                'the package that this is based on has no subscriptions with the key "seat"',
            )
        ],
    ),
}


@pytest.mark.parametrize(("packages", "expected"), BAD.values(), ids=BAD)
def test_what_is_wrong_stands_where_it_is_said(
    tmp_path: Path, packages: str, expected: list[tuple[str, str, str]]
) -> None:
    project = DEFAULTS.replace("ADVANCE", "NEVER") if expected[0][1].startswith("pricebook") else DEFAULTS
    found = problems(tmp_path, packages, project)
    assert [(p.code, str(p.at), p.message) for p in found] == expected


def test_defaults_for_a_list_that_packages_do_not_have(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, LONG, "package_defaults: {subscription: {initial_quantity: 1}}\n")
    assert (found.code, str(found.at), found.hint) == (
        "unknown-field",
        "pricebook.yaml:4:20",
        'did you mean "subscriptions"?',
    )


def test_the_schema_leaves_to_the_project_what_its_defaults_say() -> None:
    """An editor knows no project: what may be said for all terms is not required of each, and judged all the same."""
    validator = Draft202012Validator(json.loads(schema_files(ProjectSettings)["manifest.schema.json"]))

    def judged(**term: object) -> bool:
        spec = {
            "name": "Pack",
            "rate_card": "card",
            "recurring_credits": [{"key": "gift", "product": "credit", **term}],
        }
        noun = {"apiVersion": "pricebook/v1", "kind": "Package", "metadata": {"name": "pack"}, "spec": spec}
        return validator.is_valid(noun)

    assert judged()
    assert judged(access_amount="$10.00")
    assert not judged(access_amount=True)
    assert not judged(acces_amount="$10.00")


STARTER = """\
apiVersion: pricebook/v1
kind: Package
metadata: {name: starter-plan}
spec:
  name: Starter Plan (as of Oct 2025)
  contract_name: Starter Plan, version {version}
  aliases: [starter-plan]
  rate_card_alias: Tokens rate card
  duration: 12 months
  net_payment_terms_days: 15
  subscriptions:
    - {key: fee, subscription_rate: {product: starter-fee, billing_frequency: MONTHLY}, initial_quantity: 1}
  recurring_credits:
    - {key: sign-up, product: sign-up-credit, access_amount: $10.00, duration: 3 months, recurrence_frequency: MONTHLY,
       applicable_products: [input-tokens, output-tokens]}
"""
SHARED = """\
selling_entitles: true
package_defaults:
  subscriptions: {collection_schedule: ADVANCE, proration: {is_prorated: true, invoice_behavior: BILL_IMMEDIATELY}}
  recurring_credits: {priority: 1, starting_at_offset: 0 months, commit_duration: 1 period}
"""


def test_the_starter_plan_fits_on_a_screen(tmp_path: Path) -> None:
    """The vendor's own example in sixteen lines, the same but for the key of what entitles the fee."""
    example = Path(__file__).parents[2] / "examples" / "starter-plan"
    shutil.copytree(example, tmp_path / "p", ignore=shutil.ignore_patterns("*.db*"))
    expected = load(read_project(example)).catalog.packages["starter-plan"]
    (tmp_path / "p" / "catalog" / "packages" / "starter-plan.yaml").write_text(STARTER)
    settings = tmp_path / "p" / "pricebook.yaml"
    settings.write_text(settings.read_text() + SHARED)
    found = load(read_project(tmp_path / "p")).catalog.packages["starter-plan"]
    start = RelativeDate(value=0, unit="DAYS")
    (enable,) = expected.overrides
    same = enable.model_copy(update={"key": None, "starting_at_offset": start})
    assert found == expected.model_copy(update={"overrides": (same,)})
