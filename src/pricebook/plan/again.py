"""A plan that was read from a file, found out anew: what follows from its changes is worked out and not believed.

The digest (`plan.digest`) binds what is to be done and what it was seen to start from. Everything else in the file can
be edited without it: in which order, with which marks, for whom, at which hazard. That is derived here from the changes
and from what the store holds, as it was when the plan was made.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.model import Noun
from pricebook.catalog.path import path_text
from pricebook.catalog.rate_book import shares
from pricebook.observe.mark import RateMark, moved, sums_of
from pricebook.observe.snapshot import Snapshot, bare
from pricebook.plan.applied import applied
from pricebook.plan.assess import alias_holders
from pricebook.plan.fields import field_changes
from pricebook.plan.order import ordered
from pricebook.plan.planner import assessed
from pricebook.plan.reach import Buyers
from pricebook.plan.rehearse import rehearse
from pricebook.plan.status import statuses
from pricebook.plan.step import Plan, Step
from pricebook.plan.verb.add_rates import AddRates, after
from pricebook.plan.verb.making import Making
from pricebook.plan.verb.table import Revise, Supersede
from pricebook.plan.verb.verb import Status, Verb
from pricebook.plan.versions import NAMED, PLACEHOLDER


class Edited(Exception):  # noqa: N818 - it says what was done to the file
    """The plan does not hang together: somebody edited its file. The text says where."""


def found_again(plan: Plan, snapshot: Snapshot) -> Plan:
    """The plan with its steps in order, each with the marks, needs, hazards and reach that follow from its change. What
    is done already, or overtaken, stays as it is. Raises Edited for changes that contradict themselves."""
    for step in plan.steps:
        _check(step)
    stands = dict(zip((step.id for step in plan.steps), statuses(plan.steps, snapshot), strict=True))
    present = [step for step in plan.steps if stands[step.id] is Status.READY]
    try:
        desired = applied(rehearse(snapshot, (step.change for step in present), plan.namespace), {})
        fresh = ordered([step.change for step in plan.steps], alias_holders(desired))
    except (AssertionError, KeyError, AttributeError) as error:
        raise Edited(f"its steps do not fit what the store holds ({type(error).__name__})") from None
    read = {step.id: step for step in plan.steps}
    if read.keys() != {step.id for step in fresh}:
        strange = sorted(read.keys() ^ {step.id for step in fresh})[0]
        raise Edited(f"step {strange} is not called by what it does")
    buyers = {step.change.ref: Buyers(step.change.ref, snapshot) for step in fresh if isinstance(step.change, AddRates)}
    marked: dict[str, RateMark] = {}
    found: list[Step] = []
    for step in fresh:
        was = read[step.id]
        change = step.change
        if stands[step.id] is Status.READY:
            if isinstance(change, AddRates):
                wanted = desired.rates[change.card].digest if change.card in desired.rates else ""
                change = _marks(change, wanted, snapshot, marked)
            else:
                change = _fields(change, snapshot)
            told = assessed(replace(step, change=change), desired, snapshot, {}, buyers)
            hazards = tuple(sorted({*was.hazards, *told.hazards}))
            was = replace(was, hazards=hazards, reach=told.reach, shares=told.shares, live=told.live)
        found.append(replace(was, change=change, needs=step.needs))
    return replace(plan, steps=tuple(found))


def _check(step: Step) -> None:
    change = step.change
    if isinstance(change, Making) and change.digest not in map(content_digest, _meant(change)):
        raise Edited(f"step {step.id} marks its object as something that it does not make")
    if isinstance(change, AddRates):
        for text in (change.mark, change.marked):
            if RateMark.read(text) is None:
                raise Edited(f"step {step.id} has a mark that is none")


def _meant(change: Making) -> Iterator[Noun]:
    """What the noun may have been before its version's number was put into its names (`plan.versions.named`)."""
    noun, number = change.noun, str(change.ref.version)
    yield from (noun, bare(noun))
    names = {field: getattr(noun, field, None) or "" for field in NAMED}
    if change.ref.version is None or sum(text.count(number) for text in names.values()) > MOST_NUMBERS:
        return
    for texts in product(*(tuple(_placeholders(text, number)) for text in names.values())):
        yield noun.model_copy(update={field: text for field, text in zip(names, texts, strict=True) if text})


MOST_NUMBERS = 8
"""So often a version's number may stand in names for it to be looked for: a bound on hostile input."""


def _placeholders(text: str, number: str) -> Iterator[str]:
    """The text with the placeholder in place of some of the numbers, or of none."""
    parts = text.split(number)
    for signs in product((number, PLACEHOLDER), repeat=len(parts) - 1):
        yield "".join(part + sign for part, sign in zip(parts, (*signs, ""), strict=True))


def _fields(change: Verb, snapshot: Snapshot) -> Verb:
    """A change of a noun, with the fields that differ from what is there."""
    if not isinstance(change, Revise | Supersede):
        return change
    ref = change.previous if isinstance(change, Supersede) else change.ref
    observed = snapshot.catalog.nouns.get(ref)
    if observed is None:
        return change
    fields = field_changes(bare(observed), bare(change.noun))
    kept = {path_text(field.path) for field in change.fields}
    told = {path_text(field.path) for field in fields}
    return change if told <= kept else replace(change, fields=fields)


def _marks(change: AddRates, wanted: str, snapshot: Snapshot, marked: dict[str, RateMark]) -> AddRates:
    """Rates with the mark that says what the card holds once they are in."""
    said = RateMark.read(change.mark)
    assert said is not None  # as `_check` found
    rates = snapshot.of(change.ref).rates
    before = marked.get(change.card) or RateMark.read(snapshot.of(change.ref).marks.rates)
    if before is None or (change.card not in marked and not before.speaks_for(rates)):
        before = RateMark(before.wanted if before is not None else "", sums_of(rates.items()))
    reached = shares([(rate.key, after(rate)) for rate in change.rates])
    held = moved(before.sums, [(rate.key, rate.observed) for rate in change.rates], reached)
    text = marked[change.card].text if change.card in marked else snapshot.of(change.ref).marks.rates or ""
    marked[change.card] = RateMark(said.wanted if change.mark else wanted, held)
    return replace(change, mark=marked[change.card].text, marked=text, share=None)
