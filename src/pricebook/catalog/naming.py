"""Our names for what an account calls by ids: read from what it is called there, as a person would shorten it.

The rule it keeps: the same objects get the same names, in whatever order they come, and no two of a kind the same one.
Of two that want one name the older has it, and the next is the second: `pro`, `pro-2`.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import NamedTuple

MOST = 60
"""Characters of a name: what a package's may have (`manifest.envelope`), and enough for the others."""

_SPELLED = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i",
        "€": " eur ", "£": " gbp ", "¥": " jpy ", "&": " and ", "%": " percent ", "@": " at ",
        "'": "", "\u2019": "", "$": "", "µ": "u",
    }
)  # fmt: skip
"""Letters that have no accent to lose, and signs that are words."""
_PLUS = re.compile(r"(?<=[a-z0-9)])\+(?![a-z0-9])")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_DOT = "\ue000"
"""Stands for a dot that stays."""
_OTHER = re.compile(f"[^a-z0-9_{_DOT}]+")


class Unnamed(NamedTuple):
    """An object that needs a name: its id, what it is called, since when it is there, and a name for want of one."""

    id: str
    text: str
    since: str
    otherwise: str


def name_of(text: str, most: int = MOST) -> str:
    """The text in the letters of names: lower case, accents lost, a hyphen for the rest. Empty when nothing is left."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_SPELLED))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    plain = _BETWEEN_DIGITS.sub(_DOT, _PLUS.sub(" plus ", plain))
    words = _OTHER.sub("-", plain).strip("-_" + _DOT).replace(_DOT, ".")
    return shortened(words, most)


def shortened(name: str, most: int) -> str:
    """The name within a length, cut between words where that leaves half of it."""
    if len(name) <= most:
        return name
    cut = name[: most + 1].rfind("-")
    return name[: cut if cut > most // 2 else most].strip("-_.")


def names_for(wanted: Iterable[Unnamed], taken: Collection[str] = (), most: int = MOST) -> dict[str, str]:
    """Id -> name of objects of one kind; `taken` names are somebody's already."""
    used = set(taken)
    found: dict[str, str] = {}
    for each in sorted(wanted, key=lambda each: (each.since, each.id)):
        stem = name_of(each.text, most) or each.otherwise
        name, number = stem, 1
        while name in used:
            number += 1
            name = f"{shortened(stem, most - len(str(number)) - 1)}-{number}"
        used.add(name)
        found[each.id] = name
    return found
