"""What holds for every test: no network beyond this machine, a cache of its own, and property tests that do not depend
on the machine's speed."""

import os
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, settings

from server import NoServer, Server

os.environ.pop("COLUMNS", None)  # pytest-xdist sets it: what is compared is as wide as where there is no terminal
settings.register_profile(
    "pricebook",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],  # it measures time
)
settings.load_profile("pricebook")


def is_local(host: object) -> bool:
    """Whether a host, by name or number, is this machine. None and the empty text stand for it too."""
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        number = ip_address(host.decode() if isinstance(host, bytes) else str(host))
    except ValueError:
        return False
    return number.is_loopback or number.is_unspecified


@pytest.fixture(scope="session")
def server(no_network: None) -> Iterator[Server]:
    """A PostgreSQL server. Where there can be none the test is skipped, and says so; in CI that is a failure."""
    try:
        made = Server()
    except NoServer as reason:
        if "CI" in os.environ:
            raise
        pytest.skip(f"no PostgreSQL server: {reason}")
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """A name or an address beyond loopback is refused. Not as an OSError, which a retry would swallow."""

    def refuse_beyond(host: object) -> None:
        if not is_local(host):
            raise RuntimeError(f"a test reaches for the network: {host!r}")

    def guarded(call: Callable[..., object]) -> Callable[..., object]:
        def checked(self: socket.socket, *args: object) -> object:
            address = args[-1]
            if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
                refuse_beyond(address[0])
            return call(self, *args)

        return checked

    resolve = socket.getaddrinfo

    def checked_resolve(host: object, *args: object, **named: object) -> object:
        refuse_beyond(host)
        return resolve(host, *args, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", checked_resolve)
        yield
