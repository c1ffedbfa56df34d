"""`pricebook cohorts`: who is on which version, counted and listed, in every form, with hostile customers."""

import csv
import io
import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pricebook.catalog.reference import Kind, Ref
from pricebook.cli.main import root
from pricebook.plan.contract import Provision
from pricebook.store.sql import SqlStore

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "starter-plan"
AS_OF = ("--as-of", "2026-02-10")
OCTOBER, JANUARY, MARCH = (datetime(*month, 1, tzinfo=UTC) for month in ((2025, 10), (2026, 1), (2026, 3)))
HOSTILE = "=cmd|'/c calc'!A1,\x1b[31m\n"


def pricebook(project: Path, *arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(root, ["-C", str(project), *arguments])
    assert result.exit_code == status, f"exit status {result.exit_code}\n{result.output}"
    return result


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter plan in two versions: the second one gives more, and has the alias from January on.

    Five contracts: two on the first version, of which one ended, three on the second, one of them to start, one made
    before the alias came to it.
    """
    folder = tmp_path_factory.mktemp("cohorts") / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    (folder / "catalog" / "scenarios.yaml").unlink()
    pricebook(folder, "--as-of", "2025-10-01", "apply", "--yes")
    manifest = folder / "catalog" / "packages" / "starter-plan.yaml"
    text = manifest.read_text(encoding="utf-8")
    text = text.replace("unit_price: $10.00", "unit_price: $15.00")
    text = text.replace("[{name: starter-plan}]", "[{name: starter-plan, starting_at: 2026-01-01}]")
    manifest.write_text(text, encoding="utf-8")
    pricebook(folder, "--as-of", "2025-12-01", "apply", "--yes", "--allow", "all")
    store = SqlStore(f"sqlite:///{folder / 'pricebook.db'}")
    for customer, start, alias in (
        ("ada", OCTOBER, True),
        ("bob", OCTOBER, True),
        ("cyd", OCTOBER, False),
        (HOSTILE, JANUARY, True),
        ("ada", MARCH, True),
    ):
        on = {"alias": "starter-plan"} if alias else {"package": Ref(Kind.PACKAGE, "starter-plan", 2)}
        store.provision("acme", Provision(customer, start, f"{customer} {start}", **on), start)  # type: ignore[arg-type]
    (bob,) = store.customer_contracts("acme", "bob")
    store.end_contract(bob, JANUARY)
    store.close()
    return folder


TEXT = """\
package:starter-plan   4 contracts on 2 versions, as of 2026-02-10
  version   run   to start   customers   first start   last end     came as
  @1        1     0          1           2025-10-01    2026-10-01   starter-plan
  @2        2     1          3           2025-10-01    2027-03-01   no alias (1), starter-plan (2)
  @2 differs from @1
    recurring_credits[sign-up].access_amount.unit_price   $10.00 -> $15.00   +50.0 %
"""


def test_a_package_is_a_table_of_its_versions(project: Path) -> None:
    assert pricebook(project, *AS_OF, "cohorts", "starter-plan").stdout == TEXT
    assert pricebook(project, *AS_OF, "cohorts", "package:starter-plan").stdout == TEXT


def test_without_a_package_all_are_counted(project: Path) -> None:
    told = pricebook(project, *AS_OF, "cohorts").stdout
    assert TEXT in told
    assert "package:team   no contract on 1 version, as of 2026-02-10\n" in told


def test_what_ended_is_counted_when_asked(project: Path) -> None:
    told = pricebook(project, *AS_OF, "cohorts", "starter-plan", "--ended").stdout
    assert "  @1        1     0          1       2           2025-10-01    2026-10-01   starter-plan\n" in told


def test_the_counts_for_programs(project: Path) -> None:
    found = json.loads(pricebook(project, *AS_OF, "--format", "json", "cohorts", "starter-plan").stdout)
    assert found["as_of"] == "2026-02-10T00:00:00Z"
    assert found["versions"][1].pop("made")
    assert found["versions"][1] == {
        "package": "starter-plan",
        "version": 2,
        "version_archived": False,
        "running": 2,
        "to_start": 1,
        "ended": 0,
        "archived": 0,
        "customers": 3,
        "first_start": "2025-10-01T00:00:00Z",
        "last_start": "2026-03-01T00:00:00Z",
        "last_end": "2027-03-01T00:00:00Z",
        "without_end": 0,
        "came_as": {"": 1, "starter-plan": 2},
        "differs": [
            {
                "path": "recurring_credits[sign-up].access_amount.unit_price",
                "from": "$10.00",
                "to": "$15.00",
                "change": "+50.0 %",
            }
        ],
    }


LIST = """\
package:starter-plan@1
  ada   from 2025-10-01   until 2026-10-01   as starter-plan

package:starter-plan@2
  cyd                                from 2025-10-01   until 2026-10-01              no alias
  =cmd|'/c calc'!A1,\\x1b[31m\\n       from 2026-01-01   until 2027-01-01              as starter-plan
  ada                                from 2026-03-01   until 2027-03-01   to start   as starter-plan
"""


def test_the_contracts_are_listed(project: Path) -> None:
    told = pricebook(project, *AS_OF, "cohorts", "starter-plan", "--contracts").stdout
    assert "\x1b" not in told
    words = [" ".join(line.split()) for line in told.splitlines()]
    assert words == [" ".join(line.split()) for line in LIST.splitlines()]
    assert pricebook(project, *AS_OF, "cohorts", "best", "--contracts").stdout == "Nobody is on it.\n"


def test_the_contracts_for_programs_are_one_document(project: Path) -> None:
    told = pricebook(project, *AS_OF, "--format", "json", "cohorts", "--contracts", "--ended").stdout
    found = json.loads(told)["contracts"]
    assert [(one["customer"], one["version"], one["state"], one["came_as"]) for one in found] == [
        ("ada", 1, "running", "starter-plan"),
        ("bob", 1, "ended", "starter-plan"),
        ("cyd", 2, "running", ""),
        (HOSTILE, 2, "running", "starter-plan"),
        ("ada", 2, "coming", "starter-plan"),
    ]
    nobody = json.loads(pricebook(project, *AS_OF, "--format", "json", "cohorts", "best", "--contracts").stdout)
    assert nobody == {"format": "pricebook-answer/contracts", "as_of": "2026-02-10T00:00:00Z", "contracts": []}


def test_a_spreadsheet_finds_no_formula(project: Path) -> None:
    for arguments in (("--contracts",), ()):
        told = pricebook(project, *AS_OF, "cohorts", "starter-plan", "--csv", *arguments).stdout
        rows = list(csv.reader(io.StringIO(told)))
        assert len({len(row) for row in rows}) == 1
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert rows[2][-2:] == [
        "no alias (1); starter-plan (2)",
        "recurring_credits[sign-up].access_amount.unit_price: $10.00 -> $15.00",
    ]


def test_a_package_that_is_not_there(project: Path) -> None:
    told = pricebook(project, "cohorts", "startr-plan", status=1).stderr
    assert 'there is no package "startr-plan" in the store' in told
    assert 'did you mean "starter-plan"?' in told


def test_the_site_says_how_many_only_when_asked_and_never_who(project: Path, tmp_path: Path) -> None:
    for name, options in (("public", ()), ("internal", ("--cohorts",))):
        pricebook(project, *AS_OF, "site", "--output", str(tmp_path / name), *options)
    public, internal = (
        {path.relative_to(tmp_path / name): path.read_text("utf-8") for path in (tmp_path / name).rglob("*.html")}
        for name in ("public", "internal")
    )
    page = Path("packages/starter-plan.html")
    assert {path for path in public if public[path] != internal[path]} == {page}
    assert "<h2>Contracts</h2>" not in public[page]
    told = " ".join(re.sub("<[^>]*>", " ", internal[page]).split())
    rows = "version 2 2 1 2025-10-01 2027-03-01 version 1 1 0 2025-10-01 2026-10-01"
    assert f"Contracts As of 2026-02-10 . Version Run To start First start Last end {rows}" in told
    assert not [customer for customer in ("ada", "bob", "cyd") if re.search(rf"\b{customer}\b", internal[page])]
