"""The path of a field as people write and read it, and the node of plain data that it leads to.

It is the path that a plan shows (`catalog.path`). A rate is named by all that tells it from others, as in
`rates[input-tokens, MONTHLY, model=large].price`; a table by its file, a price of a schedule by the instant at which it
begins. In brackets stands also a key that is not a word.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from pricebook.catalog.path import FieldPath, Label, labels, name_of, path_text, subjects_of, terms_of
from pricebook.catalog.path import read_path as parsed
from pricebook.catalog.violation import Path
from pricebook.problem import did_you_mean, quote

_OWN = {"rates_from": "table", "schedule": "starting_at"}
"""Lists that stand in manifests only, and what tells their entries apart."""


class Nowhere(Exception):  # noqa: N818 - where it leads
    """A path that leads to nothing: what is wrong with it, and the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def read_path(text: str) -> FieldPath:
    """The parts of a path. Raises Nowhere for a text that is none."""
    path = parsed(text)
    if path is None:
        hint = "as a plan shows it: duration.value, commits[annual].priority, rates[tokens, model=large].price"
        raise Nowhere(f"{quote(text)} is no path of a field", hint)
    if path[0] == "spec":
        raise Nowhere(f"{quote(text)} begins above the spec", f"write {quote(text.removeprefix('spec').lstrip('.'))}")
    return path


class Finder:
    """Looks paths up in the spec of one noun. Lists may be long, so the names in each are listed once."""

    def __init__(self, spec: object) -> None:
        self._spec = spec
        self._names: dict[Path, dict[str, list[int]]] = {}

    def find(self, path: FieldPath) -> Path:
        """The node that the path leads to. Its last part may be a field that is not there yet: that will be added.

        Raises Nowhere.
        """
        found: list[str | int] = []
        data = self._spec
        for index, part in enumerate(path):
            if isinstance(part, Label) and isinstance(data, tuple):
                position = self._entry(tuple(found), data, part.text)
                found.append(position)
                data = data[position]
                continue
            name = part.text if isinstance(part, Label) else part
            if not isinstance(data, Mapping):
                where = path_text(path[:index]) or "the spec"
                what = "a list" if isinstance(data, tuple) else "no mapping"
                hint = f"name the entry: {where}[KEY].{name}" if isinstance(data, tuple) else "set the whole of it"
                raise Nowhere(f"{where} is {what}, and has no field {quote(name)}", hint)
            if name not in data and index + 1 < len(path):
                hint = self._in_table((name,)) or did_you_mean(name, data) or "give it as a whole, in one patch"
                raise Nowhere(f"{path_text(path[: index + 1])} is not there in the manifest", hint)
            found.append(name)
            data = data.get(name)
        return tuple(found)

    def _entry(self, at: Path, entries: tuple[object, ...], label: str) -> int:
        if at not in self._names:
            names: dict[str, list[int]] = {}
            for index, called in enumerate(_names(at, entries)):
                for name in called:
                    names.setdefault(name, []).append(index)
            self._names[at] = names
        known = self._names[at]
        named = known.get(_rate_name(label) if at == ("rates",) else label, [])
        if not named and label.isdecimal() and 0 < int(label) <= len(entries):
            return int(label) - 1
        where = path_text(at)
        if not named:
            listed = f"there: {', '.join(list(known)[:8])}" if known else f"by position: 1 to {len(entries)}"
            hint = did_you_mean(label, known) or self._in_table(at) or listed
            raise Nowhere(f"{where} has no entry {quote(label)}", hint)
        if len(named) > 1:
            positions = ", ".join(str(index + 1) for index in named[:10])
            raise Nowhere(
                f"{quote(label)} may be {len(named)} entries of {where}", f"name one by position: {positions}"
            )
        return named[0]

    def _in_table(self, at: Path) -> str:
        """The way out where rates were looked for and stand in a table."""
        tables = self._spec.get("rates_from") if isinstance(self._spec, Mapping) else None
        if at != ("rates",) or not isinstance(tables, tuple):
            return ""
        names = [
            entry["table"] for entry in tables if isinstance(entry, Mapping) and isinstance(entry.get("table"), str)
        ]
        return (
            f"prices of a table are not patched one by one: name another table, rates_from[{names[0]}].table"
            if names
            else ""
        )


def _names(at: Path, entries: Sequence[object]) -> Iterator[dict[str, None]]:
    """What each entry of a list may be called: as a plan names it; without a key, also by anything it is about."""
    own, entries = _OWN.get(str(at[-1])), terms_of(at[-1], entries)
    for entry, label in zip(entries, labels(entries), strict=True):
        if at == ("rates",):
            yield dict.fromkeys(_rate_names(entry))
        elif own is not None:
            value = entry.get(own) if isinstance(entry, Mapping) else None
            yield {value: None} if isinstance(value, str) else {}
        elif isinstance(entry, Mapping):
            subjects = () if entry.get("key") else subjects_of(entry)
            yield dict.fromkeys((*((label.text,) if name_of(entry) else ()), *subjects))
        else:
            yield {}


def _rate_names(entry: object) -> Iterator[str]:
    if isinstance(entry, Mapping) and isinstance(entry.get("product"), str):
        frequency, values = entry.get("billing_frequency"), entry.get("pricing_group_values")
        more = [frequency.upper()] if isinstance(frequency, str) else []
        more += [f"{name}={value}" for name, value in values.items()] if isinstance(values, Mapping) else []
        yield ", ".join((str(entry["product"]), *sorted(more)))


def _rate_name(label: str) -> str:
    """The same of a label, whose parts are separated by commas, or by dots in the middle as a plan shows them."""
    product, *more = (part.strip() for part in re.split(r"[,·]", label))
    return ", ".join((product, *sorted(part if "=" in part else part.upper() for part in more)))


def put(data: object, path: Path, value: object) -> object:
    """A copy of the data with the value at a node that `Finder.find` gave; nothing of `data` itself changes."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(data, tuple) and isinstance(head, int):
        return (*data[:head], put(data[head], rest, value), *data[head + 1 :])
    fields = dict(data) if isinstance(data, Mapping) else {}
    fields[head] = put(fields.get(head), rest, value)
    return fields


def value_at(data: object, path: Path) -> tuple[bool, object]:
    """Whether there is something at a node that `Finder.find` gave, and what."""
    for part in path:
        if isinstance(data, Mapping):
            if part not in data:
                return False, None
            data = data[part]
        elif isinstance(data, tuple) and isinstance(part, int):
            data = data[part]
        else:
            return False, None
    return True, data


def taken_out(data: object, path: Path) -> object:
    """A copy of the data without a field of a mapping; the same when it is not there."""
    there, _ = value_at(data, path)
    if not there or not isinstance(path[-1], str):
        return data
    _, parent = value_at(data, path[:-1])
    assert isinstance(parent, Mapping)
    return put(data, path[:-1], {name: value for name, value in parent.items() if name != path[-1]})
