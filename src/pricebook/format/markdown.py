"""Markdown that is never too long: lines are spent from a budget of bytes, and what does not fit is not begun.

Whoever writes a list first sets aside what it costs to say how much of the list is left out, so a document never ends
without saying so.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from pricebook.format.markup import code_markdown, escape_markdown
from pricebook.format.page import Page
from pricebook.problem import Problem
from pricebook.view.leftover import LEFT, WAYS_OUT, LeftoverView
from pricebook.view.problems import CheckedView, ProblemsView, ValidityView
from pricebook.view.words import counted

LIMIT = 65_536
"""Characters that GitHub takes for one comment. The budget is in bytes, which are never fewer."""
BUDGET = LIMIT - 36
PROBLEM_HEAD = ("| problem | what is wrong | where |", "|:--------|:--------------|:------|")


class Comment:
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


def problems_markdown(told: CheckedView | ProblemsView | ValidityView, _: Page) -> str:
    """The comment about manifests of which no plan can be made, or the sentence when nothing is wrong with them."""
    view = told if isinstance(told, ProblemsView) else told.problems
    foot = [marker(view.target)] if view.target else []
    comment = Comment(BUDGET - size(foot))
    if view.sentence:
        comment.add(f"### {escape_markdown(view.sentence, 400)}", "")
    elif view.problems:
        comment.add(f"### {'No plan' if view.target else 'Refused'}: {counted(view.total, 'problem')}", "")
    if view.problems:
        comment.add_list(
            PROBLEM_HEAD,
            ([problem_row(problem)] for problem in view.problems),
            len(view.problems),
            lambda n: ("", f"and {n:,} more problems (`pricebook validate` tells them)"),
            share=comment.left,
            foot=("",),
        )
    return comment.text + "".join(f"{line}\n" for line in foot)


def problem_row(problem: Problem, last: str = "") -> str:
    """A row below PROBLEM_HEAD; the `last` cell is its place unless something else is said."""
    parts = [code_markdown(problem.subject), escape_markdown(problem.message, 500), escape_markdown(problem.hint, 300)]
    if problem.more:
        parts.append(f"and {problem.more:,} more like this")
    at = code_markdown(str(problem.at)) if problem.at is not None else ""
    where = escape_markdown(last, 300) if last else at
    return f"| **{problem.severity}** {code_link(problem)} | {' · '.join(filter(None, parts))} | {where} |"


def code_link(problem: Problem) -> str:
    """The code of a problem, which leads to its page."""
    code = code_markdown(problem.code)
    return f"[{code}]({problem.url})" if problem.url else code


def finding_line(finding: Problem) -> str:
    """A finding on a line of its own."""
    words = f"{escape_markdown(finding.message, 400)} ({escape_markdown(finding.hint)})"
    return f"{finding.severity} {code_link(finding)}: {words}"


def marker(target: str) -> str:
    """The hidden line of the comment about a target, `namespace/environment`, that another run of it replaces."""
    return f"<!-- pricebook plan {re.sub(r'[^a-z0-9_./]+|-+', '-', target.lower())[:200]} -->"


def leftover_lines(leftovers: Sequence[LeftoverView]) -> Iterator[str]:
    """What no manifest declares any more, one by one, and the ways out."""
    if leftovers:
        lines = ["**In no manifest any more, and left as they are**", ""]
        for each in leftovers[:LEFT]:
            name = f"**{escape_markdown(each.name, 100)}** ({code_markdown(each.ref, 100)})" if each.name else ""
            lines.append(f"- {name or code_markdown(each.ref, 100)}: {escape_markdown(each.sentence, 300)}")
        lines += [f"- and {len(leftovers) - LEFT:,} more"] if len(leftovers) > LEFT else []
        yield "\n".join([*lines, "", escape_markdown(WAYS_OUT, 400)])
