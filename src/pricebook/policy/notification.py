"""Rules about notifications: each is one message, about something that can happen."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from pricebook.catalog.calendar import rough_days
from pricebook.catalog.fingerprint import content_text
from pricebook.catalog.leaf import leaves
from pricebook.catalog.model import Model
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.role import Role
from pricebook.catalog.timeline import units_of_schedule
from pricebook.policy.fact import Facts
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import declared

if TYPE_CHECKING:  # a project may have none, and they are models of their own
    from pricebook.catalog.threshold_notification import ThresholdNotification

_LISTS = {
    "credit_and_commit": ("commits", "recurring_commits", "credits", "recurring_credits"),
    "contract_credit": ("credits", "recurring_credits"),
    "commit": ("commits", "recurring_commits"),
}
"""What a type of notification watches, by a part of its name; the first that fits counts."""


def _notifications(facts: Facts) -> Iterator[tuple[Ref, "ThresholdNotification"]]:
    for ref, noun in sorted(facts.catalog.nouns.items()):
        if ref.kind is Kind.THRESHOLD_NOTIFICATION:
            yield ref, cast("ThresholdNotification", noun)


def _same(facts: Facts) -> Iterator[Finding]:
    first: dict[str, Ref] = {}
    for ref, noun in _notifications(facts):
        text = content_text(noun.model_copy(update={"name": ""}))
        other = first.setdefault(text, ref)
        if other != ref:
            message = f"{ref.name} watches what {other.name} watches, at the same threshold"
            hint = "customers are told twice: remove one, or let it watch something else"
            yield Finding(ref, (), message, hint, related=(("the other", other, ()),))


def _untriggered(facts: Facts) -> Iterator[Finding]:
    if not facts.packages:
        return
    for ref, noun in _notifications(facts):
        lists = next((found for part, found in _LISTS.items() if part in noun.alert_type), None)
        if lists is None:
            continue
        given: list[Model] = [
            t for package in facts.packages.values() for name in lists for t in getattr(package, name)
        ]
        units = {leaf.unit for term in given for leaf in leaves(term).values() if leaf.unit is not None}
        if not given:
            message = f"no package grants {' or '.join(name.replace('_', ' ') for name in lists)}"
        elif noun.access_type == "QUANTITY" or noun.credit_type in units or "_days_" in noun.alert_type:
            continue
        else:
            message = f"no package grants {noun.credit_type}; {', '.join(sorted(units))} is what they grant"
        hint = "it is about balances that contracts have beside their packages, or it is never sent"
        yield Finding(ref, ("alert_type",) if not given else ("credit_type",), message, hint)


def _unreached(facts: Facts) -> Iterator[Finding]:
    if not facts.cards:
        return
    usage = {name: product for name, product in facts.catalog.products.items() if product.type == "USAGE"}
    metrics = [facts.catalog.metrics.get(product.billable_metric or "") for product in usage.values()]
    told = {key for metric in metrics if metric is not None for group in metric.group_keys for key in group}
    for ref, noun in _notifications(facts):
        if noun.alert_type == "spend_threshold_reached":
            units = {
                unit
                for card in facts.cards.values()
                for (product, _), schedules in card.schedules.items()
                if product in usage
                for schedule in schedules
                for unit in units_of_schedule(schedule)
            }
            yield from _unit(ref, noun, units, "no usage is priced in")
            for index, group in enumerate(noun.group_values):
                if group.key not in told:
                    message = f"{group.key} is a group key of no metric that usage is priced by"
                    hint = f"usage is told by {', '.join(sorted(told)) or 'nothing'}"
                    yield Finding(ref, ("group_values", index, "key"), message, hint)
        elif "invoice" in noun.alert_type:
            units = {card.card.fiat_credit_type for card in facts.cards.values()}
            yield from _unit(ref, noun, units, "no invoices are in")
        elif noun.seat_filter is not None and facts.packages:
            keys = {
                each.seat_config.seat_group_key
                for package in facts.packages.values()
                for each in package.subscriptions
                if each.seat_config is not None
            }
            if noun.seat_filter.seat_group_key not in keys:
                message = f"no package has seats that are told by {noun.seat_filter.seat_group_key}"
                hint = f"seats are told by {', '.join(sorted(keys)) or 'nothing'}"
                yield Finding(ref, ("seat_filter", "seat_group_key"), message, hint)


def _unit(ref: Ref, noun: "ThresholdNotification", units: set[str], what: str) -> Iterator[Finding]:
    if noun.credit_type not in units:
        hint = f"it is never sent; write the threshold in {', '.join(sorted(units)) or 'another unit'}"
        yield Finding(ref, ("credit_type",), f"{what} {noun.credit_type}", hint)


def _from_the_start(facts: Facts) -> Iterator[Finding]:
    for ref, noun in _notifications(facts):
        lists = next((found for part, found in _LISTS.items() if part in noun.alert_type), ())
        if "_days_" in noun.alert_type:
            yield from _always_ending(ref, noun, lists, facts)
        if "_balance_" not in noun.alert_type or noun.access_type == "QUANTITY":
            continue
        for name, package in facts.packages.items():
            given: list[Model] = [term for part in lists for term in getattr(package, part)]
            if len(given) == 1 and (whole := _granted(given[0], noun.credit_type)) and whole <= noun.threshold:
                message = (
                    f"package {name} grants {facts.money(whole, noun.credit_type)} in all, and the threshold is"
                    f" {facts.money(noun.threshold, noun.credit_type)}"
                )
                hint = "everybody on the package is told from the first day on: write a lower threshold"
                related = (("the package", Ref(Kind.PACKAGE, name), ()),)
                yield Finding(ref, ("threshold",), message, hint, related=related)


def _always_ending(ref: Ref, noun: "ThresholdNotification", lists: Sequence[str], facts: Facts) -> Iterator[Finding]:
    for name, package in facts.packages.items():
        days = [days for part in lists for term in getattr(package, part) for days in _lengths(term)]
        if days and max(days) <= noun.threshold:
            message = (
                f"package {name} grants for at most {max(days)} days at a time, and the threshold is {noun.threshold}"
            )
            hint = "everybody on the package is told from the first day on: write fewer days"
            yield Finding(ref, ("threshold",), message, hint, related=(("the package", Ref(Kind.PACKAGE, name), ()),))


def _lengths(term: Any) -> Iterator[int]:
    """For how many days, roughly, each part of a term grants."""
    if (schedule := getattr(term, "access_schedule", None)) is not None:
        for item in schedule.schedule_items:
            yield rough_days(item.duration.value, item.duration.unit)
    elif term.recurrence_frequency is not None:
        yield rough_days(term.commit_duration.value, term.recurrence_frequency)


def _granted(term: Model, unit: str) -> Decimal | None:
    """What a term grants at once in a unit; None where more than its one amount says it, or a subscription's seats."""
    said = [leaf for leaf in leaves(term).values() if leaf.role is not Role.CHARGES and leaf.unit == unit]
    once = getattr(getattr(term, "access_amount", None), "quantity", None) in (None, 1)
    if len(said) != 1 or not once or getattr(term, "subscription_config", None) is not None:
        return None
    return cast("Decimal", said[0].value)


