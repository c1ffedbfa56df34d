"""What changes of nouns mean for customers, and whom a change reaches. Rates bring their hazards along
(`plan.timeline`), and each verb says which of these are its own (`plan.verb`)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from pricebook.catalog.calendar import PER_YEAR, TIME_UNITS, later
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.declared import Declared, declared_at, fields_of, role_at
from pricebook.catalog.model import Noun
from pricebook.catalog.path import Label
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.role import Role
from pricebook.catalog.terms import is_tenfold, price_shift
from pricebook.catalog.timeline import RateKey, key_text, read_schedule
from pricebook.plan.change import FieldChange, RateChange
from pricebook.plan.hazard import Hazard
from pricebook.plan.timeline import shift_hazards

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package


_SOME_DAY = datetime(2001, 1, 1, tzinfo=UTC)
"""Lengths of time are compared from here on."""


def mark_foreign(rate: RateChange) -> RateChange:
    """The change of a price that somebody else changed in the store overwrites what they did."""
    return rate._replace(hazards=tuple(sorted({*rate.hazards, Hazard.FOREIGN_EDIT})))


def of_fields(noun: type[Noun], fields: Sequence[FieldChange]) -> Iterator[Hazard]:
    """The hazards of fields of a noun that change."""
    changed = {field.path: field for field in fields}
    for field in fields:
        place, role = declared_at(noun, field.path), role_at(noun, field.path)
        length = [changed.get((*field.path[:-1], name)) for name in ("value", "unit")]
        if isinstance(field.path[-1], Label) and None in (field.observed, field.desired):
            yield from _of_term(place, field.observed, field.desired)
        elif field in length and (shorter := _is_shorter(*length)) is not None:
            if shorter and role is Role.GRANTS:
                yield Hazard.CREDIT_CUT
        else:
            yield from of_values(role, field.observed, field.desired, money=field.unit is not None)


def _is_shorter(value: FieldChange | None, unit: FieldChange | None) -> bool | None:
    """Whether a length of time becomes shorter of which both number and unit change: 1 YEARS are as long as 12 MONTHS.
    None where only one of them does, or a unit is none of time."""
    if value is None or unit is None or not {unit.observed, unit.desired} <= {*TIME_UNITS}:
        return None
    was, now = (
        later(_SOME_DAY, int(str(getattr(value, side))), str(getattr(unit, side))) for side in ("observed", "desired")
    )
    return now < was


def of_values(role: Role, observed: object, desired: object, *, money: bool) -> Iterator[Hazard]:
    """The hazards of a value that changes. What a field is called says nothing: its role does."""
    if role is Role.ENTITLES and observed is True and desired is not True:
        yield Hazard.ENTITLEMENT_LOST
    if role is Role.GRANTS and _is_less_time(observed, desired):
        yield Hazard.CREDIT_CUT
    if role is Role.FACTOR:
        observed, desired = (1 if value is None else value for value in (observed, desired))
    if any(isinstance(value, bool) or not isinstance(value, (int, Decimal)) for value in (observed, desired)):
        return
    was, now = Decimal(str(observed)), Decimal(str(desired))
    if role in (Role.CHARGES, Role.FACTOR):
        yield from shift_hazards(price_shift(was, now))
    elif role is Role.GRANTS:
        if now < was:
            yield Hazard.CREDIT_CUT
        if money and is_tenfold(was, now):
            yield Hazard.MAGNITUDE


def _is_less_time(observed: object, desired: object) -> bool:
    """Whether a shorter unit of time is said, or a frequency that comes more seldom."""
    for order in (TIME_UNITS, tuple(PER_YEAR)[::-1]):
        if observed in order and desired in order:
            return order.index(str(desired)) < order.index(str(observed))
    return False


def _of_term(place: Declared, observed: object, desired: object) -> Iterator[Hazard]:
    """The hazards of a whole term that is new (`observed` is None) or no longer there (`desired` is None)."""
    if place.role is Role.GRANTS and desired is None:
        yield Hazard.CREDIT_CUT
    if place.role is Role.CHARGES:
        yield Hazard.PRICE_UP if observed is None else Hazard.PRICE_DOWN
    was, now = (term if isinstance(term, Mapping) else {} for term in (observed, desired))
    for name, field in fields_of(place.model).items() if place.model is not None else ():
        yield from of_values(field.role or Role.PLAIN, was.get(name), now.get(name), money=False)


def never_invoiced(noun: Noun, desired: Catalog) -> Iterator[Hazard]:
    """A subscription that contracts never get: neither the card nor an override of the package that holds entitles it.
    One that starts without seats beside others that are sold is meant to sleep until a customer's contract wakes it."""
    if noun.kind is not Kind.PACKAGE:
        return
    package = cast("Package", noun)
    card = desired.only_card(package.rate_card, package.rate_card_alias)
    rates = desired.rates.get(card) if card is not None else None
    if rates is None:
        return
    off = []
    for subscription in package.subscriptions:
        key = RateKey(subscription.subscription_rate.product, subscription.subscription_rate.billing_frequency, ())
        if (schedule := rates.get(key_text(key))) is not None:
            listed = read_schedule(schedule)[-1].terms.entitled
            if not package.sells(key, desired.tags_of(key.product), listed=listed):
                off.append(subscription)
    for one in off:
        seats = one.seat_config.initial_unassigned_seats if one.seat_config is not None else one.initial_quantity
        if seats or len(off) == len(package.subscriptions):
            yield Hazard.NEVER_INVOICED


def alias_holders(desired: Catalog) -> dict[str, Ref]:
    """Rate-card alias -> the card that holds it, of aliases held by one card."""
    found = {alias: desired.only_card(None, alias) for alias in desired.holders}
    return {alias: Ref(Kind.RATE_CARD, card) for alias, card in found.items() if card is not None}
