"""Imports stand at the top. One inside a function, or for types alone, is an exception and says why beside it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from parsed import SOURCE, Module, parsed, read

MOST = 82
"""So many inner imports of our own modules there may be. Most are of the model of a package, for types alone: it is
heavy, and a project may have no packages."""


class Inner(NamedTuple):
    """An import that does not stand at the top of its module, and whether a comment says why."""

    place: str
    module: str
    reasoned: bool


def inner_imports(place: Path, module: Module) -> Iterator[Inner]:
    """What a module at a place imports inside of functions and of `if TYPE_CHECKING`. A comment holds for the imports
    that follow one another below it."""
    lines = ["", *module.text.split("\n")]
    reasoned: dict[int, bool] = {}

    def commented(line: int) -> bool:
        return "  # " in lines[line] or lines[line - 1].lstrip().startswith("# ") or reasoned.get(line - 1, False)

    found: dict[int, Inner] = {}
    for node in ast.walk(module.tree):
        types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not types and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for inner in ast.walk(node):
            if name := _module(inner):
                why = commented(inner.lineno) or (types and commented(node.lineno))
                reasoned[inner.end_lineno or inner.lineno] = why
                found[inner.lineno] = Inner(f"{place}:{inner.lineno}", name, why)
    yield from found.values()


def _module(node: ast.AST) -> str:
    """What a node imports, also by a call with its name; empty for any other."""
    match node:
        case ast.ImportFrom(module=module):
            return module or "."
        case ast.Import(names=[first, *_]):
            return first.name
        case ast.Expr(value=ast.Call() as call) | ast.Assign(value=ast.Call() as call) | (ast.Call() as call):
            called = getattr(call.func, "attr", None) or getattr(call.func, "id", "")
            named = call.args[0] if call.args else None
            if called.endswith("import_module") and isinstance(named, ast.Constant):
                return str(named.value)
    return ""


@cache
def found() -> list[Inner]:
    """Those of the whole source."""
    return [inner for path, module in parsed().items() for inner in inner_imports(path.relative_to(SOURCE), module)]


def test_every_inner_import_says_why() -> None:
    assert [inner.place for inner in found() if not inner.reasoned] == []


def test_there_are_few() -> None:
    ours = [inner.place for inner in found() if inner.module.startswith("pricebook")]
    assert len(ours) <= MOST, f"{len(ours)}: import at the top, or give the module a door of its own"


@pytest.mark.parametrize("comment", ["  # brings a driver", ""])
def test_what_is_found(tmp_path: Path, comment: str) -> None:
    file = tmp_path / "module.py"
    file.write_text(f"import os\n\n\ndef f() -> None:\n    if os:\n        from pricebook import span{comment}\n")
    assert list(inner_imports(Path("module.py"), read(file))) == [Inner("module.py:6", "pricebook", bool(comment))]
