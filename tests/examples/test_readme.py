"""What the pages show is what happens: their commands are run in order, and their output is compared line by line.

Blocks marked `console` hold commands (`$ ` and the command) with the output that the page shows. All of a page run in
one shell, in a scratch copy. A line `...` stands for any lines, the width of a gap between columns says nothing, and
progress, which a terminal shows as a bar, is left out.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "README.md": ".",
    "examples/starter-plan/README.md": "examples",
    "examples/llm-prices/README.md": "examples",
    "examples/migration/README.md": "examples",
    "docs/planning.md": ".",
    "docs/review.md": ".",
    "docs/site.md": ".",
}
"""Each page with the directory in which its first command starts."""

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRESS = re.compile(r"\[\d+/\d+\] |reading back$")
MARK = "\x1e"


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_do_what_it_shows(page: str, scratch: Path, shell_environment: dict[str, str]) -> None:
    steps = list(commands((ROOT / page).read_text(encoding="utf-8")))
    assert steps
    script = "exec 2>&1\n" + "".join(f"{command}\nprintf '{MARK}%s{MARK}' $?\n" for command, _ in steps)
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=scratch / PAGES[page],
        env=shell_environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=300,
    )
    told = done.stdout.split(MARK)
    for (command, shown), output, status in zip(steps, told[::2], told[1::2], strict=False):
        lines = [line for line in output.splitlines() if not PROGRESS.match(line)]
        assert status == "0", f"$ {command}\nexit status {status}\n{output}"
        assert matches(shown, lines), f"$ {command}\nthe page shows\n{text(shown)}\nbut it says\n{text(lines)}"
    assert len(told) == 2 * len(steps) + 1


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

    Python is run by the tests of what it is about; the picture of the house is drawn by whoever shows the page.
    """
    targets = re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for language, body in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        beside = (("python", "docs/sandbox.md"), ("mermaid", "docs/architecture.md"))
        assert language in ("console", "sh", "yaml", "text") or (language, page) in beside, language
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


def commands(page: str) -> list[tuple[str, list[str]]]:
    """Every command of the page's console blocks with the lines that are shown below it."""
    found: list[tuple[str, list[str]]] = []
    for language, body in BLOCK.findall(page):
        if language != "console":
            continue
        for line in body.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def matches(shown: list[str], said: list[str]) -> bool:
    """Whether the shown lines are what was said; a shown `...` stands for any lines, none included."""
    pattern = "".join("(?:.*\n)*" if line == "..." else re.escape(closed(line)) + "\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{closed(line)}\n" for line in said)) is not None


def closed(line: str) -> str:
    """The line with one space for every gap."""
    return re.sub(" +", " ", line).rstrip()


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def text(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
