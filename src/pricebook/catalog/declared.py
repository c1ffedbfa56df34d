"""What the models declare of their fields, read once for each model: the marks, and the models that fields hold."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args

from pricebook.catalog.model import Model, Monetary
from pricebook.catalog.path import FieldPath, Label
from pricebook.catalog.reference import Kind, Reference
from pricebook.catalog.role import Link, Role


class Declared(NamedTuple):
    """A field: the model that it holds, one or a list of them; whether it is an amount; and its other marks.

    `role` is None where the field has none of its own: then it is what the term that it belongs to is. `refers` and
    `type` are those of its `Reference`.
    """

    model: type[Model] | None = None
    many: bool = False
    money: bool = False
    role: Role | None = None
    refers: Kind | None = None
    type: str = ""
    links: tuple[str, ...] = ()


@cache
def fields_of(model: type[Model]) -> Mapping[str, Declared]:
    """The fields of a model, in their order."""
    return {name: _declared(name, model) for name in model.model_fields}


def lists_of(model: type[Model]) -> dict[str, Declared]:
    """The fields that hold lists of models."""
    return {name: field for name, field in fields_of(model).items() if field.model is not None and field.many}


def keyed_lists(model: type[Model]) -> tuple[str, ...]:
    """The lists of a model whose terms can have a key; what a term links to comes before it."""
    return tuple(name for name, field in lists_of(model).items() if field.model and has_key(field.model))


def has_key(model: type[Model]) -> bool:
    """Whether it is a term that can have a name of ours."""
    return any(field.role is Role.IDENTITY for field in fields_of(model).values())


def granting_lists(model: type[Model]) -> tuple[str, ...]:
    """The lists of a model whose terms give something to spend."""
    return tuple(name for name, field in lists_of(model).items() if field.role is Role.GRANTS)


def links_of(model: type[Model]) -> dict[str, tuple[str, ...]]:
    """The fields that hold keys of other terms of a package, each with the lists in which those stand."""
    return {name: field.links for name, field in fields_of(model).items() if field.links}


def declared_at(model: type[Model], path: FieldPath) -> Declared:
    """What stands at a path: a field as it is declared, or the term of a list, with the role that it has there."""
    found, role = Declared(model=model), Role.PLAIN
    for step in path:
        if isinstance(step, Label):
            found = found._replace(many=False)
            continue
        fields = fields_of(found.model) if found.model is not None else {}
        if step not in fields:  # below a field that holds plain data
            return Declared(role=role)
        found = fields[step]
        role = found.role or role
    return found._replace(role=role)


def role_at(model: type[Model], path: FieldPath) -> Role:
    """The role of what stands at a path."""
    return declared_at(model, path).role or Role.PLAIN


def marks(annotation: Any) -> Iterator[Any]:
    """Everything an annotation is made of: types and the marks of `Annotated`, however deep."""
    yield annotation
    for part in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
        yield from marks(part)


def _declared(name: str, owner: type[Model]) -> Declared:
    info = owner.model_fields[name]
    found = (*info.metadata, *marks(info.annotation))
    model = next((mark for mark in found if isinstance(mark, type) and issubclass(mark, Model)), None)
    many = any(mark is tuple or getattr(mark, "__origin__", None) is tuple for mark in found)
    role = next((mark for mark in found if isinstance(mark, Role)), None)
    kind, type_ = next(((mark.kind, mark.type) for mark in found if isinstance(mark, Reference)), (None, ""))
    links = next((mark.lists for mark in found if isinstance(mark, Link)), ())
    return Declared(
        model=model,
        many=many,
        money=any(isinstance(mark, Monetary) for mark in found),
        role=role,
        refers=kind,
        type=type_,
        links=links,
    )
