"""`plan --base`: a branch's own change, what is pending besides, and histories that cannot tell."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  local: {store: "sqlite:///pricebook.db"}
"""
CATALOG = """\
apiVersion: pricebook/v1
kind: Product
metadata: {name: pro}
spec: {name: Pro, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  rates:
    - {product: pro, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $5.00}
    - {product: pro, billing_frequency: ANNUAL, starting_at: 2026-01-01, price: $50.00}
"""


def git(folder: Path, *words: str) -> str:
    """A git command."""
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    answer = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return answer.stdout.strip()


def pricebook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a project."""
    line = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", "2026-02-01", *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def commit(folder: Path, before: str, after: str, message: str) -> None:
    """Edit the catalogue and commit it."""
    path = folder / "catalog" / "all.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    git(folder, "commit", "-qam", message)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project in a folder of a repository: applied, then main moved on, then a branch did."""
    root = tmp_path / "a repository"
    shop = root / "shöp"
    (shop / "catalog").mkdir(parents=True)
    (shop / "pricebook.yaml").write_text(PROJECT)
    (shop / "catalog" / "all.yaml").write_text(CATALOG)
    (root / ".gitignore").write_text("pricebook.db*\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    assert pricebook(shop, "apply", "--yes").returncode == 0
    commit(shop, "$5.00", "$6.00", "dearer")
    git(root, "checkout", "-q", "-b", "feature")
    commit(shop, "$50.00", "$55.00", "dearer by the year")
    git(root, "checkout", "-q", "main")
    commit(shop, "name: List", "name: Price list", "after the branch")
    git(root, "checkout", "-q", "feature")
    return shop


def test_a_branch_shows_its_own_change_and_what_is_pending_besides(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    answer = pricebook(shop, "plan", "--base", "main")
    base = git(shop, "merge-base", "main", "HEAD")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == (
        "acme · local · as of 2026-02-01\n"
        "Pro goes from $50.00 to $55.00 a year (+10.0 %), with no contract on the card, from 2026-01-01.\n"
        "Refused as it is: RETROACTIVE (1 change). When all of it is meant: --allow RETROACTIVE.\n"
        "\n"
        "  ~ rate-card:list        1 price changes; no contract is on the card"
        "                                 catalog/all.yaml:6\n"
        "      Pro   $50.00 -> $55.00 a year   +10.0 %   from 2026-01-01   PRICE_UP RETROACTIVE\n"
        "\n"
        "Hazards\n"
        "  PRICE_UP  1  somebody pays more\n"
        "Refused unless allowed\n"
        "  RETROACTIVE  1  re-prices usage already metered   --allow RETROACTIVE\n"
        "\n"
        "Plan: 1 rate added. Nothing is edited in place. 2 objects as desired already.\n"
        "\n"
        f"Pending besides, in main ({base[:12]}), not applied yet\n"
        "  ~ rate-card:list  1 price changes; no contract is on the card\n"
        "  Plan: 1 rate added. Nothing is edited in place. 2 objects as desired already.\n"
    )
    whole = json.loads(pricebook(shop, "--format", "json", "plan").stdout)
    assert whole["counts"]["prices_total"] == 2
    machine = json.loads(pricebook(shop, "--format", "json", "plan", "--base", "main").stdout)
    assert machine["counts"]["prices_total"] == 1
    besides = machine["besides"]
    assert (besides["ref"], besides["commit"], besides["plan"]["counts"]["prices_total"]) == ("main", base, 1)
    assert "Pending besides, in main" in pricebook(shop, "--format", "markdown", "plan", "--base", "main").stdout
    page = pricebook(shop, "--format", "html", "plan", "--base", "main").stdout
    assert "<h2>Pending besides, in <code>main</code></h2>" in page


def test_its_digest_is_the_plan_once_what_is_pending_was_applied(shop: Path) -> None:
    approved = pricebook(shop, "plan", "--base", "main", "--digest").stdout.strip()
    early = pricebook(shop, "apply", "--yes", "--allow", "all", "--expect", approved)
    assert early.returncode == 3
    base = git(shop, "merge-base", "main", "HEAD")
    git(shop, "checkout", "-q", base)
    assert pricebook(shop, "apply", "--yes", "--allow", "all").returncode == 0
    git(shop, "checkout", "-q", "feature")
    assert pricebook(shop, "plan", "--digest").stdout.strip() == approved
    after = pricebook(shop, "plan", "--base", "main")
    assert f"Nothing is pending besides: the store has all of main ({base[:12]})." in after.stdout
    assert pricebook(shop, "apply", "--yes", "--allow", "all", "--expect", approved).returncode == 0


def test_a_branch_that_changes_nothing_and_one_that_begins_the_project(shop: Path) -> None:
    git(shop, "checkout", "-q", "main")
    answer = pricebook(shop, "plan", "--base", "main", "--exit-code")
    assert (answer.returncode, answer.stdout.splitlines()[0]) == (0, "This branch changes nothing in the store.")
    git(shop, "checkout", "-q", "--orphan", "other")
    git(shop, "rm", "-rqf", "--cached", ".")
    (shop.parent / "readme").write_text("x")
    git(shop, "add", ":/readme")
    git(shop, "commit", "-qm", "no project yet")
    begun = pricebook(shop, "plan", "--base", "other")
    assert "1 price" in begun.stdout
    assert "Nothing is pending besides" in begun.stdout


@pytest.mark.parametrize(
    "ref", ["nowhere", "--upload-pack=touch x", "$(touch x)", "a..b", "\x1b[31m", "", "HEAD:catalog", "x" * 9999]
)
def test_hostile_names_are_only_names(shop: Path, ref: str) -> None:
    answer = pricebook(shop, "--format", "json", "plan", f"--base={ref}")
    assert answer.returncode == 1, answer.stdout
    assert [problem["code"] for problem in json.loads(answer.stdout)["problems"]] == ["unknown-base"]
    assert "\x1b" not in answer.stdout
    assert not (shop / "x").exists()


def test_a_branch_may_be_called_anything(shop: Path) -> None:
    git(shop, "update-ref", "refs/heads/--not-an-option", "main")
    answer = pricebook(shop, "plan", "--base=--not-an-option")
    assert "Pending besides, in --not-an-option" in answer.stdout, answer.stderr


def test_shallow_clones_other_histories_and_no_repository_are_said(shop: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{shop.parent}", "shallow")
    shallow = tmp_path / "shallow" / "shöp"
    told = pricebook(shallow, "plan", "--base", "origin/main")
    assert (told.returncode, "this clone is shallow" in " ".join(told.stderr.split())) == (1, True)
    git(shop, "checkout", "-q", "--orphan", "stranger")
    git(shop, "commit", "-qm", "alone")
    strange = pricebook(shop, "plan", "--base", "main")
    assert "have no commit in common" in " ".join(strange.stderr.split())
    outside = tmp_path / "outside"
    (outside / "catalog").mkdir(parents=True)
    (outside / "pricebook.yaml").write_text(PROJECT)
    (outside / "catalog" / "all.yaml").write_text(CATALOG)
    answer = pricebook(outside, "plan", "--base", "main")
    assert (answer.returncode, "error[no-repository]" in answer.stderr) == (1, True)


def test_a_broken_base_is_told_as_the_bases(shop: Path) -> None:
    git(shop, "checkout", "-q", "main")
    commit(shop, "product: pro, billing_frequency: ANNUAL", "product: prp, billing_frequency: ANNUAL", "broken")
    git(shop, "checkout", "-q", "-b", "mended")
    commit(shop, "product: prp", "product: pro", "mended")
    answer = pricebook(shop, "plan", "--base", "main")
    assert answer.returncode == 1
    commit_id = git(shop, "merge-base", "main", "HEAD")[:12]
    assert f"in main ({commit_id}): catalog/all.yaml:13:" in " ".join(answer.stderr.split())


def test_what_is_let_go_besides_is_let_go_on_the_branch_too(shop: Path) -> None:
    git(shop, "checkout", "-q", "main")
    (shop / "catalog" / "all.yaml").write_text(CATALOG[: CATALOG.index("---")])
    (shop / "pricebook.yaml").write_text(PROJECT + "removed: [rate-card:list]\n")
    git(shop, "commit", "-qam", "let the card go")
    git(shop, "checkout", "-q", "-b", "later")
    commit(shop, "name: Pro,", "name: Professional,", "a better name")
    answer = pricebook(shop, "plan", "--base", "main")
    assert (answer.returncode, answer.stderr) == (0, "")
    own, _, besides = answer.stdout.partition("Pending besides")
    assert "product:pro" in own
    assert "rate-card:list" not in own
    assert "○ rate-card:list" in besides


WAIVERS = """\
waivers:
  - {rule: annual-price, covers: "rate-card:list", reason: agreed, by: ada, until: 2026-07-01}
"""


def test_a_waiver_that_comes_with_the_branch_is_told_as_unchecked(shop: Path) -> None:
    policy = "policy: {approvers: [{covers: ['rate-card:*'], people: [ada, grace]}]}\n"
    for branch, text in (("main", policy), ("feature", policy.replace("grace", "mallory"))):
        git(shop, "checkout", "-q", branch)
        if branch == "feature":
            git(shop, "rebase", "-q", "main")
            (shop / "waivers.yaml").write_text(WAIVERS)
        (shop / "pricebook.yaml").write_text(PROJECT + text)
        git(shop, "add", ".")
        git(shop, "commit", "-qm", "who may sign, and a waiver")
    for command in ("plan", "validate"):
        said = pricebook(shop, "--format", "json", command, "--base", "main")
        assert said.returncode == 0, said.stdout
        found = {each["code"]: each for each in json.loads(said.stdout)["findings"]}
        assert found["waiver-unchecked"]["at"]["line"] == 2
        assert found["waiver-unchecked"]["severity"] == "warning"
        assert found["waiver-unchecked"]["hint"].startswith("one of ada, grace other than its author has to approve")
        assert "waiver-unchecked" not in pricebook(shop, "--format", "json", command, "--base", "HEAD").stdout
    waivers = json.loads(pricebook(shop, "--format", "json", "validate", "--base", "main").stdout)["waivers"]
    assert [(each["rule"], each["covers"], each["by"], each["people"]) for each in waivers] == [
        ("annual-price", "rate-card:list", "ada", ["ada", "grace"])
    ]


def test_what_only_the_code_host_knows_stops_nothing(shop: Path) -> None:
    (shop / "waivers.yaml").write_text(WAIVERS)
    (shop / "pricebook.yaml").write_text(PROJECT + "policy: {fail_on: warning, levels: {unpriced-subscription: off}}\n")
    git(shop, "add", ".")
    git(shop, "commit", "-qm", "a waiver")
    said = pricebook(shop, "--format", "json", "validate", "--base", "main")
    severities = {each["code"]: each["severity"] for each in json.loads(said.stdout)["findings"]}
    assert (said.returncode, severities["waiver-unchecked"]) == (0, "note")


def test_every_waiver_in_force_is_told_with_what_brought_it(shop: Path) -> None:
    def commit(message: str) -> str:
        git(shop, "add", "-A")
        git(shop, "commit", "-qm", message)
        return git(shop, "rev-parse", "HEAD")

    def told() -> list[tuple[str, str]]:
        answer = json.loads(pricebook(shop, "--format", "json", "validate", "--waivers").stdout)
        return [(each["rule"], each["commit"]) for each in answer.get("waivers", ())]

    block = (
        "waivers:\n  - rule: annual-price\n    covers: 'rate-card:*'\n    reason: agreed\n    by: ada\n    until: {}\n"
    )
    file = shop / "waivers.yaml"
    file.write_text(block.format("2026-07-01"))
    assert told() == [("annual-price", "")], "nobody knows who brings what is not committed"
    first = commit("a waiver")
    assert told() == [("annual-price", first)]
    file.write_text("# who accepts what\n" + block.format("2026-07-01"))
    commit("a comment")
    assert told() == [("annual-price", first)], "what moves a waiver did not bring it"
    file.write_text(block.format("2027-07-01"))
    second = commit("prolonged")
    assert sorted(told()) == sorted([("annual-price", first), ("annual-price", second)])
    file.write_text(block.format("2020-07-01"))
    commit("ended")
    assert told() == [], "what is not in force accepts nothing"


def test_a_waiver_that_is_prolonged_is_a_new_one(shop: Path) -> None:
    (shop / "waivers.yaml").write_text(WAIVERS)
    git(shop, "add", ".")
    git(shop, "commit", "-qm", "a waiver")
    git(shop, "checkout", "-qb", "longer")
    (shop / "waivers.yaml").write_text(WAIVERS.replace("2026-07-01", "2027-07-01"))
    git(shop, "commit", "-qam", "for longer")
    assert '"code":"waiver-unchecked"' in pricebook(shop, "--format", "json", "validate", "--base", "feature").stdout
    catalog = shop / "catalog" / "all.yaml"
    catalog.write_text(catalog.read_text().replace("metadata: {name: pro}", "metadata: {name: pro, waivers: "
        "[{rule: product-on-no-card, reason: soon, by: ada, until: 2026-03-01}]}"))  # fmt: skip
    git(shop, "commit", "-qam", "beside the product")
    assert "product:pro*" in pricebook(shop, "--format", "json", "validate", "--base", "longer~1").stdout