_LOW = declared(
    "ThresholdNotification",
    "low",
    "{name: Low, alert_type: low_remaining_contract_credit_balance_reached, threshold: $1.00}",
)
_SPEND = declared(
    "ThresholdNotification",
    "spend",
    "{name: Spend, alert_type: spend_threshold_reached, threshold: $50.00, group_values: [{key: USER}]}",
)
_TOP = "apiVersion: pricebook/v1\nkind: BillableMetric\n"


def _with(*texts: str) -> tuple[tuple[str, str], ...]:
    return ((_TOP, "".join(texts).removeprefix("---\n") + "---\n" + _TOP),)


RULES = (
    Rule(
        id="same-notification",
        severity="warning",
        title="Two threshold notifications watch the same thing at the same threshold.",
        why="Every customer who reaches it is told twice; whatever answers the webhook does its work twice.",
        way_out="Names make no difference: what is watched, the threshold and the filters do.",
        example=Example(
            bad=_with(_LOW, _LOW.replace("low}", "low-too}")),
            good=_with(_LOW, _LOW.replace("low}", "out}").replace("$1.00", "0")),
        ),
        check=_same,
    ),
    Rule(
        id="untriggered-notification",
        severity="note",
        title="A threshold notification is about balances that no package grants.",
        why="It is never sent, and somebody relies on it.",
        way_out="It may be about credits and commits that contracts have beside their packages.",
        example=Example(bad=_with(_LOW.replace("contract_credit", "commit")), good=_with(_LOW)),
        check=_untriggered,
    ),
    Rule(
        id="unreached-notification",
        severity="warning",
        title="A threshold notification watches what no price or package has: spend in a unit that no usage is priced"
        " in, a group key of no metric, invoices in a currency of no rate card, seats of no package.",
        why="It is never sent, and somebody relies on it.",
        way_out="Write the threshold in a unit that prices have, and name a key by which usage or seats are told.",
        example=Example(bad=_with(_SPEND.replace("USER", "user")), good=_with(_SPEND.replace("USER", "seat"))),
        check=_unreached,
    ),
    Rule(
        id="notified-from-the-start",
        severity="warning",
        title="The threshold of a low balance is not below what a package grants, or its days not below how long it"
        " does.",
        why="Everybody on the package is in alarm from the first day on, and nobody reads the message any more.",
        way_out="Write a threshold below the grant, or watch a percentage.",
        example=Example(bad=_with(_LOW.replace("$1.00", "$5.00")), good=_with(_LOW)),
        check=_from_the_start,
    ),
)
