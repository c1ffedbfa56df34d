"""Six stories that a reviewer is told, each as a project on a disk with contracts: the comment is a golden file, and
answers by itself what docs/review.md says that it must, and what it costs a month.

The small ones are told whole. Of the long list, which is a step of a published table of prices, the head is.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from drawing import plan_document
from published import model_stages, planned

pytestmark = pytest.mark.whole

CREW = Path(__file__).parent / "story"
Edit = tuple[str, str]
RISE = (r"(team-seat, .*)2026-01-01, price: \$5.00", r"\g<1>2027-01-01, price: $7.00")
STORIES: dict[str, tuple[Edit, ...]] = {
    "one-price": (RISE,),
    "one-package": ((r"unit_price: 300", "unit_price: 500"),),
    "tiers": (
        (r"product: storage\n      starting_at: 2026-01-01", "product: storage\n      starting_at: 2027-01-01"),
        (r"size: 51200", "size: 10240"),
        (r"price: \$0.021}", "price: $0.0215}"),
    ),
    "plan-deleted": (
        (r"(?s)---\napiVersion: pricebook/v1\nkind: Package\nmetadata: {name: enterprise}.*", ""),
        (r".*enterprise-seat.*\n", ""),
    ),
    "planned-rise": (RISE,),
}
"""What somebody changes in the manifests, for each story."""

ANSWERS: dict[str, dict[str, str]] = {
    "one-price": {
        "What changes?": "Team seat goes from $5.00 to $7.00",
        "What does it cost us a month?": "+$80.00 a month (+$960.00 a year) for 4 contracts",
        "What is a price for?": "| **Team seat**, per seat a month |",
        "By how much?": "+40.0 %",
        "From when?": "| 2027-01-01 |",
        "For whom?": "4 of 6 contracts on the card",
        "What happens to customers already there?": "changes what customers under contract pay",
        "What could go wrong?": "| `PRICE_UP` | 1 | somebody pays more |",
        "Will it be applied as it is?": "**Needs an approval by finance**: price-up.",
        "What do our own rules say?": "| **error** [`price-up`](",
        "What is not touched?": "14 objects as desired already.",
        "Which plan is this?": "crew · local · as of 2026-11-29 · plan `",
    },
    "one-package": {
        "What changes?": "| **Team v2**: Included AI credits | 300 ai-credits (worth $12.00) a month",
        "What does it cost us a month?": "+200 ai-credits a month (+2,400 ai-credits a year, worth $96.00), for each",
        "What is a price for?": "a month for AI requests",
        "By how much?": "| 500 ai-credits (worth $20.00) a month",
        "From when?": "| when applied |",
        "For whom?": "contracts made from then on",
        "What happens to customers already there?": "4 contracts made before stay as they are",
        "What could go wrong?": "| `ALIAS_MOVES` | 1 | new contracts by this alias get something else |",
        "Will it be applied as it is?": "**Applied as it is**: nothing stands against it.",
        "Where is it declared?": "`catalog/crew.yaml:",
        "What is not touched?": "objects as desired already.",
        "Which plan is this?": "crew · local · as of 2026-11-29 · plan `",
    },
    "tiers": {
        "What changes?": "Object storage changes in its tiers",
        "What does it cost us a month?": "$1,177.60 → $1,136.64 for 51,200 GB-months",
        "What is a price for?": "| **Object storage**, per GB-month | until then | after |",
        "By how much?": "cheaper from 10,240 to 634,880 GB-months: at most −3.5 %",
        "From when?": "| 2027-01-01 |",
        "For whom?": "all 6 contracts on the card",
        "What happens to customers already there?": "changes what customers under contract pay",
        "What could go wrong?": "| `PRICE_DOWN` | 1 | somebody pays less |",
        "Will it be applied as it is?": "**Needs an approval by finance**",
        "What is left out here?": "| above 512,000 | $0.021 | **$0.0215** |",
        "What is not touched?": "14 objects as desired already.",
        "Which plan is this?": "crew · local · as of 2026-11-29 · plan `",
    },
    "plan-deleted": {
        "Is there anything to do at all?": "**Nothing to apply**: what left the manifests stays as it is.",
        "What changes?": "Enterprise v1 and 1 more object are in no manifest any more and stay",
        "What does it cost us a month?": "$2,500.00 a month ($30,000.00 a year) in fees and commits",
        "For whom?": "2 contracts on it",
        "What happens to customers already there?": "contracts stay",
        "What could go wrong?": "still sold by alias enterprise",
        "What is not touched?": "What manifests declare is as they say (12 objects, 3 prices).",
        "Which plan is this?": "crew · local · as of 2026-11-29 · plan `",
    },
    "planned-rise": {
        "What changes?": "Team seat goes from $5.00 to $7.00 per seat a month",
        "What does it cost us a month?": "+$80.00 a month (+$960.00 a year) for 4 contracts",
        "By how much?": "(+40.0 %; was to be $6.00)",
        "From when?": "| 2027-01-01 |",
        "For whom?": "4 of 6 contracts on the card",
        "What could go wrong?": "| `PRICE_UP` | 1 | somebody pays more |",
        "Will it be applied as it is?": "**Needs an approval by finance**",
        "Which plan is this?": "crew · local · as of 2026-11-29 · plan `",
    },
    "free-to-paid": {
        "What changes?": "130 prices change",
        "What does it cost us a month?": "with no contract on the card",
        "What is a price for?": ", per 1M tokens |",
        "By how much?": "4 up (2 free until now), 24 down, 102 end",
        "From when?": "| 2025-12-01 |",
        "For whom?": "| nobody |",
        "What could go wrong?": "| `ENTITLEMENT_LOST` | 102 | customers can no longer use it |",
        "Will it be applied as it is?": "**Refused as it is**",
        "Which of it looks like a mistake?": "| **9 tenfold or more** |",
        "What is left out here?": "more changes",
        "Which plan is this?": "llm · local · as of 2025-12-01 · plan `",
    },
}
"""What of the comment answers each question: worked out by hand from the edit and the six contracts."""


def run(folder: Path, at: str, *words: str) -> str:
    command = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", at, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def change(folder: Path, edits: tuple[Edit, ...]) -> None:
    file = folder / "catalog" / "crew.yaml"
    text = file.read_text(encoding="utf-8")
    for before, after in edits:
        text, count = re.subn(before, after, text)
        assert count, before
    file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, applied, with four contracts of ten seats on Team and two of fifty on Enterprise."""
    folder = tmp_path_factory.mktemp("stories") / "crew"
    shutil.copytree(CREW, folder)
    assert "Read back and verified." in " ".join(run(folder, "2026-06-01", "apply", "--yes").split())
    for package, customers in (("team", 4), ("enterprise", 2)):
        for number in range(customers):
            asked = ("--customer", f"{package}-{number}", "--package", package, "--starting-at", "2026-06-01")
            assert "Made: contract" in run(folder, "2026-06-01", "provision", *asked, "--yes")
    return folder


