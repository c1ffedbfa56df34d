"""Reading lists to their end, many at once: pages of a hundred, one cursor after another within a list; of contracts
as many as the vendor gives at once.

A cursor is followed by one worker; there are as many workers as requests may be under way.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Any, Protocol, TypeVar

from pricebook.apply.ports import StoreError
from pricebook.catalog.reference import Kind
from pricebook.metronome.answer import IN_BODY
from pricebook.metronome.kind import APIS

PAGE = 100
"""The most that the vendor puts on a page."""

AHEAD = 4
"""How many reads for each worker are under way or done before somebody takes them."""

T = TypeVar("T")


class Reader(Protocol):
    """Whoever answers requests that change nothing: an account, or the record of one."""

    @property
    def concurrency(self) -> int:
        """How many requests may be under way at once."""

    @property
    def probe(self) -> str:
        """The id of the customer through whom is read what no list of the account has; empty: it is not read."""

    def read(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """The answer. Raises StoreRefused or StoreError."""


def pages(
    client: Reader,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    method: str = "POST",
    query: Mapping[str, str] | None = None,
    after: str | None = None,
    stop: Event | None = None,
) -> Iterator[tuple[list[Any], str | None]]:
    """The pages of a list with the cursor of the next one, from the first or from `after` a cursor, to the end."""
    seen: set[str] = set()
    cursor = after
    while True:
        if (name := IN_BODY.get(path)) is not None:
            further = {name: cursor} if cursor is not None else {}
            answer = client.read(method, path, {**(body or {}), **further})
            items, cursor = answer["data"], answer.get(name)
        else:
            further = {"next_page": cursor} if cursor is not None else {}
            answer = client.read(method, path, body, {"limit": str(PAGE), **(query or {}), **further})
            items, cursor = answer["data"], answer.get("next_page")
            if len(items) >= PAGE and "next_page" not in answer:
                raise StoreError(f"the list of {path} is cut off: a full page does not say whether another one follows")
        yield items, cursor
        if cursor is None or (stop is not None and stop.is_set()):
            return
        if cursor in seen:
            raise StoreError(f"the list of {path} does not end: a cursor came twice")
        seen.add(cursor)


def listed(client: Reader, kind: Kind, stop: Event | None = None) -> list[Any]:
    """All objects of a kind, as the account lists them; none of what is listed by customer, where no one is known."""
    method, path, body, query, customer, part = APIS[kind].listed
    if customer and not client.probe:
        return []
    asked = {**(body or {}), "customer_id": client.probe} if customer else body
    found = [item for items, _ in pages(client, path, asked, method=method, query=query, stop=stop) for item in items]
    if kind is Kind.CUSTOM_FIELD_KEY:  # an account has no id for one
        return [{"id": f"{item['entity']}/{item['key']}", **item} for item in found]
    # One that is archived says since when by its last change.
    return [_dated(item[part]) for item in found] if part else found


def _dated(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**item, "archived_at": item["updated_at"]} if item.get("status") == "archived" else item


def at_once(client: Reader, work: Sequence[Callable[[Event], T]]) -> list[T]:
    """The results of many reads, done by as many workers as requests may be under way. The first error is raised."""
    if len(work) <= 1:
        return [one(Event()) for one in work]
    stop = Event()
    with ThreadPoolExecutor(max_workers=min(client.concurrency, len(work))) as workers:
        futures = [workers.submit(one, stop) for one in work]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done():
                    future.result()
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            workers.shutdown(wait=False, cancel_futures=True)
            raise


def in_turn(client: Reader, work: Iterable[Callable[[Event], T]]) -> Iterator[T]:
    """The results of many reads in their order, done as by `at_once`; few of them are held. The first error is
    raised."""
    stop, waiting = Event(), deque[Future[T]]()
    with ThreadPoolExecutor(max_workers=client.concurrency) as workers:
        try:
            for one in work:
                waiting.append(workers.submit(one, stop))
                if len(waiting) >= AHEAD * client.concurrency:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BaseException:
            stop.set()
            workers.shutdown(wait=False, cancel_futures=True)
            raise


def groups(items: Iterable[T], count: int) -> list[list[T]]:
    """The items dealt out into at most `count` groups of nearly the same size."""
    found: list[list[T]] = [[] for _ in range(count)]
    for index, item in enumerate(items):
        found[index % count].append(item)
    return [group for group in found if group]
