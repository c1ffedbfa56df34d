"""The project's home and version, which one file sets (src/pricebook/__init__.py) and some others have to spell out.

`make names REPOSITORY=https://github.com/OWNER/PROJECT SITE=https://… VERSION=1.2.3`; what is left out stays as it is.
"""

import subprocess
import sys
from pathlib import Path

from pricebook import REPOSITORY, SITE, __version__

ROOT = Path(__file__).resolve().parents[1]


def named(repository: str) -> str:
    """`OWNER/PROJECT` of a repository, as workflows and images name it."""
    return "/".join(repository.rsplit("/", 2)[1:])


def main(repository: str, site: str, version: str) -> None:
    """Replace what is said now by what is to be said, in every file that git knows."""
    pairs = [
        (REPOSITORY, repository or REPOSITORY),
        (f"{named(REPOSITORY)}/", f"{named(repository or REPOSITORY)}/"),
        (f"{named(REPOSITORY)}:", f"{named(repository or REPOSITORY)}:"),
        (SITE, site or SITE),
        (f"@v{__version__}", f"@v{version or __version__}"),
        (f"rev: v{__version__}", f"rev: v{version or __version__}"),
        (f"@{__version__}", f"@{version or __version__}"),
        (f"/pricebook:{__version__}", f"/pricebook:{version or __version__}"),
        (f"]=={__version__}", f"]=={version or __version__}"),
        (f'__version__ = "{__version__}"', f'__version__ = "{version or __version__}"'),
    ]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for path in map(ROOT.joinpath, tracked.splitlines()):
        if path.suffix in (".png", ".sql", ".csv") or path.name == "CHANGELOG.md":
            continue
        before = text = path.read_text(encoding="utf-8")
        for old, new in pairs:
            text = text.replace(old, new)
        if text != before:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
