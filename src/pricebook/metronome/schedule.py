"""Reading the rate schedules of many cards: few requests, and many of them at once.

The first page of every card is asked for. A card with more than a page is read on by selectors, each for a share of the
account's products, so that several cursors of one card are followed at once. A share costs at most one page that is not
full, so there are never more shares, over all cards, than the account has products: reading takes at most a page for
every hundred rates, one for each card, and one for each product.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from threading import Event
from typing import Any

from pricebook.catalog.timeline import Segment
from pricebook.metronome.answer import SCHEDULES
from pricebook.metronome.listing import Reader, at_once, groups, pages
from pricebook.metronome.wire.rate import read_segments, timelines_of

EARLIEST = "1970-01-01T00:00:00Z"
"""From when schedules are read: before any rate."""
MAX_SELECTORS = 100
"""Products in one request [assumed]; no source names a limit."""

Namer = Callable[[str], str]
Segments = list[tuple[str, Segment]]


def read_schedules(
    client: Reader, cards: Sequence[str], products: Sequence[str], product_name: Namer, unit_name: Namer
) -> dict[str, dict[str, str]]:
    """Card id -> the card's timelines, key text to schedule text. `products` are the ids of all of the account's."""
    read = partial(read_segments, product_name=product_name, unit_name=unit_name)

    def first(card: str) -> Callable[[Event], tuple[Segments, str | None]]:
        def work(_: Event) -> tuple[Segments, str | None]:
            items, cursor = next(pages(client, SCHEDULES, _body(card)))
            return read(items), cursor

        return work

    started = dict(zip(cards, at_once(client, [first(card) for card in cards]), strict=True))
    long = [card for card in cards if started[card][1] is not None]
    share = min(len(products) // len(long) - 1, 2 * client.concurrency) if long else 0
    apart = share > 1 and len(products) <= share * MAX_SELECTORS
    found = {card: [segments] for card, (segments, _) in started.items()}
    work: list[Callable[[Event], tuple[str, Segments]]] = []
    for card in long:
        if apart:
            found[card] = []
            work += [_rest(client, card, group, None, read) for group in groups(products, share)]
        else:
            work.append(_rest(client, card, (), started[card][1], read))
    for card, segments in at_once(client, work):
        found[card].append(segments)
    return {card: timelines_of(chain.from_iterable(parts)) for card, parts in found.items()}


def read_products(
    client: Reader, card: str, products: Sequence[str], product_name: Namer, unit_name: Namer
) -> dict[str, str]:
    """The timelines that a card has of some products."""
    read = partial(read_segments, product_name=product_name, unit_name=unit_name)
    parts = [products[at : at + MAX_SELECTORS] for at in range(0, len(products), MAX_SELECTORS)]
    found = at_once(client, [_rest(client, card, part, None, read) for part in parts])
    return timelines_of(chain.from_iterable(segments for _, segments in found))


def _rest(
    client: Reader, card: str, products: Sequence[str], after: str | None, read: Callable[[list[Any]], Segments]
) -> Callable[[Event], tuple[str, Segments]]:
    """Follows one cursor to its end. A page is read while the others are waited for."""

    def work(stop: Event) -> tuple[str, Segments]:
        found = pages(client, SCHEDULES, _body(card, products), after=after, stop=stop)
        return card, [segment for items, _ in found for segment in read(items)]

    return work


def _body(card: str, products: Sequence[str] = ()) -> Mapping[str, Any]:
    body: dict[str, Any] = {"rate_card_id": card, "starting_at": EARLIEST}
    return {**body, "selectors": [{"product_id": id_} for id_ in products]} if products else body
