"""What only some operating systems have stands in one module; text files are read and written alike on all of them."""

import ast
import ntpath
import os
import posixpath
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from types import ModuleType

import pytest
from click.testing import CliRunner

from parsed import SOURCE, parsed
from pricebook import machine
from pricebook.cli.main import root
from pricebook.store import process

ROOT = Path(__file__).resolve().parents[2]
DOOR = "machine.py"
_MODULES = (
    "crypt fcntl grp msvcrt nis nt ossaudiodev posix pty pwd resource select selectors spwd syslog termios tty winreg "
    "winsound _winapi"
)
MODULES = set(_MODULES.split())
"""Modules of the standard library that some systems lack, or that do something else there (`select` on files)."""
_OS = (
    "abort chflags chown chroot fchdir fchmod fchown fork forkpty getegid geteuid getgid getgroups getloadavg "
    "getpgid getpgrp getpriority getresuid getsid getuid kill killpg lchown lockf major mkfifo mknod nice openpty "
    "pipe2 posix_spawn pread pwrite readv rename sched_getaffinity sched_setaffinity sendfile setegid seteuid "
    "setgid setgroups setpgid setpriority setsid setuid statvfs sync sysconf uname wait wait3 wait4 waitid waitpid "
    "writev O_ASYNC O_BINARY O_CLOEXEC O_DIRECT O_DIRECTORY O_DSYNC O_NOATIME O_NOCTTY O_NOFOLLOW O_NOINHERIT "
    "O_NONBLOCK O_PATH O_SYNC O_TMPFILE WNOHANG"
)
_SIGNAL = (
    "SIGALRM SIGCHLD SIGHUP SIGKILL SIGQUIT SIGUSR1 SIGUSR2 SIGPIPE alarm pause pthread_kill setitimer sigwait "
    "siginterrupt"
)
CALLS = {
    "os": set(_OS.split()),
    "path": {"relpath", "normpath", "sep"},
    "signal": set(_SIGNAL.split()),
    "socket": {"AF_UNIX", "socketpair", "send_fds"},
    "time": {"clock_gettime", "tzset"},
}
"""Of modules that every system has: what is not there everywhere, kills (`os.kill` on Windows), refuses what others do
(`os.rename`), or writes a path as the system has it, where all of pricebook says `/`."""
METHODS = {"lchmod", "hardlink_to", "rename"}
"""Of paths."""
OPTIONS = {"preexec_fn", "start_new_session", "pass_fds", "process_group", "umask"}
"""Of processes."""
FOLDERS = ("/proc", "/dev/", "/sys/", "/tmp", "/etc/", "/var/", "~/")


def system_only(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of what a module does that not every system can."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if found := {name.name for name in names} & MODULES:
                yield node.lineno, f"import {', '.join(found)}"
            case ast.ImportFrom(module=module, names=names) if module:
                name = module.rpartition(".")[2]
                known = {alias.name for alias in names} & CALLS.get(name, set())
                if module in MODULES or known:
                    yield node.lineno, f"from {module} import {', '.join(known)}"
            case ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name), attr=attr) if attr in CALLS.get(
                name, ()
            ):
                yield node.lineno, f"{name}.{attr}"
            case ast.Call(func=ast.Attribute(attr=attr), args=args) if attr in METHODS and args:
                yield node.lineno, f".{attr}()"
            case ast.keyword(arg=name) if name in OPTIONS:
                yield node.value.lineno, f"{name}="
            case ast.Constant(value=str(text)) if text.startswith(FOLDERS) and text != "/dev/null":
                yield node.lineno, repr(text)


