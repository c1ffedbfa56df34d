"""Compare: our list against somebody else's, as of an instant. Nothing is written, and no store is asked.

Theirs is read as a table of our card is, with one difference: it may have products that we do not. Prices in a custom
unit are compared by what the unit is worth on the card. What a list does not say is missing there, never free.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from pricebook.catalog.amount import USD
from pricebook.catalog.canonical import decode
from pricebook.catalog.fingerprint import tupled
from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import EXACT
from pricebook.catalog.move import Move
from pricebook.catalog.rate import RateTerms, with_amounts
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms, side_by_side
from pricebook.catalog.timeline import RateKey, read_key, read_schedule, terms_at
from pricebook.catalog.violation import Path as NounPath
from pricebook.manifest.load import Loaded
from pricebook.manifest.rate_fact import OtherFacts
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.table_source import TableSource
from pricebook.manifest.tables import read_table
from pricebook.manifest.text import is_below, read_text
from pricebook.manifest.validation import validated
from pricebook.problem import Problem, Rejected, fits_nothing, quote, reject
from pricebook.project.acceptance import Accepted, Known, read_acceptances
from pricebook.project.other_list import OtherList
from pricebook.project.project import Project
from pricebook.span import Span

MAX_SINCE = 1 << 28
"""Bytes of an answer of last time."""
HeldPrices = Mapping[RateKey, Terms]


class ListDifference(NamedTuple):
    """A price that is told. Of what `changed`, `ours` is theirs of today and `theirs` that of last time; `pinned` says
    why it is meant."""

    section: str
    key: RateKey
    theirs: Terms | None
    ours: Terms | None
    pinned: str = ""


@dataclass(frozen=True, kw_only=True)
class ListComparison:
    """What came of it. `beside` counts our prices of products that their list does not price at all, which are no
    difference; `same` what does not differ."""

    spec: OtherList
    name: str
    ref: Ref
    at: datetime
    ours: HeldPrices
    theirs: HeldPrices
    beside: int
    same: int
    differences: tuple[ListDifference, ...]
    findings: tuple[Problem, ...]

    @property
    def shown(self) -> tuple[ListDifference, ...]:
        """What of it is to be told."""
        return tuple(one for one in self.differences if not self.spec.tell or one.section in self.spec.tell)

    @property
    def open(self) -> bool:
        """Whether something is told that nobody pinned."""
        return any(not each.pinned for each in self.shown)


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """What was asked for: a comparison of the project file by name, or one whose columns are `said`, or neither: as the
    card's own table has them. `said` are fields in place of what that says; pins stand in files too."""

    name: str | None
    theirs: Path | None
    said: Mapping[str, Any]
    pins: Path | None
    since: Path | None


def compare(project: Project, loaded: Loaded, request: CompareRequest, at: datetime) -> ListComparison:
    """Hold our list against theirs. Raises Rejected with all that is wrong with theirs, or with what was asked."""
    spec, base = _spec(project, loaded, request)
    ref = _card(loaded, spec, _place(project, base))
    instant = instant_text(at)
    path = request.theirs or project.root / (spec.table or "")
    if request.theirs is None:
        if spec.table is None:
            raise reject("missing-field", "nothing says which list is compared", hint="say --with FILE")
        if not is_below(path, project.root):
            # Project files may come from somebody who is not trusted with this machine's files.
            hint = "keep tables below pricebook.yaml, or name the file by --with"
            raise reject("outside", f"table {quote(spec.table)} is outside the project", _place(project, base), hint)
    shown = str(request.theirs or spec.table)
    theirs = _theirs(project, loaded, spec, ref=ref, path=path, shown=shown, at=at, base=base)
    worth = _worth(loaded, ref)
    book = loaded.catalog.rates.get(ref.name)
    held = _prices_at(book.items() if book is not None else (), instant, worth)
    priced = {key.product for key in theirs}
    ours = {key: terms for key, terms in held.items() if key.product in priced}
    pins = [
        Known(pin, _place(project, (*base, "pinned", index)) or Span(shown)) for index, pin in enumerate(spec.pinned)
    ]
    pins += read_acceptances(request.pins) if request.pins is not None else ()
    found = list(_differences(spec, ours, theirs, instant))
    same = len(ours.keys() & theirs.keys()) - sum(one.ours is not None and one.theirs is not None for one in found)
    known = Accepted(pins, at)
    found = [
        one._replace(pinned=pin.words) if (pin := known.find(str(ref), str(one.key))) is not None else one
        for one in found
    ]
    if request.since is not None:
        found += _changes(_last(request.since), theirs)
    findings = tuple(known.findings())
    return ListComparison(
        spec=spec,
        name=request.name or shown,
        ref=ref,
        at=at,
        ours=held,
        theirs=theirs,
        beside=len(held) - len(ours),
        same=same,
        differences=tuple(found),
        findings=findings,
    )


