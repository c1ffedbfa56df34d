"""The page of a plan: one file that reaches for nothing, says what the other formats say, and is inert."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
import sample_plan
from html_page import ACTS, Page

from drawing import plan_document, problems_document
from pricebook.format.escape import escape_terminal
from pricebook.format.report.data import report_data, side_by_side
from pricebook.plan.step import Plan
from pricebook.preview.impact import Impact
from pricebook.preview.terms import Window
from pricebook.problem import address
from pricebook.usage.assessment import Assessment
from pricebook.usage.measure import Census
from pricebook.view.impact import ImpactTable
from pricebook.view.impact_table import impact_view
from pricebook.view.plan import plan_view
from pricebook.view.rows import RowChoice

MONTH = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
PLANS = [
    sample_plan.judged,
    sample_plan.new_version,
    sample_plan.new_package,
    sample_plan.many,
    sample_plan.refused,
    sample_plan.empty,
    sample_plan.hostile,
]


def page_of(plan: Plan) -> str:
    return plan_document("html", plan)


def led(link: str | None) -> bool:
    """Whether a link leads to the page of a code."""
    return (link or "").startswith(address(""))


def data_of(text: str) -> Any:
    return json.loads(Page(text).scripts[0])


@pytest.mark.parametrize("make", PLANS)
def test_it_reaches_for_nothing_and_allows_only_itself(make: Callable[[], Plan]) -> None:
    text = page_of(make())
    page = Page(text)
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {"src", "srcset", "action", "style", "http", "data"} & names
    assert not any(name.startswith("on") for name in names)
    assert {link for _, attributes in page.elements if not led(link := attributes.get("href", "#main"))} == {"#main"}
    assert "url(" not in text
    assert "@import" not in text
    (policy,) = (a["content"] or "" for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    _, script = page.scripts
    style = text.split("<style>")[1].split("</style>")[0]
    hashes = [b64encode(sha256(part.encode()).digest()).decode() for part in (script, style)]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; base-uri 'none'"
    )


@pytest.mark.parametrize("make", PLANS)
def test_it_is_inert(make: Callable[[], Plan]) -> None:
    text = page_of(make())
    assert not ACTS.search(text)
    page = Page(text)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not {"img", "iframe", "object", "embed", "form", "link", "base"} & {tag for tag, _ in page.elements}
    assert "<" not in page.scripts[0]
    json.loads(page.scripts[0])


@pytest.mark.parametrize("make", PLANS)
def test_it_says_what_the_json_plan_says(make: Callable[[], Plan]) -> None:
    plan = make()
    counts: Any = json.loads(plan_document("json", plan, "all"))
    text = page_of(plan)
    seen = Page(text).seen
    assert escape_terminal(counts["verdict"], 10_000) in seen
    assert counts["summary"] in seen
    assert all(flag["flag"] in seen for flag in counts["hazards"] if flag["refused"])
    data = data_of(text)
    rates = [item["rates"] for item in counts["objects"] if "rates" in item]
    assert [len(card["rows"]) for card in data["cards"]] == [item["rows_total"] for item in rates]
    assert len(data["objects"]) + len(rates) == len(counts["objects"])
    for card, told in zip(data["cards"], rates, strict=True):
        for (_, kind, hazards), row in zip(card["rows"], told["rows"], strict=True):
            was, now, change, since, *_ = data["kinds"][kind]
            per = f" {row['per']}" if row["per"] else ""
            assert (was, now) == (f"{row['observed']}{per}" if row["observed"] else "", f"{row['desired']}{per}")
            assert (change, since.split(" until ")[0]) == (row["change"], row["starting_at"])
            assert data["hazards"][hazards] == row["hazards"]


def test_a_timeline_has_what_was_and_what_will_be() -> None:
    data = data_of(page_of(sample_plan.mixed()))
    rows = {row[0]: data["courses"][data["kinds"][row[1]][6]] for row in data["cards"][0]["rows"]}
    past, january = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    assert rows["Pro plan"] == [
        [[past, None, "$20.00 a month", 20, 1, "$20.00"]],
        [[past, january, "$20.00 a month", 20, 1, "$20.00"], [january, None, "$25.00 a month", 25, 1, "$25.00"]],
    ]
    new = [january, None, "$1.25 per 1M tokens", 0.00000125, 1, "$1.25"]
    assert rows["Gpt 5 · input · us"] == [[], [new]]
    observed, desired = rows["Legacy model · us"]
    assert [stretch[4] for stretch in observed] == [1]
    assert [stretch[4] for stretch in desired] == [1, 0]


def test_versions_stand_side_by_side_with_what_changes_first() -> None:
    view = plan_view(sample_plan.new_version(), RowChoice(every=True), terms=True)
    (item,) = view.objects
    rows = list(side_by_side(item.fields, item.terms))
    told = [(row.sign or ("" if row.observed == row.desired else "~"), row.path) for row in rows if not row.depth]
    assert told == [
        ("+", "commits[floor]"),
        ("~", "recurring_credits[sign-up].access_amount.unit_price"),
        ("", "recurring_credits[sign-up].product"),
        ("", "recurring_credits[sign-up].access_amount.quantity"),
        ("", "recurring_credits[sign-up].priority"),
        ("", "recurring_credits[sign-up].starting_at_offset"),
        ("", "recurring_credits[sign-up].commit_duration.value"),
        ("", "recurring_credits[sign-up].recurrence_frequency"),
        ("~", "name"),
        ("-", "overrides[launch]"),
        ("", "rate_card_alias"),
        ("", "duration"),
    ]
    assert data_of(page_of(sample_plan.new_version()))["objects"][0]["sides"] == [
        "package:starter-plan@1",
        "package:starter-plan@2",
    ]


def test_the_same_plan_is_the_same_page() -> None:
    assert page_of(sample_plan.judged()) == page_of(sample_plan.judged())


def test_the_page(golden: Callable[[str, str], None]) -> None:
    """The part that is written; lists are drawn from the data by a script, which the browser tests run."""
    text = page_of(sample_plan.judged())
    body = text[text.index("<main") : text.index("</main>")]
    written, data = body.split('<script type="application/json" id="data">')
    golden("judged.html", written)
    golden("judged.data.json", json.dumps(json.loads(data.split("</script>")[0]), indent=1, ensure_ascii=False) + "\n")


def test_the_page_of_problems(golden: Callable[[str, str], None]) -> None:
    text = problems_document("html", sample_plan.problems()[:3], target="acme/production")
    golden("problems.html", text[text.index("<main") : text.index("</main>")])
    assert not ACTS.search(problems_document("html", sample_plan.hostile_findings()))
    assert "<h1>Valid: 1 product.</h1>" in problems_document("html", (), "Valid: 1 product.")


def test_every_row_is_in_the_data_and_hazards_are_few() -> None:
    data = report_data(plan_view(sample_plan.many(), RowChoice(every=True)))
    assert len(data["cards"][0]["rows"]) == 8000
    assert len(data["hazards"]) <= 10


def test_what_bills_do_is_on_the_page_and_inert() -> None:
    name = sample_plan.HOSTILE[0]
    table = ImpactTable(
        "customers who pay more", ("customer", "before", "after"), ((name, "$1.00", "$2.00"),), more="and 3 more"
    )
    made = impact_view({}, Assessment(Impact(MONTH, 1, 0), Census(0), MONTH, {}, assume_migrated=False))
    impact = replace(made, verdict="+$1.00 a month", sentences=("of 4 contracts",), tables=(table,), caveats=(name,))
    seen = Page(text := plan_document("html", sample_plan.mixed(), impact=impact)).seen
    for words in ("+$1.00 a month", "customers who pay more", name, "$2.00", "and 3 more", "of 4 contracts"):
        assert words in seen
    assert [tag for tag, _ in Page(text).elements].count("script") == 2
