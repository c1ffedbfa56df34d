"""A call with many values says which is which: seven or more are passed by name."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "pricebook"
MANY = 7
VARIADIC = {"git", "refusing", "run"}
"""They take any number of alike values: words of a command, kinds of errors, parameters of SQL."""


def positional(text: str) -> list[str]:
    """The calls of a module that pass many values by position; what is unpacked counts as one."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and len(node.args) >= MANY]
    names = [node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func) for node in calls]
    return [f"{node.lineno}: {name}" for node, name in zip(calls, names, strict=True) if name not in VARIADIC]


def test_many_values_are_passed_by_name() -> None:
    found = {
        str(path.relative_to(SOURCE)): positional(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")
    }
    assert {path: calls for path, calls in found.items() if calls} == {}


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("f(1, 2, 3, 4, 5, 6, 7)", ["1: f"]),
        ("a.b(1, 2, 3, 4, 5, 6, *more)", ["1: b"]),
        ("f(1, 2, 3, 4, 5, 6, g=7)", []),
        ("self.run(sql, 1, 2, 3, 4, 5, 6)", []),
    ],
)
def test_what_is_found(text: str, calls: list[str]) -> None:
    assert positional(text) == calls
