"""Repricing: what is written, that nothing else changes, and that the catalogue says afterwards what was asked for."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from project_bench import instant

from pricebook.catalog.timeline import RateKey, key_text, read_schedule, terms_at
from pricebook.edit.table_edit import cell, cells_of, with_cells
from pricebook.manifest.load import load
from pricebook.policy.sample import SAMPLE
from pricebook.problem import Rejected
from pricebook.project.project import Project, ProjectSettings
from pricebook.workflow.reprice import RepriceRequest, Repricing, Scaling, reprice, write

SETTINGS = ProjectSettings.model_validate(
    {"namespace": "acme", "manifests": ("catalog.yaml",), "environments": {"local": {"store": "memory"}}}
)
SMALL = "    - {product: tokens, pricing_group_values: {model: small}, starting_at: 2025-01-01, price: $0.40}\n"


def run(folder: Path, text: str, factor: str = "1.05", day: str = "2027-01-01", **asked: Any) -> tuple[Repricing, str]:
    """Reprice, write, and give the manifest afterwards."""
    (folder / "catalog.yaml").write_text(text)
    project = Project(folder, SETTINGS)
    step = asked.pop("step", None)
    scaling = Scaling(Decimal(factor), Decimal(step) if step else None)
    made = reprice(project, RepriceRequest(scaling, instant(day), **asked))
    write(project, made)
    return made, (folder / "catalog.yaml").read_text()


def price(folder: Path, day: str, model: str = "small") -> Decimal:
    """The price of tokens on a day, in cents."""
    key = key_text(RateKey("tokens", None, (("model", model),)))
    schedule = load(Project(folder, SETTINGS)).catalog.rates["standard"].get(key)
    found = terms_at(read_schedule(schedule or "[]"), f"{day}T00:00:00Z")
    assert found is not None
    assert found.flat is not None
    return found.flat


SMALL_ONLY = "product == 'tokens' && groups['model'] == 'small'"
CASES = {
    "flow": (SMALL, "price: $0.40}, {starting_at: 2027-01-01, price: $0.42}]}"),
    "block": (
        "    - product: tokens   # ours\n      pricing_group_values: {model: small}\n"
        "      starting_at: 2025-01-01  # day one\n"
        "      price: $0.40   # a million\n",
        "    - product: tokens   # ours\n      pricing_group_values: {model: small}\n"
        "      schedule:\n        - {starting_at: 2025-01-01, price: $0.40}\n"
        "        - {starting_at: 2027-01-01, price: $0.42}"
        "  # day one\n      # a million\n",
    ),
    "schedule in blocks": (
        "    - product: tokens\n      pricing_group_values: {model: small}\n      schedule:\n"
        "        - {starting_at: 2025-01-01, price: 40}   # list\n"
        "        - {starting_at: 2028-01-01, price: \"$0.60\"}\n",
        "        - {starting_at: 2025-01-01, price: 40}   # list\n        - {starting_at: 2027-01-01, price: 42}\n"
        "        - {starting_at: 2028-01-01, price: \"$0.63\"}\n",
    ),
    "schedule in one line": (
        "    - {product: tokens, pricing_group_values: {model: small},"
        " schedule: [{starting_at: 2025-01-01, price: $0.40}]}\n",
        "[{starting_at: 2025-01-01, price: $0.40}, {starting_at: 2027-01-01, price: $0.42}]",
    ),
    "begins that day": (SMALL.replace("2025-01-01", "2027-01-01"), "starting_at: 2027-01-01, price: $0.42}"),
    "currency behind": (
        SMALL.replace("$0.40", "'0.40 USD'"),
        "price: '0.40 USD'}, {starting_at: 2027-01-01, price: '0.42 USD'}]",
    ),
    "tiers": (
        SMALL.replace("price: $0.40}", "rate_type: TIERED, tiers: [{price: $0.40, size: 10}, {price: $0.20}]}"),
        "tiers: [{price: $0.42, size: 10}, {price: $0.21}]}]",
    ),
    "what is drawn from commits": (
        SMALL.replace("price: $0.40}", "price: $0.40, commit_rate: {rate_type: FLAT, price: $0.30}}"),
        "schedule: [{starting_at: 2025-01-01, price: $0.40, commit_rate: {rate_type: FLAT, price: $0.30}},"
        " {starting_at: 2027-01-01, price: $0.42, commit_rate: {rate_type: FLAT, price: $0.315}}]}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_how_a_rate_is_written(tmp_path: Path, name: str) -> None:
    written, expected = CASES[name]
    before = SAMPLE.replace(SMALL, written)
    _, after = run(tmp_path, before, where=SMALL_ONLY)
    assert expected in after
    outside = [line for line in before.splitlines() if line not in written.splitlines()]
    assert [line for line in after.splitlines() if line in outside] == outside, "nothing else changes"
    if name != "tiers":
        assert price(tmp_path, "2027-01-01") == 42
    if name not in ("tiers", "begins that day"):
        assert price(tmp_path, "2026-12-31") == 40


def test_only_what_is_chosen_changes(tmp_path: Path) -> None:
    made, after = run(tmp_path, SAMPLE, where="tag == 'compute' && price > 1.0", currency="USD", step="0.01")
    assert made.prices == [("standard · tokens · model=large", "$2.50", "$2.63")]
    assert after.count(" schedule:") == 1
    with pytest.raises(Rejected, match="EUR"):
        run(tmp_path, SAMPLE, currency="EUR")


def test_negotiated_prices_and_minimums_rise_too_and_are_shown(tmp_path: Path) -> None:
    support = "    - {product: support, rate_type: PERCENTAGE, starting_at: 2025-01-01, price: 0.03%s}\n"
    product = "---\napiVersion: pricebook/v1\nkind: Product\nmetadata: {name: support}\n"
    product += "spec: {name: Support, type: COMPOSITE, composite_tags: [compute]}\n"
    commit = SMALL.replace(
        "$0.40}", "$0.40, commit_rate: {rate_type: TIERED, tiers: [{price: $0.30, size: 5}, {price: $0.20}]}}"
    )
    card = "---\napiVersion: pricebook/v1\nkind: RateCard\n"

    def text(minimum: str) -> str:
        return SAMPLE.replace(SMALL, commit + support % minimum).replace(card, product + card)

    made, after = run(
        tmp_path, text(", minimum_config: {minimum: $10.00}"), factor="2", where="product in ['support', 'tokens']"
    )
    assert made.skipped == 0
    assert made.prices == [
        ("standard · support", "minimum $10.00", "minimum $20.00"),
        ("standard · tokens · model=large", "$2.50", "$5.00"),
        (
            "standard · tokens · model=small",
            "$0.40, commit rate $0.30, commit rate $0.20",
            "$0.80, commit rate $0.60, commit rate $0.40",
        ),
    ]
    entry = "{starting_at: YEAR-01-01, minimum_config: {minimum: $PRICE.00}}"
    first, later = entry.replace("YEAR", "2025"), entry.replace("YEAR", "2027")
    assert f"schedule: [{first.replace('PRICE', '10')}, {later.replace('PRICE', '20')}], price: 0.03}}" in after
    assert run(tmp_path, text(""), factor="2")[0].skipped == 1


def test_again_from_another_day(tmp_path: Path) -> None:
    _, once = run(tmp_path, SAMPLE, where=SMALL_ONLY)
    run(tmp_path, once, day="2026-06-01", factor="2", where=SMALL_ONLY)
    assert [price(tmp_path, day) for day in ("2026-01-01", "2026-06-01", "2027-01-01")] == [40, 80, 84]


def test_a_price_that_would_become_nothing(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        run(tmp_path, SAMPLE.replace("$0.40", "$0.000004"), step="0.01", where=SMALL_ONLY)
    assert [problem.code for problem in caught.value.problems] == ["rounded-away"]
    assert (tmp_path / "catalog.yaml").read_text() == SAMPLE.replace("$0.40", "$0.000004")


def test_what_cannot_be_chosen_by(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        run(tmp_path, SAMPLE, where="prodct == 'tokens'")
    assert caught.value.problems[0].code == "expression"


OWN = """\
      override_specifiers: [{product: fee, billing_frequency: MONTHLY}]
      type: OVERWRITE
      overwrite_rate: {rate_type: SUBSCRIPTION, price: $8.00}   # for starters
