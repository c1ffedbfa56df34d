"""A document that is never too long: lines are spent from a budget of bytes, and what does not fit is not begun.

Whoever writes a list first sets aside what it costs to say how much of the list is left out, so a document never ends
without saying so.
"""

from collections.abc import Callable, Iterable, Sequence


class Sheet:
    """Lines within a budget of bytes of UTF-8, line ends included."""

    def __init__(self, budget: int) -> None:
        self.left = budget
        self.lines: list[str] = []

    def add(self, *lines: str) -> bool:
        """Add all of the lines if they fit, else none."""
        cost = size(lines)
        if cost > self.left:
            return False
        self.left -= cost
        self.lines += lines
        return True

    def add_list(
        self,
        head: Sequence[str],
        items: Iterable[Sequence[str]],
        total: int,
        rest: Callable[[int], Sequence[str]],
        *,
        share: int,
        most: int | None = None,
        foot: Sequence[str] = (),
    ) -> int:
        """Add a list within a share of the budget, and return how many of the `total` items are in it.

        The list has at most `most` items; `rest` gives the lines that say how many are not in it. Nothing is added when
        not even its head and that fit.
        """
        before = self.left
        self.left = min(before, share)
        reserved = size(rest(total)) + size(foot)
        if self.left < size(head) + reserved:
            self.left = before
            return 0
        kept = before - self.left + reserved
        self.left -= reserved
        self.add(*head)
        shown = 0
        for item in items:
            if shown == most or not self.add(*item):
                break
            shown += 1
        self.left += kept
        if shown < total:
            self.add(*rest(total - shown))
        self.add(*foot)
        return shown

    @property
    def text(self) -> str:
        """The document."""
        return "\n".join(self.lines) + "\n"


def size(lines: Iterable[str]) -> int:
    """What lines cost."""
    return sum(len(line.encode("utf-8", "surrogatepass")) + 1 for line in lines)
