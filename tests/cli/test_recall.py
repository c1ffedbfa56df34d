"""A plan with nothing to do is remembered, and recalled by a process that hardly starts: when it is, and when not."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from test_commands import CATALOG, PROJECT

from pricebook.cli import memo

TABLE = """\
  rates_from:
    - table: prices.csv
      columns: {price: usd}
      defaults: {product: pro, billing_frequency: MONTHLY, starting_at: 2026-01-01, currency: USD}
"""
SPIED = """\
import sys
from pricebook.cli.start import main
try:
    main()
finally:
    sys.stderr.write(' '.join(sys.modules))
"""
HEAVY = ("click", "pydantic", "yaml", "sqlalchemy", "rich", "dataclasses", "json", "pathlib", "pricebook.cli.main")


class Desk:
    """A project that was applied, in a folder of its own, and its memos."""

    def __init__(self, folder: Path) -> None:
        self.project, self.cache = folder / "project", folder / "cache"
        self.project.mkdir()
        (self.project / "pricebook.yaml").write_text(PROJECT)
        self.write("catalog.yaml", CATALOG[: CATALOG.index("  rates:")] + TABLE)
        self.write("prices.csv", "usd\n5.00\n")

    def write(self, name: str, text: str) -> None:
        """Write a file, and let a little time go by, as it does for people."""
        (self.project / name).write_text(text)
        time.sleep(0.06)

    def run(self, *words: str, **settings: str) -> tuple[str, set[str]]:
        """What a command prints, and which modules it imported."""
        environment = {**os.environ, "PRICEBOOK_CACHE": str(self.cache), **settings}
        line = [sys.executable, "-c", SPIED, *words]
        answer = subprocess.run(
            line, cwd=self.project, env=environment, capture_output=True, text=True, check=False, stdin=-3
        )
        return answer.stdout, set(answer.stderr.split())

    def recalled(self, *words: str, **settings: str) -> bool:
        """Whether a command's answer was recalled; that it is right is the affair of `test_what_is_recalled`."""
        output, modules = self.run(*words, **settings)
        return output != "" and "click" not in modules


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A project with one product, and one price in a table, all of it applied; its plan was made once. Every test
    leaves it so."""
    made = Desk(tmp_path_factory.mktemp("desk"))
    made.run("apply", "--yes")
    assert "Nothing to change" in made.run("plan")[0]
    return made


def test_it_is_recalled_without_importing_much(desk: Desk) -> None:
    said, modules = desk.run("plan")
    assert said == "Nothing to change: the store says what the manifests say (2 objects, 1 price).\n"
    assert modules.isdisjoint(HEAVY)
    assert len(modules) < 110


def test_the_present_is_the_present(desk: Desk) -> None:
    said = [json.loads(desk.run("--format", "json", "plan")[0]) for _ in range(3)]
    moments = [each.pop("as_of") for each in said]
    assert said[0] == said[1] == said[2]
    assert moments == sorted(set(moments))


@pytest.mark.parametrize(
    "words",
    [("plan", "-o", "plan.json"), ("plan", "--rows", "all"), ("validate",), ("apply", "--yes"), ("--env", "x", "plan")],
)
def test_what_does_more_than_say_so_goes_its_whole_way(words: tuple[str, ...], desk: Desk) -> None:
    before = set(desk.cache.iterdir())
    assert not desk.recalled(*words)
    assert set(desk.cache.iterdir()) == before


def test_other_words_and_other_places_are_another_answer(desk: Desk) -> None:
    for words in (("plan", "--prune"), ("-C", ".", "plan"), ("--env", "local", "--format", "json", "plan")):
        assert [desk.recalled(*words) for _ in range(2)] == [False, True]
    assert [desk.recalled("plan", COLUMNS="60") for _ in range(2)] == [False, True]
    assert [desk.recalled("plan", PRICEBOOK_ANYTHING="1") for _ in range(2)] == [False, True]


def test_a_change_of_the_table_is_seen(desk: Desk) -> None:
    desk.write("prices.csv", "usd\n6.00\n")
    assert "Plan: 1 rate added" in desk.run("plan")[0]
    desk.write("prices.csv", "usd\n5.00\n")
    assert desk.recalled("plan")


def test_a_table_that_was_led_out_of_the_project_is_seen(desk: Desk) -> None:
    table, outside = desk.project / "prices.csv", desk.cache.parent / "prices.csv"
    table.rename(outside)
    table.symlink_to(outside)
    assert not desk.recalled("plan")
    outside.replace(table)
    assert desk.recalled("plan")


def test_a_nearer_project_is_seen(desk: Desk) -> None:
    inner = desk.project / "inner"
    inner.mkdir()
    assert [desk.recalled("-C", "inner", "plan") for _ in range(2)] == [False, True]
    (inner / "pricebook.yaml").write_text(PROJECT)
    assert not desk.recalled("-C", "inner", "plan")


def test_a_file_that_was_just_written_is_not_trusted_to_stay(desk: Desk) -> None:
    script = (
        "import sys; from pathlib import Path; from pricebook.cli import remember; real = remember.noted\n"
        "from contextlib import contextmanager\n"
        "@contextmanager\n"
        "def late():\n"
        "    Path('prices.csv').write_text('usd\\n5.00\\n')\n"
        "    with real() as files: yield files\n"
        "remember.noted = late\n"
        "from pricebook.cli.main import main; sys.argv[1:] = ['plan']; main()"
    )
    environment = {**os.environ, "PRICEBOOK_CACHE": str(desk.cache.parent / "late")}
    subprocess.run([sys.executable, "-c", script], cwd=desk.project, env=environment, check=True, capture_output=True)
    assert not (desk.cache.parent / "late").exists()


@pytest.mark.parametrize("value", ["off", "0", "OFF"])
def test_it_can_be_switched_off(value: str, desk: Desk) -> None:
    assert not desk.recalled("plan", PRICEBOOK_CACHE=value)
    assert not (desk.project / value).exists()


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"XDG_CACHE_HOME": "{}/xdg", "HOME": "{}/home"}, "xdg/pricebook"),
        ({"XDG_CACHE_HOME": "", "HOME": "{}/home"}, "home/.cache/pricebook"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "{}/home"}, "home/.cache/pricebook"),
    ],
)
def test_where_it_is_kept(settings: dict[str, str], where: str, desk: Desk, tmp_path: Path) -> None:
    told = {name: value.format(tmp_path) for name, value in settings.items()} | {"PRICEBOOK_CACHE": ""}
    assert [desk.recalled("plan", **told) for _ in range(2)] == [False, True]
    (found,) = (tmp_path / where).iterdir()
    assert (found.stat().st_mode & 0o777, found.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "5.00" not in found.read_text()


def test_where_nothing_can_be_kept_nothing_is_said(desk: Desk) -> None:
    said, _ = desk.run("plan", PRICEBOOK_CACHE="/proc/none")
    assert said.startswith("Nothing to change")


def _short(path: Path) -> None:
    body = b"one\ntwo\n"
    path.write_bytes(memo._stamp(body) + b"\n" + body)


def _linked(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


HARMS: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "changed": lambda path: path.write_bytes(path.read_bytes().replace(b"Nothing", b"Everyth")),
    "of another form": _short,
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(os.urandom(999)),
    "too large": lambda path: path.write_bytes(path.read_bytes() + b" " * memo.MOST),
    "open to others": lambda path: path.chmod(0o666),
    "a link": _linked,
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    **({"somebody else's": lambda path: os.chown(path, 12345, -1)} if os.geteuid() == 0 else {}),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


def test_a_memo_that_cannot_be_trusted_is_as_good_as_none(desk: Desk, tmp_path: Path) -> None:
    said = "Nothing to change: the store says what the manifests say (2 objects, 1 price).\n"
    assert desk.run("plan", PRICEBOOK_CACHE=str(tmp_path))[0] == said
    for harm, do in HARMS.items():
        (path,) = [path for path in tmp_path.iterdir() if not path.suffix]
        do(path)
        output, modules = desk.run("plan", PRICEBOOK_CACHE=str(tmp_path))
        assert (output, "click" in modules) == (said, True), harm


def test_memos_are_few_and_another_program_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = memo.Memo(*"abcdefghij", "text\n\nand more\n")
    for number in range(memo.KEPT + 9):
        memo.write(str(tmp_path), f"{number}", known)
    assert len(list(tmp_path.iterdir())) == memo.KEPT
    assert memo.read(str(tmp_path), f"{memo.KEPT}") == known
    before = memo.name_of(["plan"], 100, False)
    monkeypatch.setattr("pricebook.__version__", "9.9.9")
    assert memo.name_of(["plan"], 100, False) != before
    for odd in (known._replace(root="a\nb"), known._replace(text="x" * memo.MOST)):
        with pytest.raises(ValueError, match=r"line break|too long"):
            memo.write(str(tmp_path), "odd", odd)


def test_a_reader_who_has_gone_is_no_failure(desk: Desk) -> None:
    line = f"{sys.executable} -m pricebook plan | true; exit ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PRICEBOOK_CACHE": str(desk.cache)}
    answer = subprocess.run(
        ["bash", "-c", line], cwd=desk.project, env=environment, capture_output=True, text=True, check=False
    )
    assert (answer.stderr, answer.returncode) == ("", 0)


def test_an_overlay_and_a_file_that_joins_it_are_seen(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    (desk.project / "overlays").mkdir()
    project = PROJECT.replace('{store: "sqlite:///pricebook.db"}', '{store: "sqlite:///p.db", overlays: [overlays]}')
    desk.write("pricebook.yaml", project)
    overlay = "apiVersion: pricebook/v1\nkind: Overlay\npatches: {{product:pro: {{{}}}}}\n"
    desk.write("overlays/a.yaml", overlay.format("name: Pro (test)"))
    desk.run("apply", "--yes")
    assert "Nothing to change" in desk.run("plan")[0]
    assert desk.recalled("plan")
    desk.write("overlays/b.yaml", overlay.format("tags: [test]"))
    assert "tags" in desk.run("plan")[0]
    (desk.project / "overlays" / "b.yaml").unlink()
    assert desk.recalled("plan")
    desk.write("overlays/a.yaml", overlay.format("name: Pro"))
    assert "Pro (test) -> Pro" in desk.run("plan")[0]
