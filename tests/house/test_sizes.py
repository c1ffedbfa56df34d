"""No module is too long to be one idea."""

from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "pricebook"
LONGEST = 350
"""Lines."""


def test_no_module_is_too_long() -> None:
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in SOURCE.rglob("*.py")}
    assert {str(path.relative_to(SOURCE)): n for path, n in lengths.items() if n > LONGEST} == {}
