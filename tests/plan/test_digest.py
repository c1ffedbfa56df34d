"""A plan's digest: the same for what means the same, another one for whatever means something else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_schedule, schedule_text
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.change import RateChange
from pricebook.plan.document import read, write
from pricebook.plan.hazard import Hazard
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.plan.step import Leftover, Plan, Step
from pricebook.plan.verb.table import AddRates, Repoint, Supersede
from strategy import catalogs

AT = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)


def planned(desired: Catalog, observed: Snapshot, as_of: datetime = AT, environment: str = "local") -> Plan:
    """The plan of it."""
    return make_plan(desired, observed, namespace="acme", environment=environment, as_of=as_of, prune=True)


def shuffled(catalog: Catalog, random: Any) -> Catalog:
    """The same catalogue, read from files that came in another order."""
    nouns = list(catalog.nouns.items())
    random.shuffle(nouns)
    books = [(card, list(rates.items())) for card, rates in catalog.rates.items()]
    random.shuffle(books)
    for _, entries in books:
        random.shuffle(entries)
    return Catalog(dict(nouns), {card: RateBook(dict(entries)) for card, entries in books})


@settings(max_examples=settings().max_examples // 6)
@given(before=catalogs(packages=1), desired=catalogs(packages=1), random=st.randoms(use_true_random=False))
def test_files_layout_and_the_plan_file_say_nothing(before: Catalog, desired: Catalog, random: Any) -> None:
    empty = Snapshot(AT)
    held = rehearse(empty, [step.change for step in planned(before, empty).steps])
    first = planned(before, held)
    assert first.steps == ()
    made = planned(desired, empty)
    again = planned(shuffled(desired, random), replace(empty, observed_at=AT + timedelta(minutes=9)))
    assert again.digest == made.digest
    assert read(write(made), "plan.json").digest == made.digest
    elsewhere = replace(made, base="b", desired="d", kept=9, prices=9, leftovers=(Leftover(Ref(Kind.PRODUCT, "x")),))
    moved = tuple(
        replace(step, at="other.yaml:9", reach=None if step.reach is None else step.reach + 1) for step in made.steps
    )
    assert replace(elsewhere, steps=moved, unmanaged={"product": 3}).digest == made.digest
    assert replace(made, environment="other").digest != made.digest
    assert replace(made, namespace="other").digest != made.digest


PAST = "2025-01-01T00:00:00Z"


def terms(price: int, *, entitled: bool = True) -> str:
    """FLAT terms."""
    return f'{{"entitled":{str(entitled).lower()},"price":{price},"rate_type":"FLAT"}}'


def schedule(*segments: tuple[str, str | None, str]) -> str:
    """The text of a timeline."""
    return "[" + ",".join(f'["{s}",{chr(34) + e + chr(34) if e else "null"},{t}]' for s, e, t in segments) + "]"


OBSERVED = schedule((PAST, None, terms(5)))
RATE = RateChange('["input",null,{"model":"large"}]', OBSERVED, schedule(("2026-02-01T00:00:00Z", None, terms(4))))


def of(*rates: RateChange, as_of: datetime = AT, **fields: Any) -> str:
    """The digest of a plan that adds rates."""
    step = Step("rates:tokens#1", AddRates(Ref(Kind.RATE_CARD, "tokens"), rates, **fields))
    return Plan("acme", "local", as_of, "b", "d", (step,)).digest


@pytest.mark.parametrize(
    "other",
    [
        RATE._replace(key='["input",null,{"model":"small"}]'),
        RATE._replace(observed=None),
        RATE._replace(observed=schedule((PAST, None, terms(6)))),
        RATE._replace(segments=schedule(("2026-02-01T00:00:00Z", None, terms(3)))),
        RATE._replace(segments=schedule(("2026-02-02T00:00:00Z", None, terms(4)))),
        RATE._replace(segments=schedule(("2026-02-01T00:00:00Z", "2027-01-01T00:00:00Z", terms(4)))),
        RATE._replace(segments=schedule(("2026-02-01T00:00:00Z", None, terms(4, entitled=False)))),
        RATE._replace(hazards=(Hazard.RETROACTIVE,)),
    ],
)
def test_whatever_a_price_says_is_approved(other: RateChange) -> None:
    assert of(other) != of(RATE)


def test_how_rates_are_batched_and_marked_says_nothing() -> None:
    second = RATE._replace(key='["input",null,{"model":"small"}]')
    assert of(RATE, second) == of(second, RATE, mark="m", marked="n", reason="why")
    steps = (
        Step("rates:tokens#1", AddRates(Ref(Kind.RATE_CARD, "tokens"), (RATE,))),
        Step("rates:tokens#2", AddRates(Ref(Kind.RATE_CARD, "tokens"), (second,))),
    )
    assert Plan("acme", "local", AT, "b", "d", steps).digest == of(RATE, second)
    assert of(RATE, second) != of(RATE)


def test_a_price_that_left_ends_when_it_is_applied_and_not_at_an_hour() -> None:
    def ended(hour: int, *, entitled: bool = False) -> str:
        segments = schedule((f"2026-01-01T{hour:02}:00:00Z", None, terms(5, entitled=entitled)))
        as_of = datetime(2026, 1, 1, hour, tzinfo=UTC) - timedelta(minutes=20)
        return of(RATE._replace(segments=segments), as_of=as_of)

    assert ended(10) == ended(15)
    assert ended(10, entitled=True) != ended(15, entitled=True)


@settings(max_examples=settings().max_examples // 4)
@given(before=catalogs(packages=1), data=st.data())
def test_whatever_a_step_does_is_approved(before: Catalog, data: st.DataObject) -> None:
    made = planned(before, Snapshot(AT))
    index = data.draw(st.integers(0, len(made.steps) - 1))
    step = made.steps[index]
    changed = replace(made, steps=(*made.steps[:index], _otherwise(step), *made.steps[index + 1 :]))
    assert changed.digest != made.digest
    assert replace(made, steps=made.steps[:index] + made.steps[index + 1 :]).digest != made.digest


def _otherwise(step: Step) -> Step:
    """The step, with one thing about it changed."""
    change = step.change
    if isinstance(change, AddRates):
        first, *rest = change.rates
        segment, *later = read_schedule(first.segments)
        moved = schedule_text([segment._replace(starting_at="2020-01-01T00:00:00Z"), *later])
        return replace(step, change=replace(change, rates=(first._replace(segments=moved), *rest)))
    if isinstance(change, Repoint):
        return replace(step, change=replace(change, product_order=(*change.product_order, "another")))
    noun = change.noun.model_copy(update={"name": change.noun.name + "!"})  # type: ignore[union-attr]
    return replace(step, change=replace(change, noun=noun))  # type: ignore[call-arg]


def test_what_a_step_starts_from_is_approved() -> None:
    made = planned(CREDIT, Snapshot(AT))
    held = rehearse(Snapshot(AT), [step.change for step in made.steps])
    package = Ref(Kind.PACKAGE, "starter")
    second = planned(with_credit(15), held)
    step = second.steps[0]
    assert isinstance(step.change, Supersede)
    assert step.expects == held.of(package._replace(version=1)).marks.content
    between = rehearse(Snapshot(AT), [step.change for step in planned(with_credit(12), Snapshot(AT)).steps])
    assert planned(with_credit(15), between).steps[0].change.ref == step.change.ref
    assert planned(with_credit(15), between).digest != second.digest


def with_credit(dollars: int) -> Catalog:
    """A package that gives a credit."""
    from pricebook.catalog.fingerprint import noun_of

    access = {
        "schedule_items": (
            {
                "amount": Decimal(dollars * 100),
                "starting_at_offset": {"value": 0, "unit": "DAYS"},
                "duration": {"value": 1, "unit": "MONTHS"},
            },
        )
    }
    credit = {"product": "sign-up", "access_schedule": access, "priority": 1}
    return Catalog(
        {
            Ref(Kind.PRODUCT, "sign-up"): noun_of(Kind.PRODUCT, {"name": "Sign-up", "type": "FIXED"}),
            Ref(Kind.RATE_CARD, "tokens"): noun_of(Kind.RATE_CARD, {"name": "Tokens"}),
            Ref(Kind.PACKAGE, "starter"): noun_of(
                Kind.PACKAGE, {"name": "Starter", "rate_card": "tokens", "credits": (credit,)}
            ),
        }
    )


CREDIT = with_credit(10)
