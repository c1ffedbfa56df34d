"""What a noun says, apart from how it was written.

The canonical spec leaves out whatever equals its default, so an omitted field and one that spells the default are the
same; numbers are normalised, so 1.0 and 1.00 are the same. Its digest is the noun's fingerprint.
"""

from collections.abc import Mapping
from typing import Any

from pricebook.catalog.canonical import decode, digest, encode
from pricebook.catalog.declared import fields_of, has_key, lists_of
from pricebook.catalog.model import Model, Noun, noun_class
from pricebook.catalog.reference import Kind
from pricebook.catalog.role import Role
from pricebook.catalog.term import Relative


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

    The keys of terms are ours and are not sold, and so is what is said to readers alone: they are left out, and a link
    from one term to another is the position of its target instead. The order in which terms are listed says nothing
    either.
    """
    ours = {name for name, field in fields_of(type(noun)).items() if field.role is Role.OURS}
    spec = {name: value for name, value in spec_of(noun).items() if name not in ours}
    return encode(_unkeyed(noun, spec) if noun.kind is Kind.PACKAGE else spec)


def content_digest(noun: Noun) -> str:
    """The digest of `content_text`: the one in a package's uniqueness key and in the mark `pricebook_digest`."""
    return digest(content_text(noun))


def read_spec(text: str) -> object:
    """Plain data from canonical JSON, with tuples for lists."""
    return tupled(decode(text))


def _unkeyed(noun: Noun, spec: dict[str, Any]) -> dict[str, Any]:
    position: dict[tuple[str, str], str] = {}
    result = dict(spec)
    for name, field in lists_of(type(noun)).items():
        model = field.model
        if model is None or not issubclass(model, Relative) or name not in spec:
            continue
        named = has_key(model)
        bare = []
        for term in spec[name]:
            sold = {key: value for key, value in term.items() if not named or key != "key"}
            bare.append((encode(_linked(model, sold, position)), term))
        bare.sort(key=lambda pair: pair[0])
        for index, (_, term) in enumerate(bare):
            if named and "key" in term:
                position[name, term["key"]] = f"{name}#{index}"
        result[name] = [decode(text) for text, _ in bare]
    return result


def _linked(model: type[Model], data: Mapping[str, Any], position: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """The data of a model with links by key turned into links by position."""
    result = {}
    for name, value in data.items():
        field = fields_of(model)[name]
        if field.links:
            result[name] = _positions(field.links, value, position)
        elif field.model is not None and isinstance(value, Mapping):
            result[name] = _linked(field.model, value, position)
        elif field.model is not None:
            result[name] = [_linked(field.model, item, position) for item in value]
        else:
            result[name] = value
    return result


def _positions(lists: tuple[str, ...], value: Any, position: Mapping[tuple[str, str], str]) -> Any:
    if not isinstance(value, str):
        return [_positions(lists, key, position) for key in value]
    return next((position[name, value] for name in lists if (name, value) in position), value)
