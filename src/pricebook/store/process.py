"""Whether the process behind a lease is still there. Only for processes of this host; of others nothing is known.

An owner is `user@host:pid:nonce`. A pid can be given to a new process, so a lease also keeps the process's birth: its
pid namespace and the moment it started, where the system tells (Linux).
"""

import os
from pathlib import Path
from typing import NamedTuple


class Owner(NamedTuple):
    """The parts of an owner that say which process it is."""

    host: str
    pid: int


def read_owner(text: str) -> Owner | None:
    """The reverse of `user@host:pid:nonce`; None for any other text."""
    head, _, rest = text.partition(":")
    pid, _, _ = rest.partition(":")
    _, at, host = head.rpartition("@")
    return Owner(host, int(pid)) if at and host and pid.isdecimal() else None


def birth(owner: str) -> str | None:
    """Which process the owner is now, for good; None where the system does not say."""
    found = read_owner(owner)
    started = _started(found.pid) if found is not None else None
    return f"{_namespace()} {started}" if started else None


def is_gone(holder: str, holder_birth: str | None, owner: str) -> bool:
    """Whether the holder was a process of the owner's host that has ended; False when that cannot be told."""
    found, ours = read_owner(holder), read_owner(owner)
    if found is None or ours is None or found.host != ours.host:
        return False
    if holder_birth is not None:
        namespace, _, started = holder_birth.rpartition(" ")
        return namespace == _namespace() and started != _started(found.pid)
    try:
        os.kill(found.pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _namespace() -> str:
    """The pid namespace of this process: containers that share a file and a host name do not share their pids."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return "-"


def _started(pid: int) -> str | None:
    """When the process started, in the kernel's own count; None when there is none, or it ended and was not reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it, in parentheses, may hold anything
    return fields[19] if len(fields) > 19 and fields[0] not in "ZX" else None
