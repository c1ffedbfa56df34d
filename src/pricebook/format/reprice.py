"""What `reprice` would write: how many prices, and the first of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from pricebook.catalog.canonical import encode
from pricebook.format.escape import cut, escape_json, escape_terminal, padded, width_of
from pricebook.view.words import counted


class Made(Protocol):
    """What has to be written."""

    @property
    def files(self) -> Mapping[str, tuple[str, str]]:
        """File -> its text now and then."""

    @property
    def prices(self) -> Sequence[tuple[str, str, str]]:
        """Which price, from what to what."""

    @property
    def skipped(self) -> int:
        """Chosen prices that are no amount."""

    def diff(self) -> str:
        """The edits as a unified diff."""


def draw_repricing(made: Made, listed: int, width: int = 100) -> Iterator[str]:
    """The first prices, and the files."""
    if not made.prices:
        yield "No price is chosen: nothing to write."
        return
    files = counted(len(made.files), "file")
    yield f"{counted(len(made.prices), 'price')} in {files}:"
    shown = [(escape_terminal(name), was, now) for name, was, now in made.prices[:listed]]
    column = min(max(width_of(name) for name, _, _ in shown), max(width - 30, 20))
    for name, was, now in shown:
        words = f"{was} -> {now}" if was else "tiers, or a price that begins later"
        yield f"  {padded(cut(name, column), column)}   {words}"
    if len(made.prices) > listed:
        yield f"  and {len(made.prices) - listed:,} more (--dry-run shows every edit)"
    if made.skipped:
        yield f"{counted(made.skipped, 'percentage')} left alone."
    yield from (
        f"  {escape_terminal(file)}{'' if before else ' (new)'}" for file, (before, _) in sorted(made.files.items())
    )


def repricing_json(made: Made, dry_run: bool) -> str:
    """The same as JSON, with the diff."""
    prices = [{"price": name, "observed": was, "desired": now} for name, was, now in made.prices]
    data = {"prices": prices, "skipped": made.skipped, "files": sorted(made.files), "written": not dry_run}
    return escape_json(encode({**data, "diff": made.diff()}))