def _spec(project: Project, loaded: Loaded, request: CompareRequest) -> tuple[OtherList, NounPath]:
    """What is compared, and where the project file says it. Raises Rejected."""
    declared = project.settings.comparisons
    base: NounPath = ()
    # Any column will do to read what else was said.
    said, wrong = validated(OtherList, {"columns": {"product": "-", "price": "-"}, **request.said})
    found = said
    if request.name is not None:
        if request.name not in declared:
            hint = "" if declared else "declare it under comparisons in pricebook.yaml, or say --with FILE"
            problem = fits_nothing("the comparison", request.name, declared)
            raise Rejected([replace(problem, hint=hint or problem.hint)])
        base, found = ("comparisons", request.name), declared[request.name]
    elif "columns" not in request.said and said is not None:
        found = _of_card(loaded, _card(loaded, said, None))
    if said is not None and found is not None:
        found = found.model_copy(update={name: getattr(said, name) for name in request.said})
        wrong = list(found.broken())
    if found is None or wrong:
        raise Rejected([Problem(v.code, v.message, _place(project, (*base, *v.at)), v.hint) for v in wrong])
    return found, base


def _of_card(loaded: Loaded, card: Ref) -> OtherList:
    """Theirs in the form of the card's own table: its next release, say. Raises Rejected where it has no one table."""
    tables = loaded.source_map.tables(card)
    if len(tables) != 1:
        many = "no table" if not tables else f"{len(tables)} tables"
        hint = "name theirs: --key product=COLUMN --price COLUMN, or declare comparisons in pricebook.yaml"
        raise reject("missing-field", f"{card} has {many}, so nothing says what the columns of theirs mean", hint=hint)
    names = RatesFrom.model_fields.keys() - {"table", "editions"}
    said = {name: getattr(tables[0], name) for name in names}
    defaults = tables[0].defaults
    unit = defaults.credit_type or (None if defaults.currency else loaded.catalog.cards[card.name].fiat_credit_type)
    update = {"starting_at": None, "ending_before": None, "credit_type": unit}
    said["defaults"] = defaults.model_copy(update=update)
    return OtherList.model_construct(**said)


def _place(project: Project, path: NounPath) -> Span | None:
    return project.place(path) if path and path[0] == "comparisons" else None


def _card(loaded: Loaded, spec: OtherList, at: Span | None) -> Ref:
    """Our card. Raises Rejected."""
    cards = loaded.catalog.cards
    name = spec.rate_card or (next(iter(cards)) if len(cards) == 1 else None)
    if name is None:
        hint = f"say --card NAME; cards: {', '.join(sorted(cards)[:10])}" if cards else ""
        raise reject("missing-field", f"there are {len(cards)} rate cards: which one is compared?", hint=hint)
    if name not in cards:
        raise Rejected([fits_nothing("the rate card", name, cards, at)])
    return Ref(Kind.RATE_CARD, name)


def _theirs(
    project: Project,
    loaded: Loaded,
    spec: OtherList,
    *,
    ref: Ref,
    path: Path,
    shown: str,
    at: datetime,
    base: NounPath,
) -> HeldPrices:
    """Their prices at an instant. Raises Rejected."""
    catalog, defaults = loaded.catalog, spec.defaults
    if defaults.starting_at is None:
        defaults = defaults.model_copy(update={"starting_at": at})
    if defaults.currency is None and defaults.credit_type is None:
        # Nobody publishes prices in cents: a list that says no currency is in ours, in dollars.
        fiat = catalog.scales.get(catalog.cards[ref.name].fiat_credit_type)
        defaults = defaults.model_copy(update={"currency": fiat.currency if fiat is not None else None})
    facts = OtherFacts(ref.name, catalog.cards[ref.name], catalog.products, catalog.scales)
    source = TableSource(
        path,
        shown,
        spec.model_copy(update={"table": shown, "defaults": defaults}),
        lambda where: _place(project, (*base, *where)) or Span(shown),
        facts,
    )
    table = read_table(source)
    if table.problems:
        raise Rejected(table.problems)
    found = _prices_at(table.entries.items(), instant_text(at), _worth(loaded, ref))
    if not found:
        raise reject("empty-table", f"{quote(shown)} has no price on this day", Span(shown), "see where, and the dates")
    return found


