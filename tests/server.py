"""A PostgreSQL server of the tests' own: a real one, on loopback, in a directory that is deleted with it."""

import contextlib
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

PASSWORD = "sesame-" + secrets.token_hex(8)
"""Random, so that finding it in an output means that it leaked."""


class NoServer(Exception):  # noqa: N818 - named for what there is
    """PostgreSQL is not installed, or does not start."""


class Server:
    """The server's process. `url` names a schema in it."""

    def __init__(self) -> None:
        self.programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="pricebook-postgres-", dir="/tmp"))
        self._user = _user()
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._make()
            self.start()
        except BaseException:
            self.end()
            raise

    def url(self, schema: str, password: str = PASSWORD) -> str:
        """The URL of a store, the password in it."""
        return f"postgresql+psycopg://billing:{password}@127.0.0.1:{self.port}/postgres?schema={schema}"

    def url_without_password(self, schema: str) -> str:
        """The same, to be used with PGPASSWORD."""
        return f"postgresql+psycopg://billing@127.0.0.1:{self.port}/postgres?schema={schema}"

    def connect(self, schema: str = "public") -> Any:
        """Somebody's own connection, each statement a transaction."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="billing",
            password=PASSWORD,
            dbname="postgres",
            autocommit=True,
            options=f"-c search_path={schema}",
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._folder,
            "fsync": "off",
            "max_connections": 60,
            "shared_buffers": "32MB",
            "logging_collector": "off",
        }
        line = [self.programs / "postgres", "-D", self._folder / "data"]
        line += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as_user())
        import psycopg

        deadline = time.monotonic() + 600  # a guard against hanging
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise NoServer((self._folder / "log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.05)

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._process is not None

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it: SIGINT ends every session, SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(600)
            self._process = None

    def end(self) -> None:
        """Stop it, and delete what it had."""
        with contextlib.suppress(ProcessLookupError):
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _make(self) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        if self._user is not None:
            for path in (self._folder, secret):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        line = [self.programs / "initdb", "-D", self._folder / "data", "-U", "billing", "--pwfile", secret]
        line += ["--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        made = subprocess.run(line, capture_output=True, text=True, check=False, **self._as_user())
        if made.returncode:
            raise NoServer(f"initdb: {made.stderr.strip()}")

    def _as_user(self) -> dict[str, Any]:
        """The server refuses root, so root lends it an account of no rights."""
        if self._user is None:
            return {"cwd": self._folder}
        return {"cwd": self._folder, "user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _programs() -> Path:
    """The newest server that is installed; Debian keeps each version in a folder of its own."""
    places = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    for place in places:
        if all((place / name).exists() for name in ("initdb", "postgres")):
            return place
    raise NoServer("PostgreSQL is not installed: apt-get install postgresql, or put initdb on PATH")


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root; None stands for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServer("root cannot run PostgreSQL, and there is nobody else")


def _free_port() -> int:
    """A port below those that systems give to connections: it is still free when the server comes back to it."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port