"""
OVERRIDDEN = SAMPLE.replace("      override_specifiers: [{product: fee, billing_frequency: MONTHLY}]\n", OWN)


def test_what_a_package_charges_itself_is_left_and_named(tmp_path: Path) -> None:
    made, after = run(tmp_path, OVERRIDDEN)
    assert made.left == [("package:starter · overrides[enable].overwrite_rate.price", "$8.00")]
    assert OWN in after
    assert run(tmp_path, OVERRIDDEN, where="product == 'tokens'")[0].left == []


def test_what_a_package_charges_itself_is_changed_where_that_is_asked_for(tmp_path: Path) -> None:
    made, after = run(tmp_path, OVERRIDDEN, where="product == 'fee'", overrides=True)
    assert ("package:starter · overrides[enable].overwrite_rate.price", "$8.00", "$8.40") in made.prices
    assert made.left == []
    assert OWN.replace("$8.00", "$8.40") in after


def test_what_is_free_stays_free(tmp_path: Path) -> None:
    text = SAMPLE.replace("price: $0.40", "price: 0")
    made, after = run(tmp_path, text, where=SMALL_ONLY)
    assert (made.prices, made.files, after) == ([], [], text)


def test_a_card_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        run(tmp_path, SAMPLE, card="standart")
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("fits-nothing", 'did you mean "standard"?')


TABLE = """\
  rates_from:
    # what we pay for
    - table: prices.csv
      columns: {product: product, pricing_group_values: [model], price: usdMORE}
      defaults: {DEFAULTcurrency: USD}
