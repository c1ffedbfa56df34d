"""Two environments of one project, as a user meets them: on SQLite, and as two accounts behind HTTP."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pricebook import wiring
from pricebook.cli.main import root
from pricebook.sandbox.server import serving

EXAMPLE = Path(__file__).parents[2] / "examples" / "starter-plan"
HEAD = "namespace: acme\nmanifests: [catalog]\nenvironments:\n"
OVERLAY = "overlays: [overlays/sandbox.yaml]"
BY_OVERLAY = """\
Differs by overlay, as the manifests have it
  package:starter-plan   2 fields differ; @1 in sandbox is @1 in production, by overlay
      name
          sandbox Starter Plan (sandbox), production Starter Plan (as of Oct 2025)
      recurring_credits[sign-…ccess_amount.unit_price   sandbox $100.00, production $10.00
"""


@dataclass
class Desk:
    """A copy of the starter plan whose two environments are `sandbox` and `production`."""

    folder: Path
    stores: tuple[str, str]
    """How `pricebook.yaml` says which stores they are."""

    def pricebook(self, *words: str, at: str = "2025-10-01", status: int = 0) -> str:
        """What a command prints, which ends as it is expected to."""
        with pytest.MonkeyPatch.context() as patch, ExitStack() as opened:
            opening = wiring.open_store
            patch.setattr(
                wiring, "open_store", lambda *given, **named: opened.enter_context(closing(opening(*given, **named)))
            )
            done: Result = CliRunner().invoke(root, ["-C", str(self.folder), "--as-of", at, *words])
        assert done.exit_code == status, f"{done.exit_code}\n{done.output}"
        return done.output

    def edit(self, file: str, before: str, after: str) -> None:
        """Edit a file."""
        text = (self.folder / file).read_text()
        assert before in text
        (self.folder / file).write_text(text.replace(before, after))

    def swap(self) -> None:
        """Give each environment the store of the other one; names, journals and overlays stay."""
        text = (self.folder / "pricebook.yaml").read_text()
        one, other = self.stores
        text = text.replace(one, "ONE").replace(other, one).replace("ONE", other)
        (self.folder / "pricebook.yaml").write_text(text)

    def apply(self, *environments: str, at: str = "2025-10-01") -> None:
        """Apply the manifests."""
        for environment in environments:
            self.pricebook("--env", environment, "apply", "--yes", at=at)


@pytest.fixture(params=["sqlite", "http"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Both environments are empty."""
    shutil.copytree(EXAMPLE, tmp_path / "p", ignore=shutil.ignore_patterns("*.db*"))
    monkeypatch.setenv("COLUMNS", "100")
    if request.param == "sqlite":
        stores = ('store: "sqlite:///s.db"', 'store: "sqlite:///p.db"')
        made = Desk(tmp_path / "p", stores)
        (made.folder / "pricebook.yaml").write_text(_settings(*stores))
        yield made
        return
    with serving(token="same") as sandbox, serving(token="same") as production:
        monkeypatch.setenv("PRICEBOOK_SAND", "same")
        monkeypatch.setenv("PRICEBOOK_PROD", "same")
        more = "store: metronome, requests_per_minute: 1000000"
        stores = (
            f"{more}, base_url: '{sandbox.url}', token_env: PRICEBOOK_SAND, journal: 'sqlite:///sj.db'",
            f"{more}, base_url: '{production.url}', token_env: PRICEBOOK_PROD, journal: 'sqlite:///pj.db'",
        )
        made = Desk(tmp_path / "p", (sandbox.url, production.url))
        (made.folder / "pricebook.yaml").write_text(_settings(*stores))
        yield made


def _settings(sandbox: str, production: str) -> str:
    return f"{HEAD}  sandbox: {{{sandbox}, {OVERLAY}}}\n  production: {{{production}}}\n"


def test_what_differs_is_told_apart_and_promoted(desk: Desk) -> None:
    desk.apply("sandbox", "production")
    same = desk.pricebook("diff", "sandbox", "production")
    assert same == (
        "acme · sandbox against production · as of 2025-10-01 00:00Z\n"
        "sandbox and production hold the same: 16 objects are alike; 2 differences are meant, by overlay.\n\n"
        + BY_OVERLAY
    )
    desk.edit(
        "catalog/rate-card.yaml",
        "{model: large}, starting_at: 2025-04-01, price: $2.50",
        "{model: large}, starting_at: 2026-01-01, price: $2.00",
    )
    desk.edit("catalog/plans.yaml", "name: Sign-up credit", "name: Sign-up gift")
    desk.edit("catalog/packages/good.yaml", "  rate_card_alias", "  net_payment_terms_days: 30\n  rate_card_alias")
    desk.apply("sandbox", at="2025-12-01")
    shown = desk.pricebook("diff", "sandbox", "production", at="2025-12-02", status=2)
    # An account also tells of the update that holds from the next hour on.
    assert shown.partition("\nCould not be verified")[0] == (
        "acme · sandbox against production · as of 2025-12-02 00:00Z\n"
        "sandbox and production differ: 3 differences; 13 objects are alike; 2 differences are meant, by\n"
        "overlay.\n\n"
        "Differs\n"
        "  rate-card:tokens   1 price differs   catalog/rate-card.yaml:3\n"
        "      Input tokens · large (input-tokens · model=large)\n"
        "          sandbox $2.00 per 1M input tokens, production $2.50 per 1M input tokens   from 2026-01-01\n"
        "  package:good   1 field differs; @2 in sandbox is @1 in production   catalog/packages/good.yaml:1\n"
        "      net_payment_terms_days   sandbox 30, production not set\n"
        "  product:sign-up-credit   1 field differs   catalog/plans.yaml:27\n"
        "      name   sandbox Sign-up gift, production Sign-up credit\n\n" + BY_OVERLAY
    )
    # What was tried in the sandbox goes on, although the manifests say something else by now.
    desk.edit("catalog/plans.yaml", "name: Sign-up gift", "name: Sign-up something")
    file = str(desk.folder / "plan.json")
    shown = desk.pricebook("promote", "sandbox", "production", "-o", file, "--exit-code", at="2025-12-02", status=2)
    assert "name   Sign-up credit -> Sign-up gift" in shown
    assert "$2.50 -> $2.00 per 1M input tokens   -20.0 %   from 2026-01-01" in shown
    assert "± package:good@2" in shown
    assert "starter-plan" not in shown
    assert "warning[promoted-otherwise] catalog/plans.yaml:27:1" in shown
    desk.pricebook("--env", "production", "apply", file, "--yes", at="2025-12-02")
    assert desk.pricebook("promote", "sandbox", "production", "--exit-code", at="2025-12-02").startswith(
        "Nothing to promote: production holds what sandbox holds, but for what overlays say.\n"
    )
    after = json.loads(desk.pricebook("--format", "json", "diff", "sandbox", "production", at="2025-12-02"))
    assert (after["apart"], after["counts"]) == (
        False,
        {"differs": 0, "missing": 0, "only_there": 0, "intended": 2, "same": 16},
    )
    assert desk.pricebook("--format", "markdown", "diff", "sandbox", "production", at="2025-12-02").startswith(
        "### sandbox and production hold the same: 16 objects are alike; 2 differences are meant, by overlay"
    )


def test_an_empty_environment_lacks_everything_and_gets_it(desk: Desk) -> None:
    desk.apply("sandbox")
    found = json.loads(desk.pricebook("--format", "json", "diff", "sandbox", "production", status=2))
    assert found["counts"] == {"differs": 0, "missing": 17, "only_there": 0, "intended": 0, "same": 0}
    back = json.loads(desk.pricebook("--format", "json", "diff", "production", "sandbox", status=2))
    assert back["counts"] == {"differs": 0, "missing": 0, "only_there": 17, "intended": 0, "same": 0}
    file = str(desk.folder / "plan.json")
    desk.pricebook("promote", "sandbox", "production", "-o", file)
    desk.pricebook("--env", "production", "apply", file, "--yes")
    # The overlay of the sandbox stays there: production has what a plan of its own would have given it.
    assert "Nothing to change" in desk.pricebook("--env", "production", "plan", "--exit-code")
    assert "hold the same" in desk.pricebook("diff", "sandbox", "production")


def test_what_the_source_lacks_or_has_besides_is_said(desk: Desk) -> None:
    desk.apply("sandbox")
    other = desk.folder / "catalog" / "other.yaml"
    product = "apiVersion: pricebook/v1\nkind: Product\nmetadata: {name: %s}\nspec: {name: %s, type: FIXED}\n"
    other.write_text(product % ("tried", "Tried"))
    desk.apply("sandbox")
    other.write_text(product % ("planned", "Planned"))
    shown = desk.pricebook("promote", "sandbox", "production")
    assert "+ product:tried" in shown
    assert "+ product:planned" not in shown
    assert "product:tried: it is in sandbox and in no manifest, and is promoted all the same" in shown
    assert "product:planned: it is in the manifests and not in sandbox: it is not promoted" in shown


def test_a_field_of_an_overlay_takes_the_values_of_its_environment_beside_what_was_tried(desk: Desk) -> None:
    desk.apply("sandbox", "production")
    desk.edit("catalog/packages/starter-plan.yaml", "net_payment_terms_days: 15", "net_payment_terms_days: 45")
    desk.apply("sandbox")
    desk.edit("catalog/packages/starter-plan.yaml", "net_payment_terms_days: 45", "net_payment_terms_days: 60")
    shown = desk.pricebook("promote", "sandbox", "production")
    assert "due 45 days later" in shown
    assert "unit_price" not in shown
    assert "(sandbox)" not in shown


def test_what_cannot_be_compared_is_refused(desk: Desk) -> None:
    for command in ("diff", "promote"):
        assert "one-environment" in desk.pricebook(command, "sandbox", "sandbox", status=1)
        assert 'environment "prodution" does not exist' in desk.pricebook(command, "sandbox", "prodution", status=1)


def test_an_account_is_marked_once_and_then_taken_for_no_other(desk: Desk) -> None:
    assert "bears no mark" in desk.pricebook("--env", "production", "account")
    said = desk.pricebook("--env", "production", "apply", "--yes")
    assert "The account is marked as acme/production now.\n" in said
    (id_,) = re.findall("add in pricebook.yaml to production: account: ([0-9a-f]{16})\n", said)
    desk.edit("catalog/plans.yaml", "name: Sign-up credit", "name: Sign-up gift")
    assert "marked" not in desk.pricebook("--env", "production", "apply", "--yes")
    found = json.loads(desk.pricebook("--env", "production", "--format", "json", "account"))
    assert found.pop("format") == "pricebook-answer/account"
    keys = found.pop("keys")
    assert found == {"environment": "production", "marked_as": "production", "id": id_, "remembered": None}
    assert all(key.partition("/")[2].startswith("pricebook_") for key in keys)
    desk.swap()  # the token, or the file, of the other environment
    file = str(desk.folder / "plan.json")
    for command in (["plan", "-o", file], ["drift"], ["apply", "--yes"], ["preview", "starter-plan", "--from-store"]):
        refused = desk.pricebook("--env", "sandbox", *command, status=1)
        assert "wrong-account" in refused, command
        assert "this account is marked as acme/production, and acme/sandbox was asked for" in refused
    for command in ("diff", "promote"):
        assert "wrong-account" in desk.pricebook(command, "production", "sandbox", status=1)
    assert not Path(file).exists()
    # It is meant: the sandbox moved there.
    assert "marked as acme/sandbox" in desk.pricebook("--env", "sandbox", "account", "--mark")
    assert "package:starter-plan@2" in desk.pricebook("--env", "sandbox", "plan")


def test_an_account_that_is_remembered_is_the_only_one(desk: Desk) -> None:
    said = desk.pricebook("--env", "production", "apply", "--yes")
    (id_,) = re.findall("account: ([0-9a-f]{16})\n", said)
    desk.edit("pricebook.yaml", "production: {", f"production: {{account: {id_}, ")
    assert "Nothing to change" in desk.pricebook("--env", "production", "plan")
    assert "pricebook.yaml remembers it" in desk.pricebook("--env", "production", "account")
    desk.swap()
    refused = desk.pricebook("--env", "production", "plan", status=1)
    assert f"this account bears no mark, and production is remembered as {id_}" in refused
    desk.pricebook("--env", "production", "apply", "--yes", status=1)
    desk.swap()
    desk.edit("pricebook.yaml", id_, "0123456789abcdef")
    refused = desk.pricebook("--env", "production", "plan", status=1)
    assert f"this account is {id_}, marked as" in refused
    desk.edit("pricebook.yaml", "0123456789abcdef", "someone")
    assert "name" in desk.pricebook("--env", "production", "plan", status=1)
