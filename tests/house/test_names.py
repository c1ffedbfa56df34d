"""The project's home and version are one setting; files that have to spell them out say the same (`make names`)."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pricebook import REPOSITORY, SITE, __version__

ROOT = Path(__file__).resolve().parents[2]
OWNED = "/".join(REPOSITORY.rsplit("/", 2)[1:])
FORMS = {
    r"([\w.-]+/pricebook)/(?:\.github|pricebook@)": OWNED,
    r"(?:github\.com|ghcr\.io)/([\w.-]+/pricebook)\b": OWNED,
    r"(https://pricebook\.[\w.]+)": SITE,
    r"pricebook(?:/[\w./-]+)?@v([\d.]+\d)": __version__,
    r"rev: v([\d.]+\d)": __version__,
    r"pricebook(?:/pricebook@|\[[\w,]+\]==)(\d[\d.]*\d)": __version__,
    r"pricebook:(\d[\d.]*\d)": __version__,
}
"""How a home and a version are spelled, and what stands there."""


def files() -> list[Path]:
    """Every text of the repository but the changelog, which is about versions that were."""
    known = subprocess.run(["git", "ls-files"], cwd=ROOT, check=False, capture_output=True, text=True).stdout
    if not known:
        pytest.skip("not a clone: nobody says what belongs to it")
    names = [
        name for name in known.splitlines() if not name.endswith((".png", ".sql", "CHANGELOG.md", "test_names.py"))
    ]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


@pytest.mark.parametrize("form", FORMS)
def test_it_is_spelled_the_same_everywhere(form: str) -> None:
    said = {word: path for path in files() for word in re.findall(form, path.read_text(encoding="utf-8"))}
    assert said.keys() <= {FORMS[form]}, said


def test_no_placeholder_is_left() -> None:
    assert not [
        path for path in files() if re.search(r"\bOWNER/pricebook|@0{40}|rev: 0{40}", path.read_text(encoding="utf-8"))
    ]


def test_another_home_is_written_everywhere(tmp_path: Path) -> None:
    """`make names`, on a copy: afterwards nothing but the changelog says the old ones."""
    for path in files():
        (tmp_path / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / path.relative_to(ROOT))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    line = [
        sys.executable,
        "tools/names.py",
        "https://github.com/acme/pricebook",
        "https://prices.acme.example",
        "9.8.7",
    ]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    subprocess.run(line, cwd=tmp_path, check=True, capture_output=True, env=environment)
    wanted = {OWNED: "acme/pricebook", SITE: "https://prices.acme.example", __version__: "9.8.7"}
    for form, now in FORMS.items():
        for path in files():
            told = re.findall(form, (tmp_path / path.relative_to(ROOT)).read_text(encoding="utf-8"))
            assert set(told) <= {wanted[now]}, path
    assert '__version__ = "9.8.7"' in (tmp_path / "src" / "pricebook" / "__init__.py").read_text()


def test_the_package_says_where_it_lives() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    assert urls == {"Documentation": SITE, "Repository": REPOSITORY, "Changelog": f"{SITE}/changelog/"}
