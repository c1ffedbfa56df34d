"""Recalling an answer: `plan` again, with nothing changed since it said that there is nothing to do.

The rule it keeps: what is printed is what the whole command would print. Every input of the answer is looked at again
(the command line, the program, each file of the project, all that a plan reads of the store), and on the least
difference or doubt there is no answer here and the command goes its whole way. It costs a tenth of that, most of which
is Python's own start, because nothing is parsed and hardly anything imported: no click, no models, no YAML.
"""

import os
import sqlite3

from pricebook import wiring
from pricebook.cli import memo, screen
from pricebook.manifest.source import digest_of, find_root
from pricebook.store.head import read_head

HOUR = len("2026-01-01T00")


def recall(words: list[str]) -> str | None:
    """What the command line prints, known from the last time; None when that has to be found out."""
    try:
        place = memo.folder()
        if place is None:
            return None
        known = memo.read(place, memo.name_of(words, screen.width(), screen.colour()))
        return _holds(known) if known is not None else None
    except (OSError, ValueError, TypeError, sqlite3.Error):
        return None


def _holds(known: memo.Memo) -> str | None:
    """The text of a memo whose every input is the same still."""
    if find_root(known.directory) != known.root:
        return None
    others = known.others.split("\t") if known.others else ()
    if digest_of(known.root, known.tops.split("\t"), others) != known.inputs:
        return None
    if not known.head or read_head(os.path.abspath(known.store), known.namespace) != known.head:
        return None
    if known.asked:
        return known.text
    present = wiring.now()
    moment = present.isoformat()
    # Prices, aliases, waivers and freezes begin and end on full hours: within one, time changes nothing.
    if not present.microsecond or moment < known.as_of or moment[:HOUR] != known.as_of[:HOUR]:
        return None
    return known.text.replace(memo.HOLE, moment)
