"""Reprice: other prices from a day on, written into the manifests and tables for review. The store is never touched."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from operator import itemgetter
from typing import Any

from pricebook.catalog.amount import Scale
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.instant import instant_text
from pricebook.catalog.leaf import amounts
from pricebook.catalog.money import EXACT, to_api_unit, to_major_unit
from pricebook.catalog.override import Override
from pricebook.catalog.path import named, path_text
from pricebook.catalog.rate import OverwriteRate, amounts_in, with_amounts
from pricebook.catalog.rate_book import Rates
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import (
    Segment,
    Timeline,
    key_text,
    normal,
    read_key,
    read_schedule,
    schedule_text,
    terms_at,
    terms_from,
)
from pricebook.catalog.unit import money_text
from pricebook.catalog.violation import Path
from pricebook.edit.manifest_edit import EditRequest, ManifestEdit
from pricebook.manifest.load import Loaded, load
from pricebook.policy.cel import CelError, Expressions, MissingCel
from pricebook.policy.fact import CardedPackage, Facts
from pricebook.policy.view import SELECTED, selected
from pricebook.problem import Problem, Rejected, fits_nothing, quote, reject
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
    overrides: bool = False
    """Whether what packages charge in place of their cards changes too: in a version of its own, from its apply on."""


@dataclass
class Repricing:
    """What would be written: the files with their new texts, and each price that changes, in words."""

    files: list[FileChange] = field(default_factory=list)
    prices: list[tuple[str, str, str]] = field(default_factory=list)
    """Which price, what it was on the day, what it is then."""
    wanted: dict[str, dict[str, str]] = field(default_factory=dict)
    """Card -> key -> the schedule that has to be read once the files are written."""
    before: Mapping[str, Rates] = field(default_factory=dict)
    """Card -> its prices as they are."""
    skipped: int = 0
    """Prices that were chosen and are no amount: percentages, custom rates."""
    chosen: int = 0
    """Prices of cards that were chosen, whether they change or stay nothing."""
    left: list[tuple[str, str]] = field(default_factory=list)
    """What packages charge in place of a chosen price and stays as it is: which term, and how much."""


def reprice(project: Project, request: RepriceRequest) -> Repricing:
    """What has to be written. Raises Rejected for a card that there is not, and when a price cannot be placed, or would
    be rounded to nothing."""
    loaded = load(project)
    facts = Facts(loaded.catalog, request.day)
    if request.card is not None and request.card not in facts.cards:
        raise Rejected([fits_nothing("--card", request.card, facts.cards)])
    made, editor, day = Repricing(before=loaded.catalog.rates), ManifestEdit(loaded), instant_text(request.day)
    problems: list[Problem] = []
    for name, card in sorted(facts.cards.items()):
        ref, wanted = Ref(Kind.RATE_CARD, name), dict[str, str]()
        at = loaded.source_map.declarations[ref].at
        chosen = sorted(_chosen(card.rates.items(), name, facts, request, made))
        related = loaded.source_map.related.get(name, {})
        # A price that is said by another one follows it; where no other is meant it cannot be changed here.
        for key, schedule in [one for one in chosen if one[0] not in related] or chosen:
            made.chosen += 1
            try:
                wanted[key] = schedule_text(_scaled(read_schedule(schedule), day, request.scaling, facts.scales))
            except RoundedAway as error:
                message = f"{read_key(key)}: {error} would be rounded to nothing"
                problems.append(Problem("rounded-away", message, at, "choose a smaller --round, or none"))
                continue
            if wanted[key] == schedule:  # what is free stays free
                del wanted[key]
                continue
            was, then = (price_words(text, day, facts.scales) for text in (schedule, wanted[key]))
            made.prices.append((f"{name} · {read_key(key)}", was, then))
        if wanted:
            made.wanted[name] = wanted
            editor.make(EditRequest(ref, loaded.catalog.cards[name], frozenset(), wanted))
    for offer in facts.offers:
        problems += _overridden(offer, facts, request, made, editor, loaded)
    if not (made.chosen or made.skipped or made.left or made.prices or problems):
        problems += _fit_nothing(request, facts)
    return placed(made, editor, loaded, problems)


def placed(made: Repricing, editor: ManifestEdit, loaded: Loaded, problems: list[Problem]) -> Repricing:
    """With the files that were edited. Raises Rejected, also for what could not be."""
    places = loaded.places
    problems += [Problem("not-updatable", f"{ref}: {reason}", places[Ref.parse(ref)]) for ref, reason in editor.left]
    if problems:
        raise Rejected(problems)
    made.files = [FileChange(*texts) for texts in editor.files()]
    return made


def _fit_nothing(request: RepriceRequest, facts: Facts) -> Iterator[Problem]:
    """An uplift of nothing is a slip in what chooses the prices."""
    known = {scale.currency for scale in facts.scales.values() if scale.currency is not None}
    if request.currency is not None and request.currency not in known:
        yield fits_nothing("--currency", request.currency, known)
    elif asked := " and ".join(f"--{n} {quote(v)}" for n in ("where", "currency") if (v := getattr(request, n))):
        hint = "prices are chosen by card, product, frequency, groups and tags: pricebook show lists them"
        yield Problem("fits-nothing", f"{asked} fits no price that holds from then on", None, hint)


def _overridden(
    offer: CardedPackage, facts: Facts, request: RepriceRequest, made: Repricing, editor: ManifestEdit, loaded: Loaded
) -> Iterator[Problem]:
    """What a package charges in place of chosen prices: changed where that is asked for, and else said."""
    values: dict[Path, Any] = {}
    ref = Ref(Kind.PACKAGE, offer.name)
    for index, override in enumerate(offer.package.overrides):
        rate = override.overwrite_rate
        if rate is None or not _meant(override, rate, offer, facts, request):
            continue
        scale = facts.scales.get(rate.credit_type)
        digits = scale.scale if scale is not None else 0
        for at, amount, _, _ in filter(itemgetter(1), amounts(rate)):
            path: Path = ("overrides", index, "overwrite_rate", *at)
            where = f"{ref} · {path_text(named(offer.package, path))}"
            if not request.overrides:
                made.left.append((where, facts.money(amount, rate.credit_type)))
                continue
            try:
                then = to_api_unit(request.scaling.of(to_major_unit(amount, digits)), digits)
            except RoundedAway as error:
                hint = "choose a smaller --round, or none"
                at_ref = loaded.source_map.declarations[ref].at
                yield Problem("rounded-away", f"{where}: {error} would be rounded to nothing", at_ref, hint)
                continue
            made.prices.append((where, facts.money(amount, rate.credit_type), facts.money(then, rate.credit_type)))
            values["spec", *path] = money_text(then, scale) if scale is not None and scale.currency else then
    if values:
        editor.put(ref, values)


def _meant(
    override: Override, rate: OverwriteRate, offer: CardedPackage, facts: Facts, request: RepriceRequest
) -> bool:
    """Whether an override stands in place of a price that is chosen."""
    card = offer.card
    if card is None or request.card not in (None, card.name):
        return False
    scale = facts.scales.get(rate.credit_type)
    if request.currency is not None and (scale is None or scale.currency != request.currency):
        return False
    ask, terms = _asker(request.where), Terms.of({**spec_of(rate), "entitled": True, "credit_type": rate.credit_type})
    for specifier in override.override_specifiers:
        for key in facts.changed(specifier, card):
            names = selected(card.name, key_text(key), terms, facts)
            if any(ask({**each, "now": facts.now}) for each in names):
                return True
    return False


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
    scale = scales.get(terms.unit)
    digits = scale.scale if scale is not None else 0

    def of(_: Path, amount: Any, share: bool) -> Any:
        return amount if share else to_api_unit(scaling.of(to_major_unit(Decimal(amount), digits)), digits)

    return Terms.of(with_amounts(terms.fields, of))


def price_words(schedule: str, day: str, scales: Mapping[str, Scale]) -> str:
    """The price on a day, in words, with those of tiers, of commits and the minimum; nothing where none is money."""
    terms = terms_at(read_schedule(schedule), day)
    if terms is None or _is_share(terms):
        return ""
    words = {"commit_rate": "commit rate ", "minimum_config": "minimum "}
    said = sorted(amounts_in(terms.fields, shares=False).items(), key=lambda one: one[0][0] in words)
    scale = scales.get(terms.unit)
    return ", ".join(
        f"{words.get(str(at[0]), '')}{money_text(Decimal(amount), scale, terms.unit)}" for at, amount in said
    )


def write(project: Project, made: Repricing) -> None:
    """Write the files; all of them, or none when what was written does not load any more. Raises Rejected."""
    for one in made.files:
        if one.before is None and (project.root / one.file).exists():
            raise reject(
                "exists", f"{quote(one.file)} exists already", Span(one.file), "remove it, or choose another day"
            )
    write_all(project.root, made.files, partial(_check, project, made))


def _check(project: Project, made: Repricing) -> None:
    """Whether what was written loads, and says what was asked for and nothing else otherwise, but for prices that are
    said by others. Raises Rejected."""
    loaded = load(project)
    rates, related = loaded.catalog.rates, loaded.source_map.related
    moved = [
        read_key(key)
        for name, book in made.before.items()
        for key, was in book.items()
        if key not in made.wanted.get(name, ()) and key not in related.get(name, ()) and rates[name].get(key) != was
    ]
    if moved:
        hint = "what stands there says them as well: edit it by hand"
        raise reject("not-updatable", f"the price of {moved[0]} would change too; nothing was written", hint=hint)
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
        if not any(ask({**names, "now": facts.now}) for names in selected(card, key, terms, facts)):
            continue
        if _is_share(terms):
            made.skipped += 1
        else:
            yield key, schedule


def _is_share(terms: Terms) -> bool:
    """Whether terms have no amount that could change: a percentage without minimum, a custom rate."""
    return terms.rate_type == "CUSTOM" or not amounts_in(terms.fields, shares=False)


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
