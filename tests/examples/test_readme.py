"""What the pages show is what happens: their commands are run in a scratch copy (`typed_page`)."""

import re
from pathlib import Path

import pytest

from typed_page import BLOCK, matches, type_page

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "README.md": ".",
    "examples/starter-plan/README.md": "examples",
    "examples/llm-prices/README.md": "examples",
    "examples/migration/README.md": "examples",
    "docs/quickstart.md": ".",
    "docs/own-list.md": ".",
    "docs/planning.md": ".",
    "docs/review.md": ".",
    "docs/site.md": ".",
}
"""Each page with the directory in which its first command starts."""


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_do_what_it_shows(page: str, scratch: Path, shell_environment: dict[str, str]) -> None:
    type_page(ROOT / page, scratch / PAGES[page], shell_environment, install=False)


@pytest.mark.parametrize("page", sorted({*PAGES, *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))}))
def test_links_lead_somewhere(page: str) -> None:
    source = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", source):
        name, _, anchor = target.partition("#")
        if "://" in name:
            continue
        file = (ROOT / page).parent / name if name else ROOT / page
        assert file.exists(), f"{page}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, f"{page}: {target}"


@pytest.mark.parametrize("page", sorted({*PAGES, *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))}))
def test_every_block_is_of_a_kind_that_is_checked(page: str) -> None:
    """A block of commands outside of `console` would be run by nobody; `make` targets are the exception.

    Python is run by the tests of what it is about.
    """
    targets = re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for language, _, body in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        assert language in ("console", "sh", "yaml", "text") or (language, page) == ("python", "docs/sandbox.md")
        if language == "sh":
            for line in body.splitlines():
                word, target, *_ = line.split()
                assert word == "make"
                assert target in targets


@pytest.mark.parametrize(
    ("shown", "said", "result"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (["a", "..."], ["a", "b", "c"], True),
        (["...", "c"], ["a", "b", "c"], True),
        (["...", "b", "..."], ["a", "b", "c"], True),
        (["...", "b", "c", "...", "c"], ["b", "x", "b", "c", "c"], True),
        (["...", "c", "...", "b"], ["a", "b", "c"], False),
        (["..."], [], True),
        (["  a   b"], ["  a b "], True),
        (["ab"], ["a b"], False),
        ([], [], True),
        ([], ["a"], False),
    ],
)
def test_matching(shown: list[str], said: list[str], result: bool) -> None:
    assert matches(shown, said) is result


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
