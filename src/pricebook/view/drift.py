"""`DriftView`: a drift report as a reader sees it, the one value that every format is drawn from.

Each row names what differs, what git says and what the account says. Text is as it came: whoever draws it escapes it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

from pricebook.catalog.alias import schedule_words
from pricebook.catalog.model import Alias, noun_class
from pricebook.plan.change import RateChange
from pricebook.plan.drift import Comparison, Drift, DriftReport, Facet
from pricebook.plan.origin import Origin
from pricebook.plan.verb.repoint import Repoint
from pricebook.problem import Problem
from pricebook.view.check import Case, Checks, problem_cases
from pricebook.view.field import field_rows
from pricebook.view.leftover import LeftoverView, leftover_verdict, leftover_views
from pricebook.view.plain import hidden
from pricebook.view.price import Units
from pricebook.view.rate_row import RateRow, row_of
from pricebook.view.rows import RowChoice
from pricebook.view.words import counted, shortened

FEW = 20
"""Rows of one object that are listed when nothing was asked for; all are counted."""
ACCEPTED = "accepted"
TITLES = {
    "both": "Changed in the account, and otherwise in git",
    "drifted": "Changed in the account",
    "unclear": "Different, and the marks do not say who changed it",
    "pending": "Pending: in git, not applied yet",
    ACCEPTED: "Known and accepted",
}
NOTHING = "nothing"


class DriftRow(NamedTuple):
    """One price, field or alias: what git says and what the account says; `when` is the time that it is about. By its
    `name` it is accepted; `called` is what people call a price."""

    name: str
    git: str
    account: str
    when: str = ""
    money: bool = True
    called: str = ""

    @property
    def title(self) -> str:
        """What people call it first, then its name."""
        return f"{self.called} ({self.name})" if self.called else self.name


class ParityRow(NamedTuple):
    """One price, field or alias: what the one environment says and what the other; `called` as of drift."""

    name: str
    one: str
    other: str
    when: str = ""
    money: bool = True
    called: str = ""

    @property
    def title(self) -> str:
        """What people call it first, then its name."""
        return f"{self.called} ({self.name})" if self.called else self.name


class Unverified(NamedTuple):
    """What could not be compared, and why."""

    subject: str
    words: str


class Compared(NamedTuple):
    """How many objects are the same, of how many prices."""

    objects: int
    prices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftItem:
    """One object: `section` is a key of TITLES, `sentence` what happened to it. `rows` are about `listed` of `total`
    prices, fields or aliases."""

    section: str
    ref: str
    facet: str
    sentence: str
    place: str
    money: bool
    total: int
    rows: tuple[DriftRow | ParityRow, ...]
    listed: int = hidden()

    @property
    def cells(self) -> tuple[str, ...]:
        """What a test report says of it."""
        rows = (f"{row.title}: git {row[1]}, account {row[2]} {row.when}".rstrip() for row in self.rows)
        hidden = self.total - self.listed
        return (self.sentence, *rows, *((f"and {hidden:,} more",) if hidden else ()))


@dataclass(frozen=True, slots=True)
class DriftView:
    """A drift report for reading. `counts` are objects and prices by section; `drifted` decides the exit code."""

    answer: ClassVar[str] = "drift"
    namespace: str
    environment: str
    as_of: datetime
    drifted: bool
    verdict: str
    counts: Mapping[str, int]
    compared: Compared
    items: tuple[DriftItem, ...]
    unverified: tuple[Unverified, ...]
    leftovers: tuple[LeftoverView, ...]
    unmanaged: Mapping[str, int]
    findings: tuple[Problem, ...]

    @property
    def target(self) -> str:
        """What it is about."""
        return self.environment

    @property
    def titles(self) -> Mapping[str, str]:
        """Of the sections."""
        return TITLES

    def sides(self, _: str) -> tuple[str, str]:
        """What the two are called that are compared in a section."""
        return "git", "account"

    @property
    def checks(self) -> Checks:
        """For CI systems: what somebody changed in the account fails."""
        return Checks(f"drift {self.namespace}/{self.environment}", tuple(_cases(self)))


def drift_view(report: DriftReport, choice: RowChoice) -> DriftView:
    """The view of a report."""
    comparison = report.comparison
    units = Units(comparison.units, comparison.products)
    found = [(each.origin.value, each, "") for each in report.open]
    found += [(ACCEPTED, each, words) for each, words in report.accepted]
    order = list(TITLES)
    found.sort(key=lambda item: order.index(item[0]))
    counts: dict[str, int] = {}
    items = []
    for section, each, words in found:
        counts[section] = counts.get(section, 0) + len(each.parts)
        sentence = _sentence(each) + (f" ({words})" if words else "")
        items.append(drift_item(section, each, sentence, comparison, choice, units))
    return DriftView(
        namespace=comparison.namespace,
        environment=comparison.environment,
        as_of=comparison.as_of,
        verdict=_verdict(report, counts, units, items),
        drifted=report.drifted,
        items=tuple(items),
        counts={section: counts.get(section, 0) for section in TITLES},
        compared=Compared(comparison.kept, comparison.prices),
        leftovers=leftover_views(report.left, units),
        unmanaged=dict(sorted(comparison.unmanaged.items())),
        unverified=tuple(Unverified(*each) for each in report.unverified),
        findings=report.findings,
    )


def drift_item(
    section: str, drift: Drift, sentence: str, comparison: Comparison, choice: RowChoice, units: Units
) -> DriftItem:
    """One difference of a comparison, with those of its rows that were chosen."""
    chosen = _chosen(drift, choice)
    rows = tuple(_rate_rows(chosen.rates, units) if chosen.rates else _rows(chosen, units)) if chosen else ()
    at = comparison.places.get(drift.ref.unversioned)
    return DriftItem(
        section=section,
        ref=str(drift.ref),
        facet=drift.facet.value,
        sentence=sentence,
        place=f"{at.file}:{at.line}" if at is not None else "",
        money=drift.money,
        total=len(drift.parts),
        rows=rows,
        listed=len(chosen.parts) if chosen is not None else 0,
    )


def _cases(view: DriftView) -> Iterator[Case]:
    for item in view.items:
        file, _, line = item.place.rpartition(":")
        words = item.cells
        yield Case(
            group=item.ref,
            name=f"{item.facet} {item.section}",
            failures=words if item.section in ("drifted", "both", "unclear") else (),
            skipped="; ".join(words) if item.section == ACCEPTED else "",
            file=file,
            line=int(line) if line.isdecimal() else 0,
            output="; ".join(words) if item.section == "pending" else "",
        )
    for subject, sentence in view.unverified:
        yield Case(group=subject, name="verified", skipped=sentence)
    objects, prices = view.compared
    yield Case(
        group="compared",
        name="the rest",
        output=f"{counted(objects, 'object')} as git has them, of {counted(prices, 'price')}",
    )
    yield from problem_cases("acceptance", view.findings)


def _chosen(drift: Drift, choice: RowChoice) -> Drift | None:
    """What of a drift is to be listed; None for nothing."""
    most = choice.most(FEW)
    return drift.only([choice.fits(part) and (most is None or n < most) for n, part in enumerate(drift.parts)])


def _rate_rows(rates: Iterable[RateChange], units: Units) -> Iterator[DriftRow]:
    for change in rates:
        for move in change.moves(None):
            row = row_of(change, move, units)
            yield DriftRow(row.key, *_prices(row), row.when, called=row.name)


def _prices(row: RateRow) -> tuple[str, str]:
    """What git and the account say; a price that the manifests do not have is ended by a plan."""
    desired = f"{row.desired} {row.per}".rstrip() if row.change != "ended" else NOTHING
    return desired, f"{row.observed} {row.per}".rstrip() if row.observed else NOTHING


def _rows(drift: Drift, units: Units) -> Iterator[DriftRow]:
    change = drift.change
    if isinstance(change, Repoint):
        names = dict.fromkeys(alias.name for alias in (*change.aliases, *change.observed))
        for name in names:
            git, account = _schedule(name, change.aliases), _schedule(name, change.observed)
            if git != account:
                yield DriftRow(f"alias {name}", git, account)
        if not drift.money:
            yield DriftRow("product_order", ", ".join(change.product_order) or NOTHING, "another order", "", False)
    elif drift.fields:
        noun = getattr(change, "noun", None)
        kind = type(noun) if noun is not None else noun_class(drift.ref.kind)
        for field in field_rows(kind, drift.fields, units):
            there = "added" if field.sign == "+" else "removed"
            values = (field.desired, field.observed)
            if field.sign and not field.depth and field.change == there:
                values = ("there", NOTHING) if field.sign == "+" else (NOTHING, "there")
            name = "  " * field.depth + field.path
            yield DriftRow(name, values[0] or NOTHING, values[1] or NOTHING, "", not field.cosmetic)


def _schedule(name: str, aliases: Iterable[Alias]) -> str:
    """When an alias stands for a card."""
    held = [alias for alias in aliases if alias.name == name]
    return ", ".join(map(schedule_words, held)) or NOTHING


_DONE = {
    Origin.DRIFTED: "changed in the account",
    Origin.BOTH: "changed in the account, and otherwise in git",
    Origin.UNCLEAR: "not as git has it; nothing says who changed it",
    Origin.PENDING: "changed in git, not applied yet",
}
_WHOLE = {
    (Facet.OWNER, Origin.PENDING): "to be adopted, or renamed: its mark does not say this name yet",
    (Facet.MISSING, Origin.PENDING): "new in git, not applied yet",
    (Facet.MISSING, Origin.DRIFTED): "gone from the account, where it had been applied",
    (Facet.VERSION, Origin.PENDING): "git wants a new version, not applied yet",
    (Facet.ARCHIVED, Origin.DRIFTED): "archived in the account, for good",
    (Facet.TWICE, Origin.DRIFTED): "there twice: another object bears its mark, and was made later",
    (Facet.ARCHIVED, Origin.BOTH): "archived in the account, for good, and changed in git",
}


def _sentence(drift: Drift) -> str:
    whole = _WHOLE.get((drift.facet, drift.origin))
    if whole is not None:
        return whole
    if drift.facet is Facet.WANTED and drift.change is not None:
        return f"{drift.change.sentence}, not applied yet"
    words = _DONE[drift.origin]
    if drift.facet is Facet.RATES:
        return f"{counted(len(drift.rates), 'price')} {words}"
    if drift.facet is Facet.ALIASES:
        return f"{'aliases' if drift.money else 'product order'} {words}"
    cannot = "" if drift.change is not None or drift.origin is Origin.DRIFTED else "; it cannot be changed in place"
    return f"{counted(len(drift.fields), 'field')} {words}{cannot}"


def _first_of(items: Sequence[DriftItem]) -> str:
    """The first of what somebody changed, prices and money before the rest: `: Team seat is $9.00 per seat a month
    in the account, and $5.00 per seat a month in git`."""
    changed = (item for item in items if item.section in (Origin.DRIFTED, Origin.BOTH))
    item = min(changed, key=lambda item: (not item.money, item.facet != Facet.RATES))
    row = next((row for row in item.rows if row.money or not item.money), None)
    if not isinstance(row, DriftRow):
        return f": {shortened(item.ref)} is {item.sentence}"
    what = shortened(row.called or f"{item.ref} {row.name}")
    return f": {what} is {shortened(row.account)} in the account, and {shortened(row.git)} in git"


def _verdict(report: DriftReport, counts: dict[str, int], units: Units, items: Sequence[DriftItem]) -> str:
    """What it comes to, for somebody who reads one line."""
    moved = counts.get("drifted", 0) + counts.get("both", 0)
    money = sum(len(each.parts) for each in report.open if each.origin in (Origin.DRIFTED, Origin.BOTH) and each.money)
    sentences = []
    if moved:
        how = (
            "all of them move"
            if money == moved
            else f"{money:,} of them move{'s' if money == 1 else ''}"
            if money
            else "none of them moves"
        )
        what = f"{how} money" if moved > 1 else "it moves money" if money else "no money moves"
        made = counted(moved, "difference was", "differences were")
        sentences.append(f"{made} made in the account; {what}{_first_of(items)}.")
    if unclear := counts.get("unclear"):
        sentences.append(f"Of {counted(unclear, 'more difference')} it is not clear who made it.")
    comparison = report.comparison
    if not sentences:
        kept = counted(comparison.kept, "object")
        there = f", {counted(comparison.prices, 'price')}" if comparison.prices else ""
        none = "Nobody changed the account" if report.left else "No drift: nobody changed the account"
        sentences.append(f"{none} ({kept}{there} compared).")
    if report.left:
        sentences.append(leftover_verdict(report.left, units))
    if pending := counts.get("pending"):
        sentences.append(f"{counted(pending, 'change')} of git {'is' if pending == 1 else 'are'} not applied yet.")
    if accepted := counts.get(ACCEPTED):
        sentences.append(f"{counted(accepted, 'difference is', 'differences are')} known and accepted.")
    return " ".join(sentences)
