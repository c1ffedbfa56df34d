"""Reprice: other prices from a day on, written into the manifests and tables for review. The store is never touched."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Scale
from pricebook.catalog.money import EXACT, to_api_unit, to_major_unit
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import (
    Segment,
    Timeline,
    normal,
    read_key,
    read_schedule,
    schedule_text,
    terms_at,
    terms_from,
)
from pricebook.catalog.unit import money_text
from pricebook.edit.manifest_edit import EditRequest, ManifestEdit
from pricebook.manifest.load import load
from pricebook.policy.cel import CelError, Expressions, MissingCel
from pricebook.policy.fact import Facts
from pricebook.policy.view import SELECTED, now_text, selected
from pricebook.problem import Problem, Rejected, quote, reject
from pricebook.project.project import Project
from pricebook.span import Span
from pricebook.workflow.writing import FileChange, write_all


@dataclass(frozen=True, slots=True)
class Scaling:
    """How a price changes: times a factor, then rounded (half up) to a multiple of a step of the major unit."""

    factor: Decimal
    step: Decimal | None

    def of(self, major: Decimal) -> Decimal:
        """The new price. Raises RoundedAway for one that would become nothing."""
        new = EXACT.multiply(major, self.factor)
        if self.step is not None:
            new = EXACT.multiply((new / self.step).quantize(Decimal(1), ROUND_HALF_UP), self.step)
        if major and not new:
            raise RoundedAway(major)
        return new


class RoundedAway(Exception):  # noqa: N818 - named for what would happen
    """The step is larger than the price: it would be rounded to nothing."""


@dataclass(frozen=True, slots=True)
class RepriceRequest:
    """What is asked for: which prices, from when, and how they change."""

    scaling: Scaling
    day: datetime
    where: str | None = None
    currency: str | None = None
    card: str | None = None


@dataclass
class Repricing:
    """What would be written: the files with their new texts, and each price that changes, in words."""

    files: list[FileChange] = field(default_factory=list)
    prices: list[tuple[str, str, str]] = field(default_factory=list)
    """Which price, what it was on the day, what it is then."""
    wanted: dict[str, dict[str, str]] = field(default_factory=dict)
    """Card -> key -> the schedule that has to be read once the files are written."""
    skipped: int = 0
    """Prices that were chosen and are no amount: percentages, custom rates."""


def reprice(project: Project, request: RepriceRequest) -> Repricing:
    """What has to be written. Raises Rejected when a price cannot be placed, or would be rounded to nothing."""
    loaded = load(project)
    facts = Facts(loaded.catalog, request.day)
    made, editor, day = Repricing(), ManifestEdit(loaded), instant_text(request.day)
    problems: list[Problem] = []
    for name, card in sorted(facts.cards.items()):
        ref, wanted = Ref(Kind.RATE_CARD, name), dict[str, str]()
        at = loaded.source_map.declarations[ref].at
        for key, schedule in sorted(_chosen(card.rates.items(), name, facts, request, made)):
            try:
                wanted[key] = schedule_text(_scaled(read_schedule(schedule), day, request.scaling, facts.scales))
            except RoundedAway as error:
                message = f"{read_key(key)}: {error} would be rounded to nothing"
                problems.append(Problem("rounded-away", message, at, "choose a smaller --round, or none"))
                continue
            was, then = _price(schedule, day, facts), _price(wanted[key], day, facts)
            made.prices.append((f"{name} · {read_key(key)}", was, then))
        if wanted:
            made.wanted[name] = wanted
            editor.make(EditRequest(ref, loaded.catalog.cards[name], frozenset(), wanted))
    places = loaded.places
    problems += [Problem("not-updatable", f"{ref}: {reason}", places[Ref.parse(ref)]) for ref, reason in editor.left]
    if problems:
        raise Rejected(problems)
    made.files = [FileChange(*texts) for texts in editor.files()]
    return made


def _scaled(timeline: Timeline, day: str, scaling: Scaling, scales: Mapping[str, Scale]) -> Timeline:
    """A schedule with other prices from a day on: what holds until then is history. Raises RoundedAway."""
    found: list[Segment] = []
    for segment in timeline:
        start, end, terms = segment
        if end is not None and end <= day:
            found.append(segment)
            continue
        if start < day:
            found.append(Segment(start, day, terms))
        found.append(Segment(max(start, day), end, _scaled_terms(terms, scaling, scales)))
    return normal(found)


def _scaled_terms(terms: Terms, scaling: Scaling, scales: Mapping[str, Scale]) -> Terms:
    if _is_share(terms):
        return terms
    data, scale = dict(terms.fields), scales.get(terms.unit)
    digits = scale.scale if scale is not None else 0

    def of(amount: Any) -> Decimal:
        return to_api_unit(scaling.of(to_major_unit(Decimal(amount), digits)), digits)

    if "price" in data:
        data["price"] = of(data["price"])
    if "tiers" in data:
        data["tiers"] = [{**tier, "price": of(tier["price"])} for tier in data["tiers"]]
    return Terms.of(data)


def _price(schedule: str, day: str, facts: Facts) -> str:
    """The price on a day, in words; nothing for tiers, or where there is none yet."""
    terms = terms_at(read_schedule(schedule), day)
    if terms is None or terms.flat is None:
        return ""
    return money_text(terms.flat, facts.scales.get(terms.unit), terms.unit)


def write(project: Project, made: Repricing) -> None:
    """Write the files; all of them, or none when what was written does not load any more. Raises Rejected."""
    for one in made.files:
        if one.before is None and (project.root / one.file).exists():
            raise reject(
                "exists", f"{quote(one.file)} exists already", Span(one.file), "remove it, or choose another day"
            )
    write_all(project.root, made.files, partial(_check, project, made))


def _check(project: Project, made: Repricing) -> None:
    """Whether what was written loads, and says what was asked for. Raises Rejected."""
    rates = load(project).catalog.rates
    lost = [read_key(key) for name, keys in made.wanted.items() for key in keys if rates[name].get(key) != keys[key]]
    if lost:
        message = f"the price of {lost[0]} would not be what was asked for; nothing was written"
        raise reject("not-updatable", message, hint="this is a bug of pricebook: please report it with the manifests")


def _chosen(
    rates: Iterable[tuple[str, str]], card: str, facts: Facts, request: RepriceRequest, made: Repricing
) -> Iterator[tuple[str, str]]:
    """Key and schedule of each price that is chosen and an amount."""
    day = instant_text(request.day)
    ask = _asker(request.where)
    if request.card not in (None, card):
        return
    for key, schedule in rates:
        terms = terms_from(read_schedule(schedule), day)
        if terms is None:
            continue
        scale = facts.scales.get(terms.unit)
        if request.currency is not None and (scale is None or scale.currency != request.currency):
            continue
        if not any(ask({**names, "now": now_text(facts)}) for names in selected(card, key, terms, facts)):
            continue
        if _is_share(terms):
            made.skipped += 1
        else:
            yield key, schedule


def _is_share(terms: Terms) -> bool:
    """Whether terms have no amount that could change: a percentage, a custom rate."""
    return terms.is_fraction or terms.rate_type == "CUSTOM"


def _asker(where: str | None) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a price is chosen. Raises Rejected for an expression that cannot be asked."""
    if where is None:
        return lambda _: True
    try:
        engine = Expressions(SELECTED, {})
        asked = engine.compile(where)
    except MissingCel:
        hint = "install it: pip install 'pricebook[rules]'"
        raise reject("missing-extra", "--where needs a library that is not installed", hint=hint) from None
    except CelError as error:
        raise reject("expression", f"--where: {error}", hint=f"names: {', '.join(engine.defaults)}") from None

    def ask(names: Mapping[str, Any]) -> bool:
        try:
            return asked(names)
        except CelError as error:
            raise reject("expression", f"--where, of {names['product']}: {error}") from None

    return ask
