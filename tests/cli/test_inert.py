"""Nothing that a CI runner would obey is printed, by any command, in any format, on either stream."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pricebook.cli import start
from pricebook.cli.main import root
from pricebook.format.table import FORMATS

HOSTILE = (
    *("##vso[task.setvariable variable=X]1", "x ##[error]y", "::add-mask::z", "a\n::error file=a::b", "\n##[group]q"),
    *("a\r\x1b[0Ksection_end:17:s", "##VSO[task.complete result=Succeeded;]"),
)
VSO, ERROR, MASK, LINES, GROUP, SECTION, _ = map(json.dumps, HOSTILE)
PROJECT = f"""\
namespace: acme
manifests: [catalog.yaml]
environments: {{local: {{store: "sqlite:///pricebook.db"}}, other: {{store: "sqlite:///other.db"}}}}
policy: {{fail_on: never, freezes: [{{starting_at: 2035-01-01, ending_before: 2035-02-01, reason: {VSO}}}]}}
"""
RATE = "    - {product: work, pricing_group_values: {kind: VALUE}, starting_at: 2025-01-01, price: $1.00}\n"
RATES = "".join(RATE.replace("VALUE", json.dumps(name)) for name in HOSTILE)
CATALOG = f"""\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {{name: work}}
spec: {{name: {ERROR}, aggregation_type: SUM, aggregation_key: n, event_type_filter: {{in_values: [{VSO}]}},
  property_filters: [{{name: n, exists: true}}, {{name: kind, exists: true}}], group_keys: [[kind]]}}
---
apiVersion: pricebook/v1
kind: Product
metadata: {{name: work, waivers: [{{rule: unused-metric, reason: {GROUP}, by: {MASK}, until: 2040-01-01}}]}}
spec: {{name: {MASK}, type: USAGE, billable_metric: work, pricing_group_key: [kind], tags: [{VSO}]}}
---
apiVersion: pricebook/v1
kind: Product
metadata: {{name: seat}}
spec: {{name: {LINES}, type: SUBSCRIPTION}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: list}}
spec:
  name: {GROUP}
  description: {SECTION}
  aliases: [{{name: {VSO}}}]
  rates:
{RATES}\
    - {{product: seat, billing_frequency: MONTHLY, starting_at: 2025-01-01, price: $10.00}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: team}}
spec:
  name: {SECTION}
  aliases: [{{name: {ERROR}}}, {{name: team}}]
  rate_card: list
  duration: 12 months
  subscriptions:
    - {{key: s, name: {VSO}, custom_fields: {{a: {ERROR}}}, collection_schedule: ADVANCE, initial_quantity: 1,
       subscription_rate: {{product: seat, billing_frequency: MONTHLY}}, proration: {{is_prorated: true}}}}
