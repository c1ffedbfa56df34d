"""What the terms of one package say of each other: keys, the links between them, and limits that count terms."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pricebook.catalog.declared import keyed_lists
from pricebook.catalog.traverse import links
from pricebook.catalog.violation import Path, Violation
from pricebook.problem import did_you_mean, quote

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package


def check_terms(package: "Package") -> Iterator[Violation]:
    """Every rule between the terms of the package."""
    keys = {name: [term.key for term in getattr(package, name)] for name in keyed_lists(type(package))}
    yield from _unique(keys)
    yield from _links(package, keys)
    yield from _prioritization(package)
    yield from _seats(package)
    yield from _daily(package)
    yield from _trackers(package)


def _unique(keys: dict[str, list[str | None]]) -> Iterator[Violation]:
    for name, found in keys.items():
        for index, key in enumerate(found):
            if key is not None and key in found[:index]:
                message = f"two of {name} have the key {quote(key)}"
                yield Violation("duplicate-key", message, (name, index, "key"), "a key is unique within its list")


def _missing(key: str, lists: Sequence[str], keys: dict[str, list[str | None]], at: Path) -> Violation:
    known = [key for name in lists for key in keys[name] if key is not None]
    where = " or ".join(name.replace("_", " ") for name in lists)
    hint = did_you_mean(key, known) or (
        f"known keys: {', '.join(known)}" if known else f"give the term in {lists[0]} a key"
    )
    return Violation("unknown-key", f"none of the package's {where} has the key {quote(key)}", at, hint)


def _links(package: "Package", keys: dict[str, list[str | None]]) -> Iterator[Violation]:
    """Every link leads to one term."""
    for at, lists, key in links(package):
        holders = [name for name in lists if key in keys[name]]
        if not holders:
            yield _missing(key, lists, keys, at)
        elif len(holders) > 1:
            message = f"the key {quote(key)} is one of {' and of '.join(holders)}"
            yield Violation("ambiguous-key", message, at, "give them different keys")


def _prioritization(package: "Package") -> Iterator[Violation]:
    explicit = package.multiplier_override_prioritization == "EXPLICIT"
    for index, override in enumerate(package.overrides):
        if override.type == "TIERED" and not explicit:
            message = (
                "a TIERED override needs multiplier_override_prioritization EXPLICIT; the package has LOWEST_MULTIPLIER"
            )
            hint = "set multiplier_override_prioritization: EXPLICIT, and a priority on every multiplier"
            yield Violation("prioritization", message, ("overrides", index, "type"), hint)
        if override.type == "MULTIPLIER" and explicit and override.priority is None:
            message = "priority is required for a MULTIPLIER override under EXPLICIT prioritization"
            yield Violation(
                "missing-field", message, ("overrides", index, "priority"), "the lowest priority comes first"
            )


def _seats(package: "Package") -> Iterator[Violation]:
    modes = {found.key: found.quantity_management_mode for found in package.subscriptions if found.key}
    for at, term in package.recurring:
        config = term.subscription_config
        mode = modes.get(config.subscription) if config is not None else None
        if config is None or mode is None:
            continue
        if config.allocation == "INDIVIDUAL" and mode != "SEAT_BASED":
            message = f"allocation INDIVIDUAL needs a SEAT_BASED subscription; {quote(config.subscription)} is {mode}"
            hint = "use POOLED, or make the subscription SEAT_BASED"
            yield Violation("seat-allocation", message, (*at, "subscription_config", "allocation"), hint)
        elif mode == "SEAT_BASED" and term.recurrence_frequency == "DAILY":
            message = f"a DAILY grant cannot be tied to a SEAT_BASED subscription; {quote(config.subscription)} is one"
            yield Violation("daily-recurrence", message, (*at, "recurrence_frequency"), "use another frequency")


def _daily(package: "Package") -> Iterator[Violation]:
    daily = [at for at, term in package.recurring if term.recurrence_frequency == "DAILY"]
    for at in daily[1:]:
        message = f"a package has at most one DAILY commit or credit; {daily[0][0]}[{daily[0][1]}] is one already"
        yield Violation("daily-recurrence", message, (*at, "recurrence_frequency"), "use another frequency")


def _trackers(package: "Package") -> Iterator[Violation]:
    aliases = [tracker.alias for tracker in package.spend_trackers]
    for index, alias in enumerate(aliases):
        if alias in aliases[:index]:
            message = f"two spend trackers have the alias {quote(alias)}"
            yield Violation("duplicate", message, ("spend_trackers", index, "alias"), "give one another alias")
    for name, threshold in package.thresholds:
        discount = threshold.discount_configuration
        if discount is None or discount.cap is None or discount.cap.spend_tracker_alias in aliases:
            continue
        alias = discount.cap.spend_tracker_alias
        hint = did_you_mean(alias, aliases) or "add it to spend_trackers"
        at = (name, "discount_configuration", "cap", "spend_tracker_alias")
        yield Violation("unknown-key", f"the package has no spend tracker with the alias {quote(alias)}", at, hint)
