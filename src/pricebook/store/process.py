"""Whether the process behind a lease is still there. Only for processes of this host; of others nothing is known.

An owner is `user@host:pid:nonce`. A pid can be given to a new process, so a lease also keeps the process's birth: its
pid namespace and the moment it started, where the system tells (Linux).
"""

from typing import NamedTuple

from pricebook.machine import is_running, pid_namespace, started


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
    begun = started(found.pid) if found is not None else None
    return f"{pid_namespace()} {begun}" if begun else None


def is_gone(holder: str, holder_birth: str | None, owner: str) -> bool:
    """Whether the holder was a process of the owner's host that has ended; False when that cannot be told."""
    found, ours = read_owner(holder), read_owner(owner)
    if found is None or ours is None or found.host != ours.host:
        return False
    if holder_birth is not None:
        namespace, _, begun = holder_birth.rpartition(" ")
        return namespace == pid_namespace() and begun != started(found.pid)
    return is_running(found.pid) is False