def unsaid(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of texts that are read in the encoding of the machine, or written with its ends of lines."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        said = {keyword.arg for keyword in node.keywords}
        match node.func:
            case ast.Attribute(attr="read_text") if "encoding" not in said:
                yield node.lineno, "read_text without an encoding"
            case ast.Attribute(attr="write_text") if not {"encoding", "newline"} <= said:
                yield node.lineno, "write_text without an encoding and an end of lines"
            case ast.Name(id="open") | ast.Attribute(attr="open"):
                texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
                mode = next((text for text in texts if set(text) <= set("rwax+bt")), None)
                writes = mode is not None and "b" not in mode and set(mode) & set("wax")
                if writes and not {"encoding", "newline"} <= said:
                    yield node.lineno, f"open {mode} without an encoding and an end of lines"
                elif mode in ("r", "rt") and "encoding" not in said:
                    yield node.lineno, f"open {mode} without an encoding"
            case ast.Attribute(attr="run" | "Popen", value=ast.Name(id="subprocess")):
                if "text" in said and "encoding" not in said:
                    yield node.lineno, "a process's text without an encoding"


def test_what_only_some_systems_have_stands_in_one_module() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{line} {name}"
        for path, (_, tree) in parsed().items()
        if path.relative_to(SOURCE).as_posix() != DOOR
        for line, name in system_only(tree)
    ]
    assert found == []
    assert {name for _, name in system_only(parsed()[SOURCE / DOOR].tree)} >= {"os.kill", "os.getuid"}


def test_texts_are_the_same_bytes_on_every_system() -> None:
    assert [
        f"{path.relative_to(SOURCE)}:{line} {name}"
        for path, (_, tree) in parsed().items()
        for line, name in unsaid(tree)
    ] == []


@pytest.mark.parametrize(
    "line",
    [
        "import fcntl",
        "from os import getuid",
        "from signal import SIGKILL",
        "from os.path import relpath",
        "os.kill(1, 0)",
        "os.path.relpath(path)",
        "os.rename(a, b)",
        "Path(a).rename(b)",
        "os.open(path, os.O_NOFOLLOW)",
        "signal.alarm(1)",
        "subprocess.run(line, start_new_session=True)",
        "open('/proc/self/environ')",
        "Path('~/.cache/pricebook')",
    ],
)
def test_what_is_of_one_system_is_found(line: str) -> None:
    assert list(system_only(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "path.write_text(text)",
        "path.write_text(text, encoding='utf-8')",
        "path.read_text()",
        "open(path, 'w', encoding='utf-8')",
        "path.open('a')",
        "open(path, 'r')",
        "subprocess.run(line, text=True)",
    ],
)
def test_what_leaves_the_text_to_the_system_is_found(line: str) -> None:
    assert list(unsaid(ast.parse(line)))


@pytest.mark.parametrize("line", ["os.replace(a, b)", "match.group(1)", "path.open('rb')", "book.open(part)"])
def test_what_every_system_has_is_not(line: str) -> None:
    tree = ast.parse(line)
    assert [*system_only(tree), *unsaid(tree)] == []


@pytest.mark.parametrize(
    ("system", "top", "path", "name"),
    [
        (posixpath, "/p", "/p/catalog/a.yaml", "catalog/a.yaml"),
        (posixpath, "/p", "/p/odd\\name.yaml", "odd\\name.yaml"),
        (ntpath, r"C:\p", r"C:\p\catalog\a.yaml", "catalog/a.yaml"),
        (ntpath, r"C:\p\x", r"C:\p\shared\a.csv", "../shared/a.csv"),
        (ntpath, PureWindowsPath("C:/p"), PureWindowsPath("C:/p/catalog/rates/a.csv"), "catalog/rates/a.csv"),
    ],
)
def test_files_are_named_alike_on_every_system(
    system: ModuleType, top: str | PureWindowsPath, path: str | PureWindowsPath, name: str
) -> None:
    assert machine.shown(path, top, system) == name


def test_on_windows_nobody_is_killed_to_see_whether_they_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("os.kill ends a process on Windows"))
    assert machine.is_running(os.getpid()) is None
    here = f"somebody@host:{os.getpid()}:x"
    assert not process.is_gone(here, None, here)  # the lease runs out instead


