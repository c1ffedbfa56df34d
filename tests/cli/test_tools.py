"""The tools for whoever writes manifests: ls, graph, fmt, csv as a format, what a shell completes."""

import csv
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from pricebook.cli.main import COMMANDS, root

EXAMPLES = Path(__file__).parents[2] / "examples"
PROJECT = (
    'namespace: acme\nmanifests: [a.yaml]\nenvironments: {local: {store: "sqlite:///p.db"}, prod: {store: metronome}}\n'
)
HOSTILE = 'a"]; end --> x[<img src=x onerror=1>]\\" `b` #1; {{c}} | ]] \u202e'


def ask(project: Path, *words: str, status: int = 0) -> Result:
    found = CliRunner().invoke(root, ["-C", str(project), *words], catch_exceptions=False)
    assert found.exit_code == status, found.output
    return found


def test_ls_says_what_there_is_and_where() -> None:
    lines = ask(EXAMPLES / "starter-plan", "ls", "package:*").stdout.splitlines()
    assert re.fullmatch(r"  package:good\s+Good v\{version\}\s+catalog/packages/good.yaml:1:1", lines[2])
    assert lines[-1] == "5 objects"
    rows = list(csv.DictReader(StringIO(ask(EXAMPLES / "starter-plan", "ls", "--kind", "rate-card", "--csv").stdout)))
    assert [(row["ref"], row["prices"]) for row in rows] == [("rate-card:tokens", "12")]
    assert "fits nothing" in ask(EXAMPLES / "starter-plan", "ls", "package:zz", status=1).stderr


def test_ls_cuts_no_name_that_somebody_has_to_type() -> None:
    listed = ask(EXAMPLES / "starter-plan", "ls", "--csv").stdout.splitlines()[1:]
    text = ask(EXAMPLES / "starter-plan", "ls").stdout
    assert max(map(len, text.splitlines())) <= 100
    assert {line.split(",")[0] for line in listed} <= set(text.split())


def test_a_graph_of_one_object_has_what_it_needs_and_what_needs_it() -> None:
    text = ask(EXAMPLES / "recipes" / "seats", "graph", "ai-requests", status=1).stderr
    assert "billable-metric:ai-requests, product:ai-requests" in text.replace("\n  ", " ")
    dot = ask(EXAMPLES / "recipes" / "seats", "graph", "product:ai-requests", "--format", "dot").stdout
    assert '  "product:ai-requests" -> "billable-metric:ai-requests";\n' in dot
    assert '  "package:free" -> "rate-card:seats";\n' in dot


def named(project: Path) -> Path:
    (project / "pricebook.yaml").write_text(PROJECT)
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"').replace("\u202e", "\\u202E")
    (project / "a.yaml").write_text(
        "apiVersion: pricebook/v1\nkind: ProductList\nitems:\n"
        f'  - {{metadata: {{name: bad}}, spec: {{name: "{quoted}", type: FIXED}}}}\n'
        "  - {metadata: {name: sum}, spec: {name: Sum, type: COMPOSITE, composite_products: [bad]}}\n"
    )
    return project


def test_a_hostile_name_is_a_label_in_every_picture(tmp_path: Path) -> None:
    lines = ask(named(tmp_path), "graph", "--format", "mermaid").stdout.splitlines()
    assert lines[0] == "flowchart LR"
    assert re.fullmatch(r'  n0\["[\w .,()/:+#;-]*"\]', lines[1], re.ASCII)
    assert lines[2:] == ['  n1["product: Sum"]', "  n1 --> n0"]
    dot = ask(tmp_path, "graph", "--format", "dot").stdout.splitlines()
    label = re.fullmatch(r'  "product:bad" \[label="((?:[^"\\]|\\["\\])*)"\];', dot[2])
    assert label is not None
    assert re.sub(r"\\(.)", r"\1", label[1]).startswith('product: a"]; end --> x[<img src=x onerror=1>]\\"')
    assert dot[-2:] == ['  "product:sum" -> "product:bad";', "}"]
    assert "\u202e" not in ask(tmp_path, "ls").stdout


