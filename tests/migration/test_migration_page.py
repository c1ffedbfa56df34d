"""The example of the page on migrations is a manifest that holds, beside the example whose package it names."""

import re
import shutil
from pathlib import Path

from pricebook.catalog.migration import Migration
from pricebook.catalog.reference import Kind, Ref
from pricebook.manifest.load import load
from pricebook.project.project import read_project

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_of_the_page_is_a_migration(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    shutil.copytree(ROOT / "examples" / "starter-plan", tmp_path, dirs_exist_ok=True)
    (tmp_path / "catalog" / "spring.yaml").write_text(block, encoding="utf-8")
    found = load(read_project(tmp_path)).beside[Ref(Kind.MIGRATION, "spring")]
    assert isinstance(found, Migration)
    assert (found.target, len(found.waves), found.transition) == ("starter-plan", 2, "END_AND_PROVISION")