def test_who_it_is_where_nobody_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_module() -> str:
        raise ModuleNotFoundError("pwd")  # Windows without USERNAME

    monkeypatch.setattr("getpass.getuser", no_module)
    if hasattr(os, "getuid"):
        assert machine.user() == str(os.getuid())
    monkeypatch.delattr(os, "getuid", raising=False)
    assert machine.user() == "-"


def test_a_folder_is_one_also_where_opening_it_is_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(IsADirectoryError):
        machine.open_regular(tmp_path)
    with pytest.raises(PermissionError):
        machine.open_regular(tmp_path / "file.yaml")


def test_a_file_is_opened_in_bytes_where_texts_are_the_default() -> None:
    assert machine._READ & getattr(os, "O_BINARY", 0) == getattr(os, "O_BINARY", 0)
    tree = ast.dump(parsed()[SOURCE / DOOR].tree)
    assert "'O_BINARY'" in tree
    assert "'O_NOINHERIT'" in tree


def said(folder: Path, *words: str, encoding: str | None = None) -> "subprocess.CompletedProcess[bytes]":
    """What a command answers, as a process whose streams have an encoding."""
    environment = {**os.environ, **({"PYTHONIOENCODING": encoding} if encoding else {})}
    line = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", "2026-03-01", *words]
    return subprocess.run(line, capture_output=True, check=False, env=environment, timeout=600)


def copied(folder: Path, end: bytes) -> Path:
    """A price list in YAML and CSV, its lines ended in a way."""
    shutil.copytree(ROOT / "examples" / "recipes" / "api-prices", folder)
    for path in folder.rglob("*.*"):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", end))
    return folder


def test_lines_that_end_as_on_windows_mean_the_same(tmp_path: Path) -> None:
    both = [copied(tmp_path / name, end) for name, end in (("unix", b"\n"), ("windows", b"\r\n"))]
    answers = [CliRunner().invoke(root, ["-C", str(each), "plan", "--digest"]).stdout for each in both]
    assert answers[0] == answers[1]
    assert len(answers[0].strip()) == 24
    for name, right, wrong in (("models.csv", b"0.075", b"cheap"), ("api.yaml", b"aliases:", b"aliasse:")):
        for each in both:
            file = each / "catalog" / name
            data = file.read_bytes()
            assert right in data
            file.write_bytes(data.replace(right, wrong, 1))
        broken = [CliRunner().invoke(root, ["-C", str(each), "validate"]).stderr for each in both]
        assert broken[0] == broken[1]
        assert f"catalog/{name}:" in broken[0]


HOSTILE = "Токен → 日本 🦙 \u202e \x1b[31m"


@pytest.mark.whole
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "shift_jis"])
def test_a_console_that_lacks_characters_is_shown_escapes(tmp_path: Path, encoding: str) -> None:
    folder = copied(tmp_path / "p", b"\r\n")
    file = folder / "catalog" / "api.yaml"
    text = file.read_text(encoding="utf-8")
    name = HOSTILE.encode("unicode_escape").decode()
    file.write_text(text.replace("name: Output tokens, ", f'name: "{name}", '), encoding="utf-8", newline="")
    for words, code in ((("plan",), 0), (("validate",), 0), (("show", "--desired"), 0), (("explain", "nonsense→"), 1)):
        for form in ("text", "json"):
            answer = said(folder, "-v", *words, "--format", form, encoding=encoding)
            assert answer.returncode == code, (words, form, answer.stderr)
            assert b"Traceback" not in answer.stderr
            answer.stderr.decode(encoding)
            answer.stdout.decode("utf-8" if form == "json" else encoding)
    assert b"\\u65e5\\u672c" in said(folder, "plan", encoding="cp1252").stdout
    assert (
        said(folder, "plan", "--format", "html").stdout
        == said(folder, "plan", "--format", "html", encoding=encoding).stdout
    )
