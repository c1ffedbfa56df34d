"""What holds for every test: no network beyond this machine, property tests that do not depend on the machine's speed,
and markers for what a test needs, by which `make quick` chooses."""

import os
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

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
settings.register_profile("quick", settings.get_profile("pricebook"), max_examples=15)  # of 100, for `make quick`
settings.load_profile("pricebook")


HERE = Path(__file__).parent
NEEDS = {"server": "server", "postgres": "server", "browser": "browser", "spark": "java"}
"""Markers by what a test asks for: a fixture, or one of the things that it is run on."""
WHOLE = {"agent", "automation", "cli", "examples", "install", "laws", "migration", "remote"}
"""Folders whose tests run the program as a process, or whole accounts and laws through many examples."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import nothing of a folder whose tests are all left out."""
    whole = collection_path.parent == HERE and collection_path.name in WHOLE
    return True if whole and "not whole" in config.option.markexpr else None


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark every test with what it needs; a slow test elsewhere says `pytestmark = pytest.mark.whole` itself."""
    for item in items:
        params = item.callspec.params.values() if hasattr(item, "callspec") else ()
        asked = {*item.fixturenames, *(param for param in params if isinstance(param, str))}
        for marker in {NEEDS[name] for name in asked & NEEDS.keys()}:
            item.add_marker(marker)
        if item.path.relative_to(HERE).parts[0] in WHOLE:
            item.add_marker("whole")


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
