"""Whether the aliases of rate cards are still as a plan saw them, so that giving them anew undoes nobody's work.

An alias stands for one card at a time, so giving it to a second one changes the first as well: of the steps of one plan
either may come before the other. What a card lost to another one is therefore no surprise, as long as the plan does not
claim it; whatever else is different was done by somebody who did not know of the plan, or of whom it does not know.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from pricebook.catalog.model import Alias
from pricebook.plan.change import Repoint


def fits(change: Repoint, held: Collection[Alias], order: tuple[str, ...], holders: Iterable[str]) -> bool:
    """Whether a card is as the change saw it, or as it makes it. `held` and `order` are the aliases and the product
    order that it has now, `holders` the other cards that have an alias of one of the names that it is given."""
    if order not in (change.observed_order, change.product_order):
        return False
    if set(held) == set(change.aliases):
        return True
    present = {(alias.name, alias.starting_at): alias for alias in held}
    for was in change.observed:
        now = present.pop((was.name, was.starting_at), None)
        if now != was and not _given_up(was, now, change.aliases):
            return False
    return not present and set(holders) <= set(change.held_by)


def _given_up(was: Alias, now: Alias | None, desired: Iterable[Alias]) -> bool:
    """Whether all that is missing of an alias is missing from what is desired too. `now` is what is left of it."""
    lost_from = now.ending_before if now is not None else was.starting_at
    if now is not None and (lost_from is None or (was.ending_before is not None and lost_from > was.ending_before)):
        return False  # it lasts longer than it did
    return not any(alias.name == was.name and _meet(alias, lost_from, was.ending_before) for alias in desired)


def _meet(alias: Alias, start: datetime | None, end: datetime | None) -> bool:
    """Whether an alias stands for its card at any instant from `start` until `end`; None is without bound."""
    begins = end is None or alias.starting_at is None or alias.starting_at < end
    return begins and (start is None or alias.ending_before is None or alias.ending_before > start)
