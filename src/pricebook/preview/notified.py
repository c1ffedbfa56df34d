"""Price tests of notifications: which messages a scenario's customer is the subject of, on which day, and which of them
are not as expected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.offset_notification import OffsetNotification
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.scenario import ExpectedNotification, Scenario
from pricebook.catalog.threshold_notification import ThresholdNotification
from pricebook.catalog.violation import Path
from pricebook.preview.alarm import Alarm, alarms
from pricebook.preview.sending import sent
from pricebook.preview.tariff import Prices
from pricebook.preview.watched import WatchedContract, WatchedCustomer


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something that is not as expected: where in the scenario, of which invoice, what was expected and what came.

    `unit` is that of amounts, empty for what is none. None as expected or came: there is no such thing.
    """

    path: Path
    issued_at: datetime | None
    what: str
    expected: Decimal | str | None
    came: Decimal | str | None
    unit: str = ""


class Notified(NamedTuple):
    """A message, and what it is about (`preview.alarm.Alarm`)."""

    at: datetime
    notification: Ref
    part: str

    @property
    def day(self) -> str:
        """`2025-11-12`."""
        return f"{self.at:%Y-%m-%d}"


def notified(scenario: Scenario, catalog: Catalog, prices: Prices) -> tuple[Notified, ...]:
    """Every message of the catalogue's notifications about the customer, in order of time."""
    seats = [change.change() for change in scenario.seats]
    contract = WatchedContract(prices, scenario.quantities(), seats, scenario.custom_fields)
    customer, start, end = WatchedCustomer([contract]), scenario.starting_at, scenario.end
    found: list[Notified] = []
    for ref, noun in catalog.nouns.items():
        told: list[Alarm] = []
        if isinstance(noun, ThresholdNotification):
            told = alarms(noun, customer, start, end)
        elif isinstance(noun, OffsetNotification):
            told = sent(noun.policy, contract, start, end)
        found += [Notified(each.at, ref, each.part) for each in told]
    return tuple(sorted(found))


def not_notified(expected: Sequence[ExpectedNotification], came: Sequence[Notified]) -> Iterator[Mismatch]:
    """What is not as expected. A message that came on another day is told as that."""
    left, open_ = list(came), list[tuple[int, ExpectedNotification]]()
    for index, wanted in enumerate(expected):
        same = (each for each in left if _is(wanted, each) and each.day == f"{wanted.at:%Y-%m-%d}")
        if (found := next(same, None)) is not None:
            left.remove(found)
        else:
            open_.append((index, wanted))
    for index, wanted in open_:
        moved = next((each for each in left if _is(wanted, each)), None)
        if moved is not None:
            left.remove(moved)
        path: Path = ("expect", "notifications", index, "at")
        day = moved.day if moved is not None else None
        yield Mismatch(
            path if day else path[:-1], None, _named(_ref(wanted), wanted.part), f"{wanted.at:%Y-%m-%d}", day
        )
    for each in left:
        yield Mismatch(("expect", "notifications"), None, _named(each.notification, each.part), None, each.day)


def _ref(wanted: ExpectedNotification) -> Ref:
    if wanted.notification is not None:
        return Ref(Kind.THRESHOLD_NOTIFICATION, wanted.notification)
    return Ref(Kind.OFFSET_NOTIFICATION, wanted.offset_notification or "")


def _is(wanted: ExpectedNotification, came: Notified) -> bool:
    return came.notification == _ref(wanted) and wanted.part in (None, came.part)


def _named(ref: Ref, part: str | None) -> str:
    return f"notification {ref.name}" + (f" ({part})" if part else "")
