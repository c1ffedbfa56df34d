"""What a release says of itself: the tag is the version, and the changelog has a section for it, which are the notes.

`python tools/release.py v1.2.3` prints the notes, or fails with the reason. It needs nothing but Python.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class NoRelease(Exception):  # noqa: N818 - a reason, not a fault of the program
    """Why this cannot be released."""


def notes(tag: str, init: str, changelog: str) -> str:
    """The section of the changelog for a tag. `init` is the text of `pricebook/__init__.py`.

    Raises NoRelease when the tag is not the version, or the changelog has nothing dated to say of it.
    """
    (version,) = re.findall(r'^__version__ = "([^"]+)"$', init, re.MULTILINE)
    if tag != f"v{version}":
        raise NoRelease(f"the tag is {tag}, and the version v{version}")
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)
    for section in sections[1:]:
        heading, _, body = section.partition("\n")
        if heading.startswith(f"[{version}]"):
            if not re.fullmatch(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d", heading.strip()):
                raise NoRelease(f"the changelog's section of {version} has no date: ## [{version}] - 2026-01-31")
            if body.strip():
                return body.strip() + "\n"
    raise NoRelease(f"the changelog says nothing about {version}")


def main(tag: str) -> None:
    """Print the notes."""
    init = (ROOT / "src" / "pricebook" / "__init__.py").read_text(encoding="utf-8")
    try:
        print(notes(tag, init, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")), end="")
    except NoRelease as reason:
        sys.exit(f"no release: {reason}")


if __name__ == "__main__":
    main(sys.argv[1])
