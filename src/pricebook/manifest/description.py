"""What the models' attribute docstrings say, read from their source when a schema is made.

pydantic can keep them itself (`use_attribute_docstrings`), but then parses the source of every model at every start, a
fifth of the time of a small plan.
"""

import ast
import inspect
from functools import cache
from importlib import import_module

from pydantic import BaseModel


def field_descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Field -> its docstring, of the model and of those it inherits from."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _of_module(base.__module__).get(base.__qualname__, {})
    return {field: text for field, text in found.items() if field in model.model_fields}


@cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    """Class -> field -> docstring, of a module's own classes."""
    tree = ast.parse(inspect.getsource(import_module(name)))
    return {node.name: dict(_docstrings(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _docstrings(node: ast.ClassDef) -> list[tuple[str, str]]:
    found = []
    for field, text in zip(node.body, node.body[1:], strict=False):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                found.append((name, inspect.cleandoc(words)))
    return found
