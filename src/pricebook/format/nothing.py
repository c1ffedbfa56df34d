"""A plan with nothing to do, the commonest answer: it is drawn without anything that draws changes."""

from collections.abc import Iterator, Mapping, Sequence

from pricebook.format.escape import cut, escape_terminal
from pricebook.format.page import Paint, wrapped
from pricebook.view.words import counted

NAMED = 5
"""Leftovers that are named; all are counted."""


def draw_adopted(adopted: Mapping[str, str], width: int, paint: Paint) -> Iterator[str]:
    """What no step is there for: the account cannot mark a package."""
    if adopted:
        named = ", ".join(
            cut(f"{escape_terminal(ref)} is {escape_terminal(id_)}", 110) for ref, id_ in [*adopted.items()][:NAMED]
        )
        more = f" and {len(adopted) - NAMED:,} more" if len(adopted) > NAMED else ""
        text = f"By metadata.adopt alone, as packages bear no marks: {named}{more}."
        yield from (paint("dim", line) for line in wrapped(text, width))


def draw_notes(leftovers: Sequence[str], unmanaged: Mapping[str, int], width: int, paint: Paint) -> Iterator[str]:
    """What is left alone: objects of ours that no manifest declares, and objects of other owners by kind."""
    if leftovers:
        count = len(leftovers)
        named = ", ".join(cut(escape_terminal(ref), 60) for ref in leftovers[:NAMED])
        more = f" and {count - NAMED:,} more" if count > NAMED else ""
        text = f"Left alone: {counted(count, 'object')} of ours in no manifest: {named}{more} (--prune archives)."
        yield from (paint("dim", line) for line in wrapped(text, width))
    if unmanaged:
        kinds = ", ".join(counted(n, escape_terminal(kind).replace("-", " ")) for kind, n in unmanaged.items())
        yield from (paint("dim", line) for line in wrapped(f"Not ours and untouched: {kinds}.", width))
