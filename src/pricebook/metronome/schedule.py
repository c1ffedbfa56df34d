"""Reading the rate schedules of many cards: few requests, and many of them at once.

The first page of every card is asked for. A card with more than a page is read on by selectors, each for a share of the
account's products, so that several cursors of one card are followed at once. A share costs at most one page that is not
full, so there are never more shares, over all cards, than the account has products: reading takes at most a page for
every hundred rates, one for each card, and one for each product.
"""

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any

from pricebook.metronome.http import Client
from pricebook.metronome.listing import at_once, groups, pages
from pricebook.metronome.wire.rate import timelines_of

PATH = "/v1/contract-pricing/rate-cards/getRateSchedule"
EARLIEST = "1970-01-01T00:00:00Z"
"""From when schedules are read: before any rate."""
MAX_SELECTORS = 100
"""Products in one request [assumed]; no source names a limit."""

Name = Callable[[str], str]


def read_schedules(
    client: Client, cards: Sequence[str], products: Sequence[str], product_name: Name, unit_name: Name
) -> dict[str, dict[str, str]]:
    """Card id -> the card's timelines, key text to schedule text. `products` are the ids of all of the account's."""

    def first(card: str) -> Callable[[Event], tuple[list[Any], str | None]]:
        return lambda _: next(pages(client, PATH, _body(card)))

    started = dict(zip(cards, at_once(client, [first(card) for card in cards]), strict=True))
    long = [card for card in cards if started[card][1] is not None]
    share = min(len(products) // len(long) - 1, 2 * client.concurrency) if long else 0
    apart = share > 1 and len(products) <= share * MAX_SELECTORS
    found = {card: [items] for card, (items, _) in started.items()}
    work: list[Callable[[Event], tuple[str, list[Any]]]] = []
    for card in long:
        items, cursor = started[card]
        if apart:
            found[card] = []
            work += [_rest(client, card, group, None) for group in groups(products, share)]
        else:
            work.append(_rest(client, card, (), cursor))
    for card, items in at_once(client, work):
        found[card].append(items)
    return {
        card: timelines_of((item for items in parts for item in items), product_name, unit_name)
        for card, parts in found.items()
    }


def read_products(
    client: Client, card: str, products: Sequence[str], product_name: Name, unit_name: Name
) -> dict[str, str]:
    """The timelines that a card has of some products."""
    work = [
        _rest(client, card, products[at : at + MAX_SELECTORS], None) for at in range(0, len(products), MAX_SELECTORS)
    ]
    return timelines_of((item for _, items in at_once(client, work) for item in items), product_name, unit_name)


def _rest(
    client: Client, card: str, products: Sequence[str], after: str | None
) -> Callable[[Event], tuple[str, list[Any]]]:
    def work(stop: Event) -> tuple[str, list[Any]]:
        found = pages(client, PATH, _body(card, products), after=after, stop=stop)
        return card, [item for items, _ in found for item in items]

    return work


def _body(card: str, products: Sequence[str] = ()) -> Mapping[str, Any]:
    body: dict[str, Any] = {"rate_card_id": card, "starting_at": EARLIEST}
    return {**body, "selectors": [{"product_id": id_} for id_ in products]} if products else body