def test_fmt_of_what_is_wrong_writes_nothing(tmp_path: Path) -> None:
    text = (named(tmp_path) / "a.yaml").read_text().replace("FIXED", "fixed") + "  - {metadata: {name: x}}\n"
    (tmp_path / "a.yaml").write_text(text)
    assert "spec is required" in ask(tmp_path, "fmt", status=1).stderr
    assert (tmp_path / "a.yaml").read_text() == text


def test_fmt_check_says_what_is_otherwise(tmp_path: Path) -> None:
    file = named(tmp_path) / "a.yaml"
    file.write_text(file.read_text().replace("FIXED", "fixed"))
    answer = ask(tmp_path, "fmt", "--check", status=1)
    assert "+  - {metadata: {name: bad}" in answer.stdout
    assert "would write a.yaml" in answer.stdout
    assert ask(tmp_path, "fmt", str(file)).stdout == "wrote a.yaml\n"
    assert ask(tmp_path, "fmt", "--check").stdout == "Nothing to write.\n"
    assert "fits nothing" in ask(tmp_path, "fmt", str(tmp_path / "b.yaml"), status=1).stderr
    assert "fits nothing" in ask(tmp_path, "fmt", "/etc/passwd", status=1).stderr


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        (("preview",), "", ["free", "team-annual"]),
        (("show",), "team", ["team-annual", "team-monthly", "team-seat"]),
        (("show",), "product:ai", ["product:ai-requests"]),
        (("graph",), "rate", []),
        (("test",), "a-", ["a-month-of-team"]),
        (("price", "set"), "team", ["team-seat"]),
        (("reprice", "--card"), "s", ["seats"]),
        (("plan", "--env"), "", ["local"]),
    ],
)
def test_a_shell_completes_names(words: tuple[str, ...], incomplete: str, expected: list[str]) -> None:
    args = ["-C", str(EXAMPLES / "recipes" / "seats"), *words]
    found = [item.value for item in ShellComplete(root, {}, "pricebook", "_X").get_completions(args, incomplete)]
    assert [name for name in expected if name not in found] == []
    assert all(name.startswith(incomplete) for name in found)


def test_nothing_completes_where_nothing_can_be_read(tmp_path: Path) -> None:
    complete = ShellComplete(root, {}, "pricebook", "_X").get_completions
    assert complete(["-C", str(tmp_path), "show"], "") == []
    (named(tmp_path) / "a.yaml").write_text("{")
    assert complete(["-C", str(tmp_path), "show"], "") == []


def options() -> list[tuple[str, click.Option]]:
    found, pending = [], [(name, root.get_command(click.Context(root), name)) for name in COMMANDS]
    while pending:
        name, command = pending.pop()
        if isinstance(command, click.Group):
            pending += [(f"{name} {each}", inner) for each, inner in command.commands.items()]
        elif command is not None:
            found += [(name, each) for each in command.params if isinstance(each, click.Option)]
    return found


def test_one_word_means_one_thing_in_every_command() -> None:
    for name, option in options():
        if "--output" in option.opts:
            assert "-o" in option.opts, name
        if "--from" in option.opts and name != "import":  # which reads from a file what was saved
            assert option.metavar == "INSTANT", name
        if option.metavar == "INSTANT" or "--csv" in option.opts:
            assert "-o" not in option.opts, name
    assert not [name for name, option in options() if "-o" in option.opts and "--output" not in option.opts]


def test_csv_is_a_format_like_any_other() -> None:
    project = EXAMPLES / "starter-plan"
    assert ask(project, "--format", "csv", "ls").stdout == ask(project, "ls", "--csv").stdout
    refused = ask(project, "plan", "--format", "csv", status=1)
    assert "there is no csv of this" in refused.stderr
    assert "formats of this command: text, json" in refused.stderr


def test_bash_takes_what_the_page_says(tmp_path: Path) -> None:
    """The line of docs/writing.md, sourced by the shell itself."""
    page = (EXAMPLES.parent / "docs" / "writing.md").read_text()
    (line,) = re.findall(r"^(eval .*=bash_source \S+\")", page, re.MULTILINE)
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    script = f"set -e; {line}\ncomplete -p pricebook"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, env=path)
    assert "pricebook" in done.stdout, done.stderr
