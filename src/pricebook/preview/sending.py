"""When offset notifications are sent: so long before or after something that a contract's terms have a date for."""

from datetime import datetime, timedelta

from pricebook.catalog.calendar import FOREVER, later
from pricebook.catalog.offset_notification import OffsetPolicy
from pricebook.preview.alarm import Alarm, grants_of
from pricebook.preview.watched import WatchedContract


def sent(policy: OffsetPolicy, contract: WatchedContract, since: datetime, until: datetime) -> list[Alarm]:
    """When an offset notification is sent about a contract, from `since` on and until then (inclusive). A contract and
    its balances are made when the contract starts [assumed]; nobody edits or archives them."""
    terms, (entity, _, event) = contract.prices.terms, policy.type.partition(".")
    begun, ended = event in ("create", "start", "segment.start"), event in ("end", "segment.end")
    dates: list[tuple[datetime, str]] = []
    if entity == "contract":
        dates += [(terms.starting_at, "")] if begun else [(terms.ending_before, "")] if ended else []
    else:
        # What is told beforehand is of balances that are still to come.
        for grant in grants_of(contract, max(until, after(until, _backwards(policy.offset)))):
            if (grant.kind == "CREDIT") == (entity == "credit"):
                start = terms.starting_at if event == "create" else grant.window.starting_at
                dates += [(start, grant.id)] if begun else [(grant.window.ending_before, grant.id)] if ended else []
    found = (Alarm(after(at, policy.offset), name) for at, name in dates if at < FOREVER)
    return sorted(alarm for alarm in found if since <= alarm.at <= until)


def _backwards(offset: str) -> str:
    return offset.removeprefix("-") if offset.startswith("-") else f"-{offset.removeprefix('+')}"


def after(instant: datetime, offset: str) -> datetime:
    """The instant so long after another one: an ISO 8601 duration, less where it has a minus. Months clamp at ends."""
    sign, dated, length = (-1 if offset.startswith("-") else 1), True, ""
    for letter in offset.lstrip("+-P"):
        if letter == "T":
            dated = False
        elif letter.isdigit():
            length += letter
        elif dated:
            instant = later(instant, sign * int(length), _UNITS[letter])
            length = ""
        else:
            instant, length = instant + timedelta(hours=sign * int(length)), ""
    return instant


_UNITS = {"Y": "YEARS", "M": "MONTHS", "W": "WEEKS", "D": "DAYS"}
