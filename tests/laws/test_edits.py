"""Adopt, then compare: empty. Over random catalogues and whatever somebody did to their prices, names and aliases."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from observed import by_hand
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind
from pricebook.edit.dump import dump
from pricebook.manifest.load import load
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.drift import DriftReport, compare
from pricebook.plan.origin import Origin
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.project.project import read_project
from pricebook.workflow.drift import adopt
from strategy import TEXTS, catalogs, schedules

BEFORE, NOW = datetime(2023, 12, 1, tzinfo=UTC), datetime(2025, 6, 1, 9, 30, tzinfo=UTC)
PROJECT = "namespace: acme\nmanifests: [catalog]\nenvironments:\n  test: {store: 'sqlite:///x.db'}\n"


@st.composite
def edits(draw: st.DrawFn, snapshot: Snapshot) -> Snapshot:
    """The account after somebody renamed products, gave aliases and changed prices by hand."""
    nouns, rates = dict(snapshot.catalog.nouns), dict(snapshot.catalog.rates)
    for ref, noun in snapshot.catalog.nouns.items():
        if ref.kind is Kind.PRODUCT and draw(st.booleans()):
            nouns[ref] = noun.model_copy(update={"name": draw(TEXTS)})
        elif ref.kind is Kind.RATE_CARD and draw(st.booleans()):
            aliases = draw(st.sampled_from([(), (Alias(name="by: hand"), Alias(name=f"# {ref.name}"))]))
            used = {package.rate_card_alias for package in snapshot.catalog.packages.values()}
            if not used & {alias.name for alias in snapshot.catalog.cards[ref.name].aliases}:
                nouns[ref] = noun.model_copy(update={"aliases": aliases[: 1 + (len(snapshot.catalog.cards) == 1)]})
    for card, book in snapshot.catalog.rates.items():
        fiat = snapshot.catalog.cards[card].fiat_credit_type
        entries = dict(book.items())
        for key in sorted(entries):
            if draw(st.booleans()):
                entries[key] = draw(schedules(fiat, (fiat,)))
        rates[card] = RateBook(entries)
    if len(snapshot.catalog.cards) > 1:
        nouns |= {ref: noun for ref, noun in snapshot.catalog.nouns.items() if ref.kind is Kind.RATE_CARD}
    return by_hand(snapshot, Catalog(nouns, rates))


def write(folder: Path, files: Mapping[str, str], form: Callable[[str], str]) -> None:
    """A project of these manifests, in a form of text files."""
    (folder / "pricebook.yaml").write_text(PROJECT)
    for name, text in files.items():
        path = folder / "catalog" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(form(f"# kept\n{text}"), encoding="utf-8", newline="")


FORMS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    lambda text: "\ufeff" + text,
    lambda text: text.removesuffix("\n").replace("\n", "\r\n"),
)
"""Text files as editors write them, of plain text."""


def plain(text: str) -> str:
    """The text without its form."""
    assert text.count("\r\n") in (0, text.count("\n"))
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


@settings(max_examples=20)
@given(st.data())
def test_after_adopting_git_and_the_account_agree(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        form = data.draw(st.sampled_from(FORMS))
        write(Path(folder), dump(data.draw(catalogs(packages=1))), form)
        project = read_project(Path(folder))
        loaded = load(project)
        first = make_plan(loaded.catalog, Snapshot(BEFORE), namespace="acme", environment="test", as_of=BEFORE)
        moved = data.draw(edits(rehearse(Snapshot(BEFORE), [step.change for step in first.steps])))
        target = {"namespace": "acme", "environment": "test"}
        comparison = compare(loaded.catalog, moved, **target, as_of=NOW, places=loaded.places)  # type: ignore[arg-type]
        assert {drift.origin for drift in comparison.drifts} <= {Origin.DRIFTED}
        written = adopt(DriftReport(comparison, comparison.drifts), project, loaded, moved)
        assert written.left == ()
        assert bool(written.files) == bool(comparison.drifts)
        agreed = load(read_project(Path(folder)))
        after = compare(agreed.catalog, moved, **target, as_of=NOW, places=agreed.places)  # type: ignore[arg-type]
        assert after.drifts == ()
        for change in written.files:
            assert plain(change.after).startswith("# kept\n")
            assert change.after in (form(plain(change.after)), form(plain(change.after) + "\n"))