---
apiVersion: pricebook/v1
kind: Migration
metadata: {{name: spring}}
spec: {{package: team, whom: {{exclude: [{
    ERROR
}]}}, waves: [{{starting_at: 2035-03-01}}], transition: END_AND_PROVISION}}
---
apiVersion: pricebook/v1
kind: Scenario
metadata: {{name: one}}
spec: {{description: {VSO}, package: team, starting_at: 2026-01-01, until: 2026-02-01, expect: {{total: $3.00}}}}
"""
NAME = HOSTILE[0]
COMMANDS = (
    ("validate", "--notes"),
    ("plan", "--rows", "all"),
    ("plan", "--digest"),
    ("plan", "--impact", "usage.jsonl"),
    ("--env", "other", "drift"),
    ("--env", NAME, "plan"),
    ("--as-of", NAME, "plan"),
    ("show", "--on", "2035-01-01", "--rows", "all"),
    ("show", "package:team@1..@2"),
    ("show", NAME),
    ("history", "--rows", "all"),
    ("cohorts", "--contracts"),
    ("reprice", "--increase", "5%", "--from", "2036-01-01", "--dry-run"),
    ("reprice", "--increase", "5%", "--from", "2036-01-01", "--dry-run", "--where", NAME),
    ("explain", NAME),
    ("ls",),
    ("graph", "package:team"),
    ("import", "--dry-run"),
    ("fmt", "--check"),
    ("provision", "--customer", NAME, "--package", NAME, "--starting-at", "2035-01-01", "--yes"),
    ("preview", "team", "--starting-at", "2034-11-01"),
    ("test",),
    ("compare", "--with", "theirs.csv", "--key", "product=p", "--key", "kind=k", "--price", "usd"),
    ("promote", "local", "other"),
    ("diff", "local", "other"),
    ("migrate", "spring"),
    ("migrate", "--apply", NAME),
    ("apply", f"{NAME}.json"),
    ("apply", "--expect", NAME),
    ("schema", NAME),
    ("site", "--output", NAME),
    ("post", "comment", f"{NAME}.md"),
)


def obeyed(text: str) -> list[str]:
    """The lines that GitHub, Azure or GitLab would take for commands, but for the annotations of ours."""
    lines = re.split("\r\n|[\n\r\v\f\x85\u2028\u2029]", text)
    return [
        line
        for line in lines
        if (re.match(r"\s*::\S.*::", line) and not re.match("::(error|warning|notice) ", line))
        or re.search(r"##(\[|vso\[)", line, re.IGNORECASE)
        or "\x1b" in line
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Everything that a command prints in a project of hostile names, two versions of a package, and customers."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "pricebook.yaml").write_text(PROJECT)
    (folder / "catalog.yaml").write_text(CATALOG)
    events = (
        {"transaction_id": str(n), "customer_id": who, "event_type": NAME, "timestamp": "2034-11-05T00:00:00Z",
         "properties": {"n": 5, "kind": who}} for n, who in enumerate(HOSTILE)
    )  # fmt: skip
    (folder / "usage.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / "theirs.csv").write_text(f"p,k,usd\nwork,{HOSTILE[1]},2.00\nwork,{NAME},0.10\n")

    def asked(*words: str, at: str = "2034-12-01") -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            answer = CliRunner().invoke(root, ["--as-of", at, *words])
        assert answer.exception is None or isinstance(answer.exception, SystemExit), (words, answer.exception)
        return answer.output

    asked("apply", "--yes", "--allow", "all", at="2034-10-01")
    for who in HOSTILE:
        asked("provision", "--customer", who, "--package", "team@1", "--starting-at", "2034-10-01", "--yes")
    (folder / "catalog.yaml").write_text(CATALOG.replace("initial_quantity: 1", "initial_quantity: 20"))
    asked("apply", "--yes", "--allow", "all")
    (folder / "catalog.yaml").write_text(CATALOG.replace("price: $1.00", "price: $1.50"))
    return asked


@pytest.mark.parametrize("form", sorted({form for _, form in FORMATS}))
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_nothing_is_obeyed(run: Callable[..., str], words: tuple[str, ...], form: str) -> None:
    log = ("--log", "json") if form in ("text", "json") else ()
    said = run("--format", form, *log, *words)
    assert said
    assert obeyed(said) == []


@pytest.mark.parametrize("words", [(NAME,), ("mcp", NAME), ("plan", f"--{NAME}"), ("schema", "-o")])
def test_nor_is_what_was_typed_wrongly(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["pricebook", *words])
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.reconfigure", lambda **_: None, raising=False)
    with pytest.raises(SystemExit) as ended:
        start.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "Error: " in said
    assert obeyed(said) == []


def test_a_digest_has_its_own_formats(run: Callable[..., str], tmp_path: Path) -> None:
    assert "there is no html of this" in click.unstyle(run("--format", "html", "plan", "--digest"))
    report = tmp_path / "plan.html"
    assert re.fullmatch("[0-9a-f]{24}", run("plan", "--digest", "--report", f"html={report}").strip())
    assert report.read_text().startswith("<!doctype html>")
