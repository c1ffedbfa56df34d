"""Memos: what `plan` said when there was nothing to do, kept so that it need not be found out again.

A memo says on which inputs the answer stands; it is used only when every one of them is the same, byte for byte
(`cli.recall`). It holds digests and what was printed, no prices. It stands in the user's own cache, may be deleted at
any time, and one that is missing, foreign, damaged or of another program is as good as none. Imports next to nothing.
"""

import os
import sys
from hashlib import blake2b
from typing import NamedTuple

import pricebook

SWITCH = "PRICEBOOK_CACHE"
"""The environment variable that says where memos are kept; `off`: nowhere."""
KEPT = 64
"""So many memos are kept, those written last."""
MOST = 1 << 20
"""Bytes of a memo."""
HOLE = "\0"
"""Stands in the text of an answer where the present instant stood."""
_WORDS = ("PRICEBOOK_", "METRONOME_")
"""Beginnings of environment variables that may say something to a command of ours."""


class Memo(NamedTuple):
    """An answer, and on what it stands. Every field is text without line breaks, but for `text`.

    `directory` is where the project was looked for and `root` where it was found; `tops` and `others` are its files
    (`manifest.source`), separated by tabs, and `inputs` their digest; `store` is the store's file, `namespace` what was
    looked at in it, and `head` its head then. `as_of` is the instant of the plan; `asked` is empty unless it was asked
    for by name.
    """

    directory: str
    root: str
    tops: str
    others: str
    inputs: str
    store: str
    namespace: str
    head: str
    as_of: str
    asked: str
    text: str


def folder() -> str | None:
    """Where memos are kept; None when none are wanted, or nobody says where."""
    place = os.environ.get(SWITCH, "")
    if place.lower() in ("off", "0", "no", "false"):
        return None
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):
        home = os.path.expanduser("~")
        cache = os.path.join(home, ".cache") if os.path.isabs(home) else ""
    return place or (os.path.join(cache, "pricebook") if cache else None)


def name_of(words: list[str], width: int, colour: bool) -> str:
    """The name of the memo of a command line as it would be answered here: the same words in the same directory, by
    the same program, on the same screen. Raises OSError."""
    said = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith(_WORDS))
    parts = [_program(), sys.version, os.getcwd(), str(width), str(colour), str(len(said)), *said, *words]
    return blake2b("\0".join(parts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def read(place: str, name: str) -> Memo | None:
    """The memo of that name; None when there is none that can be trusted. Raises OSError or ValueError."""
    number = os.open(os.path.join(place, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(number, "rb") as stream:
        found = os.fstat(number)
        if found.st_uid != os.geteuid() or found.st_mode & 0o022 or found.st_size > MOST:
            return None
        data = stream.read()
    stamp, _, body = data.partition(b"\n")
    if stamp != _stamp(body):
        return None
    return Memo(*body.decode("utf-8", "surrogateescape").split("\n", len(Memo._fields) - 1))


def write(place: str, name: str, memo: Memo) -> None:
    """Keep a memo, whole or not at all, and let go of the oldest ones. Raises OSError, or ValueError for an answer that
    cannot be kept."""
    if any("\n" in field for field in memo[:-1]):
        raise ValueError("a line break in a name")
    body = "\n".join(memo).encode("utf-8", "surrogateescape")
    if len(body) > MOST // 2:
        raise ValueError("the answer is too long")
    os.makedirs(place, 0o700, exist_ok=True)
    path = os.path.join(place, name)
    part = f"{path}.{os.getpid()}"
    number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(number, "wb") as stream:
            stream.write(_stamp(body) + b"\n" + body)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
    _let_go(place)


def _let_go(place: str) -> None:
    """Delete all but the memos written last, and what a killed writer left."""
    with os.scandir(place) as entries:
        ages = sorted((entry.stat(follow_symlinks=False).st_mtime_ns, entry.path) for entry in entries)
    for _, path in ages[:-KEPT]:
        os.unlink(path)


def _stamp(body: bytes) -> bytes:
    """The first line: by it a memo is known that was cut off or changed."""
    return b"pricebook " + blake2b(body, digest_size=16).hexdigest().encode()


def _program() -> str:
    """Which program this is: its version and its modules, so that a memo does not outlive a change of either."""
    found = [pricebook.__version__]
    folders = list(pricebook.__path__)
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    known = entry.stat()
                    found.append(f"{entry.path} {known.st_size} {known.st_mtime_ns}")
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    folders.append(entry.path)
    return "\n".join(sorted(found))
