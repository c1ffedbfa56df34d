"""The house form of manifests that people have written: what `edit.dump` would write, where something stands.

The rule it keeps: nothing is added and nothing is left out, for what is said explicitly may be meant so. A value stands
in its short form, an amount of a currency as money, a word as the vendor writes it, an instant as short as can be.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pricebook.catalog.money import parse_money, percent
from pricebook.catalog.violation import Path
from pricebook.manifest.syntax import read_documents


def house_values(raw: Any, house: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    """What stands otherwise than in the house form: the paths below `at`, and what is to stand there. `house` may say
    less than `raw` does, where that is the default."""
    if isinstance(raw, Mapping) and isinstance(house, Mapping):
        for name in raw.keys() & house.keys():
            yield from house_values(raw[name], house[name], (*at, name))
    elif isinstance(raw, tuple) and isinstance(house, (list, tuple)):
        for index, (one, other) in enumerate(zip(raw, house, strict=False)):
            yield from house_values(one, other, (*at, index))
    elif not isinstance(house, (Mapping, list, tuple)) and not isinstance(raw, tuple) and not _is_alike(raw, house):
        yield at, house


def tidied(text: str) -> str:
    """The text without blanks at the ends of lines, ended by one line feed; as it is where that would say something
    else."""
    lines = [line.rstrip(" \t") for line in text.split("\n")]
    tidy = "\n".join(lines).rstrip("\n") + "\n"
    return tidy if tidy == text or _data(tidy) == _data(text) else text


def _data(text: str) -> list[object]:
    return [document.data for document in read_documents("", text)[0]]


def _is_alike(raw: Any, house: Any) -> bool:
    """Whether a value stands in a form of which there are several: thousands apart, a share as a percentage."""
    if raw == house and isinstance(raw, bool) == isinstance(house, bool):
        return True
    if not isinstance(raw, str):
        return False
    if isinstance(house, str):
        return "," in raw and (money := parse_money(raw)) is not None and money == parse_money(house)
    return isinstance(house, (int, Decimal)) and percent(raw) == house
