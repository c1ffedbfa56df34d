"""The price list as pages and as a feed: what is said is what the store holds, whatever the names."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sample_plan import HOSTILE

from observed import by_hand, holding, with_contracts
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import read_terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.format.site.feed import feed_schema
from pricebook.format.site.pages import site_files
from pricebook.manifest.schema import schema_text
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.holding import Holding
from pricebook.view.price_list import price_list
from published import EXAMPLES, RELEASES, instant, models, starter

WICKED = " | `@everyone` ".join(text for text in HOSTILE if (len(text) < 200 and text.isascii()) or "\u202e" in text)
CARD = Ref(Kind.RATE_CARD, "list")


def files_of(held: Snapshot, opens_on: str | None = None) -> dict[str, str]:
    day = instant(opens_on) if opens_on else None
    return dict(site_files(price_list(held, "acme"), day, schema_text(feed_schema())))


def test_the_data_of_the_starter_plan(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    golden("site-data", files_of(starter(tmp_path))["assets/prices.js"])


def test_a_page_of_a_package_without_scripts(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    golden("site-package", files_of(starter(tmp_path))["packages/starter-plan.html"])


def test_the_same_store_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert files_of(starter(tmp_path / "a")) == files_of(starter(tmp_path / "b"))


def test_the_feed_has_every_published_price_to_the_last_digit(tmp_path: Path) -> None:
    """The tables as they were published against the feed, on the day of each release."""
    files = files_of(models(tmp_path))
    prices = json.loads(files["feed/rate-cards/models.json"])["prices"]
    for release, day in RELEASES:
        with (EXAMPLES / "llm-prices" / "prices" / f"litellm-{release}.csv").open(encoding="utf-8") as file:
            table = {(r["component"], r["provider"], r["model"]): Decimal(r["usd"]) for r in csv.DictReader(file)}
        found = {}
        for price in prices:
            values = price["pricing_group_values"]
            for stretch in price["schedule"]:
                if holds(stretch, f"{day}T00:00:00Z") and stretch["entitled"]:
                    found[price["product"], values["provider"], values["model"]] = Decimal(stretch["amount"])
                    assert stretch["currency"] == "USD"
        assert found == table


def holds(stretch: dict[str, Any], at: str) -> bool:
    return stretch["starting_at"] <= at and (stretch["ending_before"] is None or at < stretch["ending_before"])


def test_every_file_of_the_feed_keeps_the_schema(tmp_path: Path) -> None:
    files = files_of(starter(tmp_path)) | {f"hostile/{k}": v for k, v in files_of(hostile()).items()}
    found = [text for path, text in files.items() if "feed/" in path and not path.endswith("schema.json")]
    assert len(found) == 4
    for text in found:
        jsonschema.validate(json.loads(text), feed_schema())


def test_a_price_in_tiers_a_percentage_and_a_custom_unit_are_in_the_feed() -> None:
    tiers = '{"entitled":true,"rate_type":"TIERED","tiers":[{"price":100,"size":10},{"price":50}]}'
    share = '{"entitled":true,"price":0.125,"rate_type":"PERCENTAGE"}'
    credits = '{"credit_type":"ai","entitled":false,"price":3,"rate_type":"FLAT"}'
    schedules = {"tiered": tiers, "share": share, "credits": credits}
    held = account({product: [("2026-01-01T00:00:00Z", None, terms)] for product, terms in schedules.items()})
    prices = json.loads(files_of(held)["feed/rate-cards/list.json"])["prices"]
    said = {price["product"]: price["schedule"][0] for price in prices}
    assert said["tiered"]["amount"] is None
    assert said["tiered"]["tiers"] == [{"amount": "1", "size": "10"}, {"amount": "0.5", "size": None}]
    assert (said["share"]["amount"], said["share"]["unit"], said["share"]["text"]) == ("0.125", None, "12.5 %")
    assert (said["credits"]["amount"], said["credits"]["unit"], said["credits"]["currency"]) == ("3", "ai", None)


def test_a_price_is_never_told_for_so_many_because_it_is_small() -> None:
    cheap, dear = (f'{{"entitled":true,"price":{cents},"rate_type":"FLAT"}}' for cents in ("0.00004", "0.2"))
    held = account(
        {"tokens": [("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", cheap), ("2026-01-01T00:00:00Z", None, dear)]}
    )
    (history,) = price_list(held, "acme").prices["list"]
    assert [(s.text, s.per) for s in history.stretches] == [("$0.0000004", ""), ("$0.002", "")]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {}, [(1, None, "2026-02-01T00:00:00Z"), (2, "2026-02-01T00:00:00Z", None)]),
        (
            {},
            {"starting_at": "2026-07-01"},
            [(1, None, "2026-07-01T00:00:00Z"), (2, "2026-07-01T00:00:00Z", None)],
        ),
        (
            {"ending_before": "2026-01-01"},
            {},
            [(1, None, "2026-01-01T00:00:00Z"), (2, "2026-02-01T00:00:00Z", None)],
        ),
        (
            {"starting_at": "2027-01-01"},
            {"starting_at": "2026-03-01", "ending_before": "2026-05-01"},
            [(1, "2027-01-01T00:00:00Z", None), (2, "2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z")],
        ),
    ],
)
def test_who_holds_an_alias_when(
    first: dict[str, str], second: dict[str, str], expected: list[tuple[int, str | None, str | None]]
) -> None:
    """The last assignment wins from its start on, or from when it was made; what was before stays as it was."""
    versions = {}
    for number, schedule in enumerate((first, second), 1):
        alias = Alias.model_validate({"name": "pro", **schedule})
        package = noun_of(Kind.PACKAGE, {"name": f"Pro {number}"}).model_copy(update={"aliases": (alias,)})
        versions[Ref(Kind.PACKAGE, "pro", number)] = package
    made = {ref: instant(f"2026-0{ref.version}-01") for ref in versions}
    held = holding(Catalog(versions), instant("2026-06-01"))
    held = replace(held, objects={ref: replace(each, made=made[ref]) for ref, each in held.objects.items()})
    listed = price_list(held, "acme")
    assert list(listed.holdings) == [
        Holding("pro", Ref(Kind.PACKAGE, "pro", version), start, end) for version, start, end in expected
    ]


def test_an_empty_store_has_pages() -> None:
    files = files_of(Snapshot(instant("2026-01-01")))
    assert "This price list has no packages." in files["packages.html"]
    assert json.loads(files["feed/index.json"])["rate_cards"] == []


def test_what_is_nobodys_business_is_left_out(tmp_path: Path) -> None:
    held = starter(tmp_path)
    secret = {ref: f"secret-{number}" for number, ref in enumerate(held.ids)}
    product = Ref(Kind.PRODUCT, "starter-fee")
    noun = held.catalog.nouns[product].model_copy(update={"custom_fields": {"erp": "secret-erp"}})
    nouns = {**held.catalog.nouns, product: noun}
    held = with_contracts(by_hand(held, Catalog(nouns, held.catalog.rates)), {product: 31_415})
    objects = {
        ref: replace(each, id=secret[ref], marks=each.marks._replace(content=secret[ref]))
        for ref, each in held.objects.items()
    }
    held = replace(held, objects=objects)
    whole = "".join(files_of(held).values())
    assert "secret-" not in whole
    assert "31415" not in whole
    assert "31,415" not in whole


def account(schedules: dict[str, list[tuple[str, str | None, str]]], **groups: str) -> Snapshot:
    """A store with a card and a price for each product."""
    nouns = {Ref(Kind.PRODUCT, name): noun_of(Kind.PRODUCT, {"name": name, "type": "FIXED"}) for name in schedules}
    keys = {name: key_text(RateKey(name, None, tuple(sorted(groups.items())))) for name in schedules}
    book = RateBook(
        {
            keys[n]: schedule_text(Segment(s, e, read_terms(t)) for s, e, t in segments)
            for n, segments in schedules.items()
        }
    )
    card = noun_of(Kind.RATE_CARD, {"name": "List"})
    return holding(Catalog({**nouns, CARD: card}, {"list": book}), instant("2026-06-01"))


def hostile() -> Snapshot:
    """Names that would break out of every format, were they let."""
    flat = '{"entitled":true,"price":100,"rate_type":"FLAT"}'
    held = account({"one": [("2026-01-01T00:00:00Z", None, flat)]}, **{WICKED: WICKED})
    bad = Ref(Kind.PRODUCT, "../../etc/passwd")
    nouns = {
        **held.catalog.nouns,
        Ref(Kind.PRODUCT, "one"): noun_of(Kind.PRODUCT, {"name": WICKED, "type": "FIXED", "tags": (WICKED,)}),
        bad: noun_of(Kind.PRODUCT, {"name": "</script><script>alert(1)</script>", "type": "FIXED"}),
        CARD: noun_of(Kind.RATE_CARD, {"name": WICKED, "description": WICKED}),
        Ref(Kind.PACKAGE, "pro", 1): noun_of(Kind.PACKAGE, {"name": WICKED, "aliases": ({"name": WICKED},)}),
        Ref(Kind.PACKAGE, "pro", 2): noun_of(Kind.PACKAGE, {"name": "x" * 10_000, "contract_name": WICKED}),
    }
    return holding(Catalog(nouns, held.catalog.rates), held.observed_at)


class Tags(HTMLParser):
    """The tags of a page, with how many there are of each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))


def test_hostile_names_are_inert() -> None:
    files = files_of(hostile())
    assert all(
        path.startswith(("assets/", "feed", "products/_", "products/one"))
        or "/" not in path
        or path in ("rate-cards/list.html", "packages/pro.html")
        for path in files
    )
    for path, text in files.items():
        assert not {"\x1b", "\u202e", "\u200b", "\r"} & set(text), path
        if path.endswith(".html"):
            scripts = [names for tag, names in Tags(text).seen if tag == "script"]
            assert scripts == [("defer", "src")] * 2, path
            assert not [names for _, names in Tags(text).seen if any(name.startswith("on") for name in names)], path
    strings = re.findall(r'"(?:[^"\\]|\\.)*"', files["assets/prices.js"], re.DOTALL)
    assert "\n" not in "".join(strings), "strings stay on their line"
