"""The modules of src/pricebook, each read and parsed once for all tests that look at what is written."""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).resolve().parents[1] / "src" / "pricebook"


class Module(NamedTuple):
    """A module's text, and what it says."""

    text: str
    tree: ast.Module


def read(path: Path) -> Module:
    """One module."""
    text = path.read_text(encoding="utf-8")
    return Module(text, ast.parse(text))


@cache
def parsed() -> dict[Path, Module]:
    """Every module of ours, by its path, in the order of paths."""
    return {path: read(path) for path in sorted(SOURCE.rglob("*.py"))}
