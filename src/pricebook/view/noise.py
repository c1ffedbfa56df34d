"""Whom new and changed threshold notifications would have alarmed, as a reviewer sees it."""

from collections.abc import Iterator

from pricebook.usage.assessment import Assessment
from pricebook.view.impact import ImpactTable, NotificationNoise
from pricebook.view.words import counted

_DAYS = 3
"""Days that are named."""


def noise_of(assessment: Assessment) -> tuple[NotificationNoise, ...]:
    """The numbers, by notification."""
    return tuple(
        NotificationNoise(
            notification=name,
            customers=after.customers,
            alarmed=after.alarmed,
            alarmed_before=before.alarmed if before is not None else None,
            days=dict(sorted(after.first.items())),
            unknown=dict(sorted(after.unknown.items())),
        )
        for name, (after, before) in sorted(assessment.noise.items())
    )


def noise_table(assessment: Assessment) -> ImpactTable:
    """A row for each notification."""
    rows = tuple((one.notification, *_numbers(one)) for one in noise_of(assessment))
    heads = ("notification", "first on", "customers", "alarmed", "before")
    return ImpactTable("Notifications: customers they would have alarmed", heads, rows, texts=2)


def _numbers(one: NotificationNoise) -> tuple[str, str, str, str]:
    days = [f"{day} ({count:,})" for day, count in list(one.days.items())[:_DAYS]]
    if len(one.days) > _DAYS:
        days.append(f"{counted(len(one.days) - _DAYS, 'more day')}")
    told = f"{one.alarmed:,}" if sum(one.unknown.values()) < one.customers or not one.customers else "not known"
    before = f"{one.alarmed_before:,}" if one.alarmed_before is not None else "new"
    return ", ".join(days), f"{one.customers:,}", told, before


def noise_caveats(assessment: Assessment) -> Iterator[str]:
    """What the numbers do not cover."""
    for one in noise_of(assessment):
        for reason, count in one.unknown.items():
            yield f"whether {one.notification} alarms {counted(count, 'customer')} is not known: {reason}"
    if assessment.noise and assessment.unadded:
        yield f"not in any alarm, because it does not add up by the day: the usage of {', '.join(assessment.unadded)}"
    if assessment.noise:
        yield (
            "alarms count usage by the day, what was counted already at the start of its period, and balances that "
            "were granted before as unused"
        )
