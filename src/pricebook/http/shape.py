"""What an answer has to look like, as data, and its judgement: whoever reads one knows that its fields are what they
are said to be. What a shape does not name may be anything, and is not read.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

AnswerShape = Callable[[Any], None]
"""Raises Misshapen."""


class Misshapen(ValueError):  # noqa: N818 - a part of an answer is
    """A part of an answer is no such thing as it has to be. `at` is where, innermost last."""

    def __init__(self, wanted: str, found: Any) -> None:
        words = {type(None): "null", dict: "an object", list: "a list", str: "text", bool: str(found).lower()}
        super().__init__(f"is {words.get(type(found), 'a number')}, not {wanted}")
        self.at: list[str | int] = []

    def __str__(self) -> str:
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in reversed(self.at))
        return f"{path.removeprefix('.') or 'it'} {self.args[0]}"


def text(value: Any) -> None:
    """Text that says something."""
    if type(value) is not str or not value:
        raise Misshapen("text that says something" if value == "" else "text", value)


def words(value: Any) -> None:
    """Text, even an empty one."""
    if type(value) is not str:
        raise Misshapen("text", value)


def flag(value: Any) -> None:
    """True or false."""
    if type(value) is not bool:
        raise Misshapen("true or false", value)


def number(value: Any) -> None:
    """A number."""
    if type(value) is not int and type(value) is not Decimal:
        raise Misshapen("a number", value)


def instant(value: Any) -> None:
    """An instant as text."""
    if type(value) is not str or not _is_instant(value):
        raise Misshapen("an instant", value)


@lru_cache(maxsize=1000)
def _is_instant(value: str) -> bool:
    try:
        datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):  # year 1, an hour before
        return False
    return True


def many(item: AnswerShape) -> AnswerShape:
    """A list of such items."""

    def judge(value: Any) -> None:
        if type(value) is not list:
            raise Misshapen("a list", value)
        index = -1
        try:
            for index, each in enumerate(value):  # noqa: B007 - it is where the fault is
                item(each)
        except Misshapen as fault:
            fault.at.append(index)
            raise

    return judge


def table(item: AnswerShape) -> AnswerShape:
    """An object whose every value is such an item, whatever its name."""

    def judge(value: Any) -> None:
        record(dict.fromkeys(value, item) if type(value) is dict else {})(value)

    return judge


def record(needed: Mapping[str, AnswerShape], known: Mapping[str, AnswerShape] | None = None) -> AnswerShape:
    """An object with the fields that are needed; those that are known may be left out or null."""
    musts, mays = tuple(needed.items()), tuple((known or {}).items())

    def judge(value: Any) -> None:
        if type(value) is not dict:
            raise Misshapen("an object", value)
        name = ""
        try:
            for name, shape in musts:
                shape(value.get(name))
            for name, shape in mays:
                if (field := value.get(name)) is not None:
                    shape(field)
        except Misshapen as fault:
            fault.at.append(name)
            raise

    return judge
