"""The page about company rules lists every name that they can use, with its type."""

from pathlib import Path

from pricebook.policy.view import FIELDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")


def test_every_name_is_on_the_page() -> None:
    for each, fields in FIELDS.items():
        for name, (kind, words) in fields.items():
            assert f"| {each} | `{name}` | {kind} | {words} |" in PAGE
