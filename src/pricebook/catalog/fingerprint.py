"""What a noun says, apart from how it was written.

The canonical spec leaves out whatever equals its default, so an omitted field and one that spells the default are the
same; numbers are normalised, so 1.0 and 1.00 are the same. Its digest is the noun's fingerprint.
"""

from collections.abc import Mapping
from typing import Any

from pricebook.catalog.canonical import decode, digest, encode
from pricebook.catalog.link import KEYED
from pricebook.catalog.model import Model, Noun
from pricebook.catalog.reference import Kind
from pricebook.catalog.registry import noun_class


def spec_of(noun: Model) -> dict[str, Any]:
    """The noun's canonical spec as plain data: only what differs from the defaults, amounts in API units."""
    return noun.model_dump(exclude_defaults=True, exclude_none=True)


def noun_of(kind: Kind, spec: object) -> Noun:
    """The noun of a canonical spec (`spec_of`, or read back from JSON). Raises pydantic's ValidationError."""
    return noun_class(kind).model_validate(tupled(spec))


def tupled(data: object) -> object:
    """Plain data with tuples for lists, as the strict models want it."""
    if isinstance(data, dict):
        return {key: tupled(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return tuple(map(tupled, data))
    return data


def content_text(noun: Noun) -> str:
    """The canonical text by which two nouns are compared.

    The keys of terms are ours and are not sold: they are left out, and a link from one term to another is the position
    of its target instead. The order in which terms are listed says nothing either.
    """
    spec = spec_of(noun)
    return encode(_unkeyed(spec) if noun.kind is Kind.PACKAGE else spec)


def content_digest(noun: Noun) -> str:
    """The digest of `content_text`: the one in a package's uniqueness key and in the mark `pricebook_digest`."""
    return digest(content_text(noun))


def read_spec(text: str) -> object:
    """Plain data from canonical JSON, with tuples for lists."""
    return tupled(decode(text))


TERM_LISTS = (*KEYED, "spend_trackers")
"""The lists of terms of a package; what a term links to comes before it."""

_LINKS = ("subscription", "commits", "recurring_commits", "any_commits_or_credits")


def _unkeyed(spec: dict[str, Any]) -> dict[str, Any]:
    position: dict[tuple[str, str], str] = {}
    result = dict(spec)
    for name in TERM_LISTS:
        if name not in spec:
            continue
        bare = [(encode(_linked({k: v for k, v in term.items() if k != "key"}, position)), term) for term in spec[name]]
        bare.sort(key=lambda pair: pair[0])
        for index, (_, term) in enumerate(bare):
            if "key" in term:
                position[name, term["key"]] = f"#{index}"
        result[name] = [decode(text) for text, _ in bare]
    return result


def _linked(value: Any, position: Mapping[tuple[str, str], str]) -> Any:
    """The value with links by key turned into links by position."""
    if isinstance(value, (list, tuple)):
        return [_linked(item, position) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, item in value.items():
        if key in _LINKS and isinstance(item, (str, list, tuple)):
            result[key] = _positions(key, item, position)
        else:
            result[key] = _linked(item, position)
    return result


def _positions(field: str, item: Any, position: Mapping[tuple[str, str], str]) -> Any:
    lists = {
        "subscription": ("subscriptions",),
        "commits": ("commits",),
        "recurring_commits": ("recurring_commits",),
        "any_commits_or_credits": ("commits", "credits", "recurring_commits", "recurring_credits"),
    }[field]

    def place(key: str) -> str:
        return next((f"{name}{position[name, key]}" for name in lists if (name, key) in position), key)

    return place(item) if isinstance(item, str) else [place(key) if isinstance(key, str) else key for key in item]
