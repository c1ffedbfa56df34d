"""Golden files: what a person sees, in `golden/`. `PRICEBOOK_UPDATE_GOLDEN=1 pytest` writes them anew."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compares a text with the golden file of a name."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / (name if "." in name else f"{name}.txt")
        if os.environ.get("PRICEBOOK_UPDATE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        with path.open(encoding="utf-8", newline="") as file:
            assert file.read() == text

    return check
