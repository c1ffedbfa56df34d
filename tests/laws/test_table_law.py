"""Rates as tables: what is dumped loads as the same rates, and a table that is edited says what it should."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.instant import instant_text
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, normal, read_schedule, schedule_text
from pricebook.catalog.unit import BUILT_IN, scale_of
from pricebook.edit import table_dump
from pricebook.edit.dump import dump, manifest_text, rates_data, spec_data
from pricebook.edit.manifest_edit import EditRequest, ManifestEdit
from pricebook.manifest.load import load
from pricebook.project.project import read_project
from strategy import AMOUNTS, catalogs

PROJECT = 'namespace: acme\nenvironments: {local: {store: "sqlite:///unused.db"}}\n'


def write(root: Path, catalog: Catalog, editions: int = table_dump.EDITIONS) -> None:
    """The catalogue as manifests, with tables for whatever a row can say, and at most so many editions of each."""
    scales = {name: scale_of(unit) for name, unit in {**BUILT_IN, **catalog.units}.items()}
    files = dump(catalog)
    for name, card in catalog.cards.items():
        spec: dict[str, Any] = spec_data(card, scales)
        with patch.object(table_dump, "MANY", 1), patch.object(table_dump, "EDITIONS", editions):
            tables, rest = table_dump.tables_of(name, catalog.rates.get(name, RateBook({})), card, scales)
        if len(rest):
            spec["rates"] = rates_data(rest, card, scales)
        if tables:
            spec["rates_from"] = [dict(table.entry) for table in tables]
        files[f"rate-cards/{name}.yaml"] = manifest_text(Ref(Kind.RATE_CARD, name), {}, spec)
        files |= {f"rate-cards/{file}": text for table in tables for file, text in table.files.items()}
    for file, text in {**files, "pricebook.yaml": PROJECT}.items():
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text(text, encoding="utf-8", newline="")


@settings(max_examples=30)
@given(catalogs(packages=0))
def test_what_is_dumped_into_tables_loads_as_the_same_rates(catalog: Catalog) -> None:
    with TemporaryDirectory() as name:
        write(Path(name), catalog)
        assert load(read_project(Path(name))).catalog == catalog


METRIC = {
    "name": "Calls",
    "aggregation_type": "COUNT",
    "property_filters": ({"name": "model"},),
    "group_keys": (("model",),),
}
USAGE = {"name": "Usage", "type": "USAGE", "billable_metric": "calls", "pricing_group_key": ("model",)}
NOUNS = {
    Ref(Kind.BILLABLE_METRIC, "calls"): noun_of(Kind.BILLABLE_METRIC, METRIC),
    Ref(Kind.PRODUCT, "usage"): noun_of(Kind.PRODUCT, USAGE),
    Ref(Kind.RATE_CARD, "list"): noun_of(Kind.RATE_CARD, {"name": "List"}),
}
CARD = Ref(Kind.RATE_CARD, "list")
MODELS = ("large", "a,b", 'say "hi"', "no", "é")


@st.composite
def flat(draw: st.DrawFn) -> str:
    """The text of a timeline whose every period is a row."""
    starts = sorted(draw(st.lists(st.integers(0, 40), min_size=1, max_size=3, unique=True)))
    segments = []
    for start, after in zip(starts, (*starts[1:], None), strict=True):
        ends = [after, *range(start + 1, (after or start + 3))]
        end = draw(st.sampled_from(ends))
        terms = Terms.of({"entitled": draw(st.booleans()), "price": draw(AMOUNTS), "rate_type": "FLAT"})
        segments.append(Segment(day(start), day(end) if end is not None else None, terms))
    return schedule_text(normal(segments))


def day(number: int) -> str:
    """A day of January 2025, or after."""
    return instant_text(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=number))


BOOKS = st.dictionaries(st.sampled_from(MODELS), flat(), min_size=1).map(
    lambda found: {key_text(RateKey("usage", None, (("model", model),))): text for model, text in found.items()}
)


def books(*segments: tuple[int, int | None, int]) -> dict[str, str]:
    """The prices of one model, as days from and to."""
    timeline = [
        Segment(
            day(start), day(end) if end else None, Terms.of({"entitled": True, "price": price, "rate_type": "FLAT"})
        )
        for start, end, price in segments
    ]
    return {key_text(RateKey("usage", None, (("model", "large"),))): schedule_text(timeline)}


@settings(max_examples=60)
@given(BOOKS, BOOKS)
@example(books((0, 1, 5), (1, None, 7)), books((0, 1, 6)))  # the row that said where the first one ends goes
def test_an_edited_table_says_what_it_should(before: dict[str, str], wanted: dict[str, str]) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        write(root, Catalog(NOUNS, {"list": RateBook(before)}), editions=0)
        table = root / "rate-cards" / "list.csv"
        head, *rows = table.read_text(encoding="utf-8").splitlines()
        table.write_text("\r\n".join([f"{head},note", *(f"{row},mine" for row in rows)]) + "\r\n", newline="")
        edits = ManifestEdit(load(read_project(root)))
        rates = {key: text for key, text in wanted.items() if before.get(key) != text}
        edits.make(EditRequest(CARD, NOUNS[CARD], frozenset(), rates))
        assert edits.left == []
        for file, _, text in edits.files():
            (root / file).write_text(text, encoding="utf-8", newline="")
        again = load(read_project(root)).catalog
        assert again.rates["list"] == RateBook(before | wanted)
        same = [key for key in before if wanted.get(key, before[key]) == before[key]]
        kept = sum(len(read_schedule(before[key])) for key in same)
        lines = table.read_bytes().decode().split("\r\n")
        untouched = [line for line in lines if any(line.startswith(f"{row},mine") for row in rows)]
        assert len(untouched) >= kept
        assert lines[-1] == ""


@st.composite
def published(draw: st.DrawFn) -> dict[str, str]:
    """Rates of a list that is published anew at some dates, now and then with a price that has dates of its own."""
    dates = sorted(draw(st.lists(st.integers(0, 40), min_size=2, max_size=4, unique=True)))
    rates = {}
    for model in MODELS:
        prices = draw(st.lists(st.sampled_from((None, 100, 250)), min_size=len(dates), max_size=len(dates)))
        segments = [
            Segment(at(start), at(end) if end is not None else None, Terms.of({**FLAT, "price": price}))
            for start, end, price in zip(dates, (*dates[1:], None), prices, strict=True)
            if price is not None
        ]
        if segments:
            rates[key_text(RateKey("usage", None, (("model", model),)))] = schedule_text(normal(segments))
    if draw(st.booleans()):
        own = Segment(at(draw(st.integers(41, 50))), at(60), Terms.of({**FLAT, "price": 1}))
        rates[key_text(RateKey("usage", None, (("model", "own"),)))] = schedule_text((own,))
    return rates


FLAT = {"entitled": True, "rate_type": "FLAT"}


def at(day: int) -> str:
    return instant_text(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day))


@settings(max_examples=60)
@given(published())
def test_what_is_dumped_in_editions_loads_as_the_same_rates(rates: dict[str, str]) -> None:
    catalog = Catalog(NOUNS, {"list": RateBook(rates)} if rates else {})
    with TemporaryDirectory() as name:
        write(Path(name), catalog)
        assert dict(load(read_project(Path(name))).catalog.rates["list"].items()) == rates


def test_a_list_that_is_published_anew_is_dumped_in_editions() -> None:
    card = NOUNS[CARD]
    assert isinstance(card, RateCard)
    scales = {name: scale_of(unit) for name, unit in BUILT_IN.items()}

    def dumped(changed: int) -> dict[str, str]:
        rates = {}
        for number in range(30):
            price = Segment(at(0), at(31) if number < changed else None, Terms.of({**FLAT, "price": 100}))
            later = [Segment(at(31), None, Terms.of({**FLAT, "price": 200}))] if number < changed else []
            rates[key_text(RateKey("usage", None, (("model", f"m{number}"),)))] = schedule_text((price, *later))
        (table,), rest = table_dump.tables_of("list", RateBook(rates), card, scales)
        assert not len(rest)
        return dict(table.files)

    assert {file: text.count("\n") for file, text in dumped(20).items()} == {
        "list-2025-01-01.csv": 31,
        "list-2025-02-01.csv": 31,
    }
    assert {file: text.count("\n") for file, text in dumped(1).items()} == {"list.csv": 32}
