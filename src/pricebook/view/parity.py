"""`ParityView`: two environments against each other as a reader sees them, the one value that every format is drawn
from. Text is as it came: whoever draws it escapes it."""

from dataclasses import dataclass, replace
from datetime import datetime

from pricebook.catalog.reference import Ref
from pricebook.plan.drift import Drift, Facet
from pricebook.plan.parity import Parity
from pricebook.view.drift import DriftItem, drift_item
from pricebook.view.price import Units
from pricebook.view.rate_shape import RowChoice
from pricebook.view.words import counted

SECTIONS = ("differs", "missing", "only_there", "intended")


@dataclass(frozen=True, slots=True)
class ParityView:
    """A parity report for reading. `titles` are those of SECTIONS, in the words of the two environments; `counts` are
    objects, prices and fields by section; `apart` decides the exit code."""

    namespace: str
    one: str
    other: str
    as_of: datetime
    verdict: str
    apart: bool
    titles: dict[str, str]
    items: tuple[DriftItem, ...]
    counts: dict[str, int]
    same: tuple[str, ...]
    prices: int
    unverified: tuple[tuple[str, str], ...]


def parity_view(parity: Parity, choice: RowChoice, unverified: tuple[tuple[str, str], ...]) -> ParityView:
    """The view of a report; `unverified` is what could not be compared on either side."""
    comparison, one, other = parity.comparison, parity.one, parity.other
    units = Units(comparison.units)
    items: list[DriftItem] = []
    for section, drifts in (("differs", parity.differs), ("missing", parity.missing)):
        items += [_item(section, each, parity, choice, units) for each in drifts]
    for ref in parity.only_there:
        items.append(DriftItem("only_there", str(ref), "only-there", f"not in {one}", "", True, (), 0, 1))
    items += [_item("intended", each, parity, choice, units) for each in parity.intended]
    counts = {section: sum(item.total for item in items if item.section == section) for section in SECTIONS}
    return ParityView(
        comparison.namespace,
        one,
        other,
        comparison.as_of,
        _verdict(parity, counts),
        parity.apart,
        {
            "differs": "Differs",
            "missing": f"Missing in {other}",
            "only_there": f"Only in {other}",
            "intended": "Differs by overlay, as the manifests have it",
        },
        tuple(items),
        counts,
        tuple(map(str, parity.same)),
        comparison.prices,
        unverified,
    )


def _item(section: str, drift: Drift, parity: Parity, choice: RowChoice, units: Units) -> DriftItem:
    sentence = _sentence(drift, parity) + (", by overlay" if section == "intended" else "")
    item = drift_item(section, drift, sentence, parity.comparison, choice, units)
    return replace(item, ref=str(Ref(drift.ref.kind, drift.ref.name)))  # versions are numbered apart


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
