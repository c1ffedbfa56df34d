"""What operating systems do differently: the one module with calls, flags and folders that not every one of them has.

`tests/house/test_machine.py` keeps them out of every other module.
"""

import getpass
import os
import stat
import sys
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

_SYSTEM = ("/proc/", "/sys/")
"""Where files say what the machine and its processes hold, environment variables among it."""
_READ = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _READ |= getattr(os, _flag, 0)


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """The bytes of a file, never of a pipe or a device, which could wait for ever, or of what the system says of
    itself, which may be a secret.

    Raises OSError, or ValueError for a NUL in the name.
    """
    if os.path.realpath(path).startswith(_SYSTEM):
        raise OSError(0, "it is a file of the system's, not of a project")
    try:
        number = os.open(path, _READ)
    except PermissionError:
        if os.path.isdir(path):  # which Windows says in this way
            raise IsADirectoryError from None
        raise
    mode = os.fstat(number).st_mode
    if stat.S_ISREG(mode):
        return open(number, "rb")
    os.close(number)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    raise OSError(0, "it is a pipe or a device, not a file")


def shown(path: str | os.PathLike[str], root: str | os.PathLike[str], system: ModuleType = os.path) -> str:
    """The name of a file relative to a folder, with `/` on every system: in problems, in what is written, and wherever
    names are compared. `system` is the `os.path` of another one."""
    found: str = system.relpath(path, root)
    return found.replace(system.sep, "/")


def user() -> str:
    """Who runs this, as far as anybody knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without a user of that id; Windows without USERNAME
        return str(os.getuid()) if hasattr(os, "getuid") else "-"


def cores() -> int:
    """How many of the machine's cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_running(pid: int) -> bool | None:
    """Whether there is a process of that number on this machine; None where nobody can tell."""
    if sys.platform == "win32":
        return None  # os.kill would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def pid_namespace() -> str:
    """The pid namespace of this process: containers that share a file and a host name do not share their pids."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return "-"


def started(pid: int) -> str | None:
    """When the process started, in the kernel's own count; None when there is none, it ended and was not reaped, or the
    system does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it, in parentheses, may hold anything
    return fields[19] if len(fields) > 19 and fields[0] not in "ZX" else None
