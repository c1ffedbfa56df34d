"""Price lists with a past, made as they come to be in a store: plan after plan, each applied. And their sites."""

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from pricebook.catalog.catalog import Catalog
from pricebook.format.site.feed import feed_schema
from pricebook.format.site.pages import site_files
from pricebook.manifest.load import load
from pricebook.manifest.schema import schema_text
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.plan.step import Plan
from pricebook.project.project import read_project
from pricebook.view.price_list import price_list
from pricebook.workflow.site import publish

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
RELEASES = [("1.57.2", "2025-01-01"), ("1.67.0", "2025-05-01"), ("1.80.0", "2025-12-01"), ("1.97.0", "2026-09-01")]
"""The tables of `examples/llm-prices`, and the date from which its page lets each hold."""


def instant(day: str) -> datetime:
    """Midnight, UTC."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def applied(stages: Iterable[tuple[str, Catalog]], namespace: str = "acme") -> Snapshot:
    """What a store holds after each catalogue was applied on its day."""
    *_, (_, held) = planned(stages, namespace)
    return held


def planned(stages: Iterable[tuple[str, Catalog]], namespace: str) -> Iterator[tuple[Plan, Snapshot]]:
    """The plan of each catalogue on its day, and what a store holds after it."""
    held = Snapshot(instant("2025-01-01"))
    for day, catalog in stages:
        at = instant(day)
        held = replace(held, observed_at=at)
        made = make_plan(catalog, held, namespace=namespace, environment="local", as_of=at)
        held = rehearse(held, [step.change for step in made.steps])
        yield made, held


def edited(folder: Path, file: str, *changes: tuple[str, str]) -> Catalog:
    """The catalogue of a project after an edit of one of its manifests."""
    path = folder / "catalog" / file
    text = path.read_text(encoding="utf-8")
    for before, after in changes:
        text, count = re.subn(before, after, text)
        assert count, before
    path.write_text(text, encoding="utf-8")
    return load(read_project(folder)).catalog


def starter(scratch: Path) -> Snapshot:
    """The starter plan: a price that falls in January, and a second version with a larger credit."""
    return applied(starter_stages(scratch))


def starter_stages(scratch: Path) -> list[tuple[str, Catalog]]:
    """The catalogues of the starter plan, each with its day."""
    folder = scratch / "starter-plan"
    shutil.copytree(EXAMPLES / "starter-plan", folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    first = load(read_project(folder)).catalog
    cheaper = edited(
        folder,
        "rate-card.yaml",
        (r"(input-tokens,.*large.*)2025-04-01, price: \$2.50", r"\g<1>2026-01-01, price: $2.00"),
    )
    larger = edited(folder, "packages/starter-plan.yaml", (r"unit_price: \$10.00", "unit_price: $15.00"))
    return [("2025-10-01", first), ("2025-12-01", cheaper), ("2026-02-01", larger)]


def models(scratch: Path, cards: int = 1) -> Snapshot:
    """Four releases of prices of language models, one after another; the same on each of several cards."""
    return applied(model_stages(scratch, cards), "llm")


def model_stages(scratch: Path, cards: int = 1) -> list[tuple[str, Catalog]]:
    """The catalogues of the four releases, each with its day."""
    folder = scratch / "llm-prices"
    shutil.copytree(EXAMPLES / "llm-prices", folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    for number in range(1, cards):
        card = (folder / "catalog" / "rate-card.yaml").read_text(encoding="utf-8")
        card = card.replace("name: models", f"name: models-{number}").replace("Language models", f"Models {number}")
        (folder / "catalog" / f"rate-card-{number}.yaml").write_text(card, encoding="utf-8")
    files = sorted(path.name for path in (folder / "catalog").glob("rate-card*"))
    stages = [(RELEASES[0][1], load(read_project(folder)).catalog)]
    for (release, day), (following, later) in pairwise(RELEASES):
        for file in files:
            catalog = edited(folder, file, (re.escape(release), following), (day, later))
        stages.append((later, catalog))
    return stages


def write_site(folder: Path, held: Snapshot, opens_on: str | None, namespace: str = "acme") -> Path:
    """The site of a snapshot, and its folder."""
    day = instant(opens_on) if opens_on else None
    publish(folder, namespace, site_files(price_list(held, namespace), day, schema_text(feed_schema())))
    return folder
