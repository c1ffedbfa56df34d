"""What a project is read from: its root, and the files that may hold manifests."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator

PROJECT_FILE = "pricebook.yaml"
WAIVERS_FILE = "waivers.yaml"
"""Beside the project file: findings that are accepted."""
_SUFFIXES = (".yaml", ".yml")
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP)


def find_root(directory: str) -> str | None:
    """The directory itself, or its nearest parent, that has a `pricebook.yaml`. Raises OSError for one that may not be
    looked into."""
    at = os.path.join(os.getcwd(), directory)
    if _is_file(os.path.join(directory, PROJECT_FILE)):
        return directory
    while not _is_file(os.path.join(at, PROJECT_FILE)):
        parent = os.path.dirname(at)
        if parent == at:
            return None
        at = parent
    return at


def manifest_files(root: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every file that may hold manifests, once, with its name relative to the root, in the order of names.

    `names` are files and folders of the root. Raises OSError for a folder that may not be read: what is in it would
    look as if it had been taken out.
    """
    seen: set[str] = set()
    for name in names:
        top = os.path.join(root, name)
        for path in _below(top) if os.path.isdir(top) else (top,):
            shown = os.path.relpath(path, root)
            if shown not in seen and shown not in (PROJECT_FILE, WAIVERS_FILE):
                seen.add(shown)
                yield path, shown


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        return False
    except ValueError:  # a NUL in the name
        return False


def _below(top: str) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(top, onerror=refuse):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for file in sorted(files):
            if file.endswith(_SUFFIXES) and not file.startswith("."):
                yield os.path.join(folder, file)