@pytest.mark.parametrize("story", [*STORIES])
def test_a_story_is_told_whole(story: str, crew: Path, tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    folder = tmp_path / "crew"
    shutil.copytree(crew, folder)
    if story == "planned-rise":
        planned_before = (RISE[0], RISE[1].replace("$7.00", "$6.00"))
        waiver = "waivers: [{rule: PRICE_UP, covers: '*', reason: agreed, by: finance, until: 2026-11-02}]\n"
        (folder / "waivers.yaml").write_text(waiver, encoding="utf-8")
        change(folder, (planned_before,))
        assert "Applied: 1 rate added." in run(folder, "2026-11-01", "apply", "--yes")
        (folder / "waivers.yaml").unlink()
        change(folder, ((r"2027-01-01, price: \$6.00", "2027-01-01, price: $7.00"),))
    else:
        change(folder, STORIES[story])
    comment = tmp_path / "comment.md"
    run(folder, "2026-11-29", "plan", "--report", f"markdown={comment}")
    told = comment.read_text(encoding="utf-8")
    golden(f"story-{story}.md", told)
    answered(story, told)


def test_a_long_list_is_told_by_its_head(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    """A published table of prices, from one release to the next: 2,412 prices, two of which were free."""
    plans = [plan for plan, _ in planned(model_stages(tmp_path), "llm")]
    told = plan_document("markdown", plans[2])
    head, _, _ = told.partition("<details>")
    golden("story-free-to-paid.md", head)
    answered("free-to-paid", told)


def answered(story: str, told: str) -> None:
    missing = {question: words for question, words in ANSWERS[story].items() if words not in told}
    assert missing == {}
