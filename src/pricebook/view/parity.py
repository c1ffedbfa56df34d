"""`ParityView`: two environments against each other as a reader sees them, the one value that every format is drawn
from. Text is as it came: whoever draws it escapes it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from pricebook.plan.drift import Drift, Facet
from pricebook.plan.parity import Parity
from pricebook.view.drift import DriftItem, ParityRow, Unverified, drift_item
from pricebook.view.plain import hidden
from pricebook.view.price import Units
from pricebook.view.rows import RowChoice
from pricebook.view.words import counted

SECTIONS = ("differs", "missing", "only_there", "intended")


@dataclass(frozen=True, slots=True)
class ParityView:
    """A parity report for reading. `titles` are those of SECTIONS, in the words of the two environments; `counts` are
    objects, prices and fields by section; `apart` decides the exit code."""

    answer: ClassVar[str] = "parity"
    namespace: str
    one: str
    other: str
    as_of: datetime
    apart: bool
    verdict: str
    counts: Mapping[str, int]
    prices: int
    items: tuple[DriftItem, ...]
    same: tuple[str, ...]
    unverified: tuple[Unverified, ...]
    titles: Mapping[str, str] = hidden()

    @property
    def target(self) -> str:
        """What it is about."""
        return f"{self.one} against {self.other}"

    def sides(self, _: str) -> tuple[str, str]:
        """What the two are called that are compared in a section."""
        return self.one, self.other


def parity_view(parity: Parity, choice: RowChoice, unverified: tuple[tuple[str, str], ...]) -> ParityView:
    """The view of a report; `unverified` is what could not be compared on either side."""
    comparison, one, other = parity.comparison, parity.one, parity.other
    units = Units(comparison.units, comparison.products)
    items: list[DriftItem] = []
    for section, drifts in (("differs", parity.differs), ("missing", parity.missing)):
        items += [_item(section, each, parity, choice, units) for each in drifts]
    for ref in parity.only_there:
        items.append(
            DriftItem(
                section="only_there",
                ref=str(ref),
                facet="only-there",
                sentence=f"not in {one}",
                place="",
                money=True,
                total=1,
                rows=(),
                listed=0,
            )
        )
    items += [_item("intended", each, parity, choice, units) for each in parity.intended]
    counts = {section: sum(item.total for item in items if item.section == section) for section in SECTIONS}
    return ParityView(
        namespace=comparison.namespace,
        one=one,
        other=other,
        as_of=comparison.as_of,
        apart=parity.apart,
        verdict=_verdict(parity, counts),
        counts={**counts, "same": len(parity.same)},
        prices=comparison.prices,
        items=tuple(items),
        same=tuple(map(str, parity.same)),
        unverified=tuple(Unverified(*each) for each in unverified),
        titles={
            "differs": "Differs",
            "missing": f"Missing in {other}",
            "only_there": f"Only in {other}",
            "intended": "Differs by overlay, as the manifests have it",
        },
    )


def _item(section: str, drift: Drift, parity: Parity, choice: RowChoice, units: Units) -> DriftItem:
    sentence = _sentence(drift, parity) + (", by overlay" if section == "intended" else "")
    item = drift_item(section, drift, sentence, parity.comparison, choice, units)
    rows = tuple(ParityRow(*row) for row in item.rows)
    return replace(item, ref=str(drift.ref.unversioned), rows=rows)  # versions are numbered apart


def _sentence(drift: Drift, parity: Parity) -> str:
    match drift.facet:
        case Facet.MISSING:
            return f"only in {parity.one}"
        case Facet.RATES:
            return f"{counted(len(drift.rates), 'price')} {'differs' if len(drift.rates) == 1 else 'differ'}"
        case Facet.ALIASES:
            return "aliases differ" if drift.money else "the product order differs"
        case Facet.OWNER:
            return f"nobody's in {parity.other}"
        case Facet.ARCHIVED:
            return f"archived in {parity.other}, for good"
        case Facet.TWICE:
            return f"there twice in {parity.other}"
        case Facet.WANTED:
            return f"not in {parity.other}: {drift.change.sentence if drift.change is not None else ''}"
        case Facet.VERSION:
            here, there = parity.versions.get(drift.ref.name, (0, 0))
            numbers = f"@{here} in {parity.one} is @{there} in {parity.other}"
            return f"{counted(len(drift.fields), 'field')} {_differ(len(drift.fields))}; {numbers}"
        case Facet.FIELDS:
            return f"{counted(len(drift.fields), 'field')} {_differ(len(drift.fields))}"


def _differ(n: int) -> str:
    return "differs" if n == 1 else "differ"


def _verdict(parity: Parity, counts: dict[str, int]) -> str:
    """What it comes to, for somebody who reads one line."""
    one, other = parity.one, parity.other
    same = counted(len(parity.same), "object is", "objects are")
    overlays = counts["intended"]
    explained = f"; {counted(overlays, 'difference is', 'differences are')} meant, by overlay" if overlays else ""
    if not parity.apart:
        return f"{one} and {other} hold the same: {same} alike{explained}."
    parts = []
    if counts["differs"]:
        parts.append(counted(counts["differs"], "difference"))
    if counts["missing"]:
        parts.append(f"{counted(counts['missing'], 'object')} missing in {other}")
    if counts["only_there"]:
        parts.append(f"{counted(counts['only_there'], 'object')} only in {other}")
    return f"{one} and {other} differ: {', '.join(parts)}; {same} alike{explained}."
