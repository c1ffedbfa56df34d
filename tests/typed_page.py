"""A page of the documentation as somebody who types it: its commands in order, their output compared line by line.

Blocks marked `console` hold commands (`$ ` and the command) with the output that the page shows. All of a page run in
one shell, and a block of YAML with a title is written to the file of that name. A line `...` stands for any lines, the
width of a gap between columns says nothing, and progress, which a terminal shows as a bar, is left out.
"""

import re
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

BLOCK = re.compile(r'^```(\w*)(?: title="([\w./-]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PROGRESS = re.compile(r"\[\d+/\d+\] |reading back$")
INSTALLS = re.compile(r"python3 -m venv |pip install ")
MARK = "\x1e"


def type_page(page: Path, folder: Path, environment: Mapping[str, str], *, install: bool) -> None:
    """Run the commands of a page in a folder, the ones that install only on request. A server gets a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        typed = page.read_text(encoding="utf-8").replace("8044", str(free.getsockname()[1]))
    steps = [step for step in commands(typed) if install or not INSTALLS.match(step[0])]
    assert steps
    script = "exec 2>&1\n" + "".join(f"{command}\nprintf '{MARK}%s{MARK}' $?\n" for command, _ in steps)
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=300,
    )
    told = done.stdout.split(MARK)
    for (command, shown), output, status in zip(steps, told[::2], told[1::2], strict=False):
        lines = [line for line in output.splitlines() if not PROGRESS.match(line)]
        assert status == "0", f"$ {command}\nexit status {status}\n{output}"
        assert matches(shown, lines), f"$ {command}\nthe page shows\n{text(shown)}\nbut it says\n{text(lines)}"
    assert len(told) == 2 * len(steps) + 1


def commands(page: str) -> list[tuple[str, list[str]]]:
    """Every command of the page's console blocks with the lines that are shown below it, and what writes its files."""
    found: list[tuple[str, list[str]]] = []
    for language, file, body in BLOCK.findall(page):
        if file:
            found.append((f"cat >{file} <<'END OF FILE'\n{body}END OF FILE", []))
        if language != "console":
            continue
        for line in body.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def matches(shown: list[str], said: list[str]) -> bool:
    """Whether the shown lines are what was said; a shown `...` stands for any lines, none included."""
    pattern = "".join("(?:.*\n)*" if line == "..." else re.escape(closed(line)) + "\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{closed(line)}\n" for line in said)) is not None


def closed(line: str) -> str:
    """The line with one space for every gap."""
    return re.sub(" +", " ", line).rstrip()


def text(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