def _worth(loaded: Loaded, ref: Ref) -> Mapping[str, tuple[Decimal, str]]:
    """What custom units are worth on a card, in its fiat unit."""
    card = loaded.catalog.cards[ref.name]
    found = {one.custom_credit_type: one.fiat_per_custom_credit for one in card.credit_type_conversions}
    return {unit: (worth, card.fiat_credit_type) for unit, worth in found.items()}


def _prices_at(
    rates: Iterable[tuple[str, str]], instant: str, worth: Mapping[str, tuple[Decimal, str]]
) -> dict[RateKey, Terms]:
    """What holds at an instant, in the card's fiat unit, whoever is entitled to it."""
    found: dict[RateKey, Terms] = {}
    made: dict[str, Terms] = {}
    for key, schedule in rates:
        terms = terms_at(read_schedule(schedule), instant)
        if terms is None:
            continue
        if terms.text not in made:
            made[terms.text] = _comparable(terms, worth)
        found[read_key(key)] = made[terms.text]
    return found


def _comparable(terms: Terms, worth: Mapping[str, tuple[Decimal, str]]) -> Terms:
    fields = terms.fields
    if not terms.is_fraction and terms.unit in worth:
        factor, fiat = worth[terms.unit]
        made = with_amounts(fields, lambda _, it, share: it if share else EXACT.multiply(Decimal(it), factor))
        fields = {name: value for name, value in made.items() if name != "credit_type"}
        fields |= {"credit_type": fiat} if fiat != USD else {}
    return terms if fields is terms.fields and terms.entitled else Terms.of({**fields, "entitled": True})


def _differences(spec: OtherList, ours: HeldPrices, theirs: HeldPrices, instant: str) -> Iterator[ListDifference]:
    """What differs, by key."""
    for key in sorted(ours.keys() | theirs.keys(), key=str):
        here, there = ours.get(key), theirs.get(key)
        section = "extra" if there is None else "missing" if here is None else _section(spec, here, there, instant)
        if section:
            yield ListDifference(section, key, there, here)


def _section(spec: OtherList, ours: Terms, theirs: Terms, instant: str) -> str:
    """Where a price is told that both have; nowhere when it is as it should be."""
    if ours == theirs and not spec.cost:
        return ""
    if spec.cost:
        pairs = list(bands(ours, theirs))
        least = spec.least_margin or Decimal(0)
        return "other" if not pairs else "below" if any(is_below_cost(*pair, least) for pair in pairs) else ""
    shift = Move.of(instant, None, theirs, theirs, ours).shift
    if not shift.pairs:
        return "other"
    within = spec.tolerance
    if within is not None and shift.low is not None and shift.high is not None:
        free = any(not was for was, _ in shift.pairs)
        if not free and max(abs(shift.low), abs(shift.high)) <= within:
            return ""
    return {"up": "dearer", "down": "cheaper"}.get(shift.direction, "mixed")


def bands(ours: Terms, theirs: Terms) -> Iterator[tuple[Decimal, Decimal]]:
    """Our price and theirs for every stretch of quantities; nothing where they are not of one kind and unit."""
    if ours.unit == theirs.unit and ours.is_fraction == theirs.is_fraction:
        yield from ((here, there) for here, there, _ in side_by_side(ours.charge.curve, theirs.charge.curve))


def is_below_cost(ours: Decimal, cost: Decimal, least: Decimal) -> bool:
    """Whether less than a share of our price is left above the cost."""
    return EXACT.multiply(ours, 1 - least) < cost


def _changes(before: HeldPrices, theirs: HeldPrices) -> Iterator[ListDifference]:
    """What of theirs is not as it was, whether it is pinned or not: a reason may have gone with it."""
    for key in sorted(before.keys() | theirs.keys(), key=str):
        if before.get(key) != theirs.get(key):
            yield ListDifference("changed", key, before.get(key), theirs.get(key))


def _last(path: Path) -> HeldPrices:
    """Their prices of last time, from the JSON answer of then. Raises Rejected."""
    shown = str(path)
    wrong = reject("since", f"{shown} is no answer of `pricebook compare --format json`", Span(shown))
    try:
        data = decode(read_text(path, shown, limit=MAX_SINCE))
        if not isinstance(data, dict) or data.get("format") != "pricebook-answer/comparison":
            raise wrong
        found = {}
        for each in data["listed"]:
            groups = tuple(sorted(each["pricing_group_values"].items()))
            terms = each["terms"]
            if validated(RateTerms, tupled(terms))[0] is None or not all(
                isinstance(text, str) for pair in groups for text in pair
            ):
                raise wrong
            found[RateKey(str(each["product"]), each["billing_frequency"], groups)] = Terms.of(terms)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise wrong from None
    return found
