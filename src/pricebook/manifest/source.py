"""What a project is read from: its root, the files that may hold manifests, and a digest of their bytes.

Reading a file and telling whether it changed go through here. Imports next to nothing, because a plan that has nothing
to say needs no more than this of the manifests (`cli.recall`).
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import BinaryIO

PROJECT_FILE = "pricebook.yaml"
WAIVERS_FILE = "waivers.yaml"
"""Beside the project file: findings that are accepted."""
_SUFFIXES = (".yaml", ".yml")
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP)
_PIECE = 1 << 20


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


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """The bytes of a file, never of a pipe or a device: opening or reading those could wait for ever.

    Raises OSError, or ValueError for a NUL in the name.
    """
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(number).st_mode
    if stat.S_ISREG(mode):
        return open(number, "rb")
    os.close(number)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    raise OSError(0, "it is a pipe or a device, not a file")


def digest_of(root: str, names: Iterable[str], others: Iterable[str]) -> str:
    """A digest of everything that a project is read from: its project file, its waivers, its manifests, and other files
    by their names relative to the root, with where links among those lead. Raises OSError when one cannot be read."""
    found = blake2b(digest_size=16)
    _add(found, os.path.join(root, PROJECT_FILE), PROJECT_FILE)
    waivers = os.path.join(root, WAIVERS_FILE)
    if _is_file(waivers):
        _add(found, waivers, WAIVERS_FILE)
    for path, shown in manifest_files(root, names):
        _add(found, path, shown)
    real = os.path.realpath(root)
    for name in others:
        path = os.path.join(root, name)
        _add(found, path, f"{name}\0{os.path.relpath(os.path.realpath(path), real)}")
    return found.hexdigest()


def _add(found: "blake2b", path: str, name: str) -> None:
    with open_file(path) as stream:
        found.update(f"{len(name)} {os.fstat(stream.fileno()).st_size} {name}".encode("utf-8", "surrogateescape"))
        while piece := stream.read(_PIECE):
            found.update(piece)


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
