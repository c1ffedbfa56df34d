"""Writing files of a project: all of them or none, and only what a check accepts stays.

Every text is written beside its file first, and takes its place by a rename, so no file is ever half written, whatever
ends the process. What the check refuses is taken back.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff
from io import StringIO
from pathlib import Path
from shutil import copymode

_END = "\n"
_UNENDED = "\n\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file, relative to the project's root: its text as it is (None: there is none), and what it is to be."""

    file: str
    before: str | None
    after: str

    def diff(self) -> str:
        """The unified diff, with the ends of lines as they are."""
        was = "/dev/null" if self.before is None else f"a/{self.file}"
        before, after = (list(StringIO(text or "", newline="\n")) for text in (self.before, self.after))
        lines = unified_diff(before, after, was, f"b/{self.file}")
        return "".join(f"{line}{'' if line.endswith(_END) else _UNENDED}" for line in lines)

    def diff_lines(self) -> list[str]:
        """The lines of the diff, without their ends."""
        return [line.removesuffix("\r") for line in self.diff().split("\n")[:-1]]


def write_all(root: Path, changes: Sequence[FileChange], check: Callable[[], None]) -> None:
    """Write the files in this order, then check; whatever goes wrong, they are as they were, and it is raised. A file
    keeps its mode, and a link leads where it led."""
    ready: list[tuple[Path, Path]] = []
    made: list[Path] = []
    try:
        for change in changes:
            path = (root / change.file).resolve()
            made += _folders(path.parent)
            beside = path.with_name(f".{path.name}.new")
            ready.append((beside, path))
            beside.write_bytes(change.after.encode("utf-8"))
            if change.before is not None:
                copymode(path, beside)
        for beside, path in ready:
            os.replace(beside, path)
        check()
    except BaseException:
        for beside, _ in ready:
            beside.unlink(missing_ok=True)
        _restore(root, changes)
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise


def _folders(folder: Path) -> list[Path]:
    """Make a folder, with those above it; the new ones, the outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _restore(root: Path, changes: Iterable[FileChange]) -> None:
    for change in changes:
        path = root / change.file
        if change.before is None:
            path.unlink(missing_ok=True)
        elif path.read_bytes() != (before := change.before.encode("utf-8")):
            path.write_bytes(before)