"""


def with_table(more: str = "", default: str = "starting_at: 2025-01-01, ") -> str:
    """The sample with a table."""
    table = TABLE.replace("MORE", more).replace("DEFAULT", default)
    return SAMPLE.replace(
        "  rates:\n    - {product: tokens, pricing_group_values: {model: small}",
        table + "  rates:\n    - {product: tokens, pricing_group_values: {model: tiny}",
    )


def test_a_table_without_dates_gets_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text('product,model,usd,note\ntokens,small,0.40,"a, b"\ntokens,other,1,x\n')
    made, after = run(tmp_path, with_table(), where=SMALL_ONLY)
    assert sorted(one.file for one in made.files) == ["catalog.yaml", "prices-2027-01-01.csv"]
    assert (tmp_path / "prices-2027-01-01.csv").read_text() == 'product,model,usd,note\ntokens,small,0.42,"a, b"\n'
    assert "    # what we pay for\n    - table: prices.csv\n" in after
    assert "    - table: prices-2027-01-01.csv\n" in after
    assert [price(tmp_path, day) for day in ("2026-12-31", "2027-01-01")] == [40, 42]
    run(tmp_path, after, factor="2", where=SMALL_ONLY)
    assert [price(tmp_path, day) for day in ("2026-12-31", "2027-01-01")] == [40, 84], "in place, the second time"


def test_a_byte_order_mark_and_line_ends_are_kept(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text("\ufeff" + SAMPLE, encoding="utf-8", newline="\r\n")
    project = Project(tmp_path, SETTINGS)
    made = reprice(project, RepriceRequest(Scaling(Decimal("1.05"), None), instant("2027-01-01"), SMALL_ONLY))
    write(project, made)
    after = (tmp_path / "catalog.yaml").read_bytes().decode()
    assert after.startswith("\ufeffapiVersion")
    assert after.count("\n") == after.count("\r\n") >= SAMPLE.count("\n")
    assert price(tmp_path, "2027-01-01") == 42


def test_a_table_with_dates_gets_a_row(tmp_path: Path) -> None:
    rows = "product;model;usd;from\r\ntokens;small;$0.40;2025-01-01\r\ntokens;other;1;2025-01-01\r\n"
    (tmp_path / "prices.csv").write_bytes(rows.encode())
    text = with_table(", starting_at: from", "").replace("      defaults", "      delimiter: ;\n      defaults")
    run(tmp_path, text, where=SMALL_ONLY)
    lines = (tmp_path / "prices.csv").read_bytes().decode().split("\r\n")
    assert lines[1:4] == ["tokens;small;$0.40;2025-01-01", "tokens;small;$0.42;2027-01-01", "tokens;other;1;2025-01-01"]


def test_a_price_that_stands_in_two_places(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("product,model,usd,from\ntokens,small,0.40,2025-01-01\n")
    text = with_table(", starting_at: from", "")
    text = text.replace("{model: tiny}, starting_at: 2025-01-01", "{model: small}, starting_at: 2026-01-01")
    made, after = run(tmp_path, text, where=SMALL_ONLY, factor="2", day="2025-06-01")
    assert sorted(one.file for one in made.files) == ["catalog.yaml", "prices.csv"]
    assert "{model: small}, starting_at: 2026-01-01, price: $0.80}" in after
    assert (tmp_path / "prices.csv").read_text().splitlines()[1:] == [
        "tokens,small,0.40,2025-01-01",
        "tokens,small,0.8,2025-06-01",
    ]
    assert [price(tmp_path, day) for day in ("2025-05-31", "2025-06-01", "2026-01-01")] == [40, 80, 80]


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\x00"), max_size=5), min_size=1, max_size=4), st.data())
def test_a_cell_is_replaced_and_no_other(cells: list[str], data: st.DataObject) -> None:
    import csv
    from io import StringIO

    line = StringIO()
    csv.writer(
        line, quoting=csv.QUOTE_ALL if data.draw(st.booleans()) else csv.QUOTE_MINIMAL, lineterminator=""
    ).writerow(cells)
    text = line.getvalue()
    assert [cell(text, ",", index) for index in range(len(cells_of(text, ",")))] == cells
    index = data.draw(st.integers(0, len(cells) - 1))
    (read,) = csv.reader([with_cells(text, ",", {index: "42"})])
    assert read == [*cells[:index], "42", *cells[index + 1 :]]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"where": "product == 'nosuch'"}, "--where \"product == 'nosuch'\" fits no price"),
        ({"where": "tag == 'nosuch'", "currency": "USD"}, "and --currency"),
        ({"currency": "CHF"}, '--currency "CHF" fits nothing'),
        ({"card": "standrad"}, '--card "standrad" fits nothing'),
    ],
)
def test_an_uplift_of_nothing_is_refused(tmp_path: Path, asked: dict[str, str], said: str) -> None:
    with pytest.raises(Rejected) as refused:
        run(tmp_path, SAMPLE, **asked)
    assert said in refused.value.problems[0].message
