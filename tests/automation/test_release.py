"""A release without GitHub, PyPI and a container engine: its steps run as far as they go here; its files are judged."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from job import ACTION, ROOT, Job, read

from pricebook import __version__

TOOLS = Path(sys.executable).parent
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
CHANGELOG = (
    "# Changelog\n\n## [Unreleased]\n\n- Next\n\n## [1.2.0] - 2026-01-31\n\n### Added\n\n- This\n\n## [1.1.0] - 2025\n"
)


def checkout(folder: Path) -> Path:
    """A copy of what belongs to the repository."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, check=False, capture_output=True, text=True).stdout
    if not names:
        pytest.skip("not a clone: nobody says what belongs to it")
    for name in names.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def notes(folder: Path, tag: str, version: str, changelog: str) -> subprocess.CompletedProcess[str]:
    """What tools/release.py says of a tag."""
    (folder / "tools").mkdir()
    (folder / "src" / "pricebook").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "release.py", folder / "tools")
    (folder / "src" / "pricebook" / "__init__.py").write_text(f'"""x"""\n\n__version__ = "{version}"\n')
    (folder / "CHANGELOG.md").write_text(changelog)
    line = [sys.executable, "-I", folder / "tools" / "release.py", tag]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_the_notes_are_the_section_of_the_changelog(tmp_path: Path) -> None:
    assert notes(tmp_path, "v1.2.0", "1.2.0", CHANGELOG).stdout == "### Added\n\n- This\n"


@pytest.mark.parametrize(
    ("tag", "version", "said"),
    [
        ("v1.2.1", "1.2.0", "the tag is v1.2.1, and the version v1.2.0"),
        ("1.2.0", "1.2.0", "the tag is 1.2.0, and the version v1.2.0"),
        ("v1.3.0", "1.3.0", "the changelog says nothing about 1.3.0"),
        ("v1.1.0", "1.1.0", "has no date"),
    ],
)
def test_what_cannot_be_released(tmp_path: Path, tag: str, version: str, said: str) -> None:
    done = notes(tmp_path, tag, version, CHANGELOG)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_release_is_built_as_the_workflow_builds_it(tmp_path: Path) -> None:
    """Notes, sdist, wheel and bill of materials, of a checkout whose changelog has the section by then."""
    job = Job(tmp_path / "job")
    checkout(job.workspace)
    changelog = job.workspace / "CHANGELOG.md"
    if f"## [{__version__}]" not in changelog.read_text():
        text = changelog.read_text().replace("## [Unreleased]", f"## [Unreleased]\n\n## [{__version__}] - 2026-01-31")
        changelog.write_text(text)
    (run,) = [step["run"] for step in read(RELEASE)["jobs"]["build"]["steps"] if "run" in step]
    registry = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    answer = job.run(run, GITHUB_REF_NAME=f"v{__version__}", **registry)
    if answer.status and "CI" not in os.environ and re.search("connection|resolve", answer.said, re.IGNORECASE):
        pytest.skip("no package registry")
    assert answer.status == 0, answer.said
    made = job.workspace / "release"
    assert sorted(path.name for path in (made / "dist").iterdir()) == [
        f"pricebook-{__version__}-py3-none-any.whl",
        f"pricebook-{__version__}.tar.gz",
    ]
    assert re.search(r"^### ", (made / "notes.md").read_text(), re.MULTILINE)
    bill = json.loads((made / "pricebook.cdx.json").read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "pricebook")
    locked = re.findall(r"^([\w.-]+)==", (ACTION / "requirements.txt").read_text(), re.MULTILINE)
    assert {part["name"] for part in bill["components"]} == set(locked)


def test_only_what_publishes_may_publish() -> None:
    """Each right in the one job that needs it, and no secret anywhere: identities and nothing to steal."""
    workflow = read(RELEASE)
    assert "secrets." not in RELEASE.read_text()
    assert workflow["permissions"] == {}
    assert workflow["on"] == {"push": {"tags": ["v[0-9]*"]}}
    held = {
        (name, right)
        for name, job in workflow["jobs"].items()
        for right, access in job["permissions"].items()
        if access == "write"
    }
    assert held == {
        ("build", "id-token"),
        ("build", "attestations"),
        ("pypi", "id-token"),
        ("image", "packages"),
        ("image", "id-token"),
        ("image", "attestations"),
        ("github", "contents"),
        ("site", "pages"),
        ("site", "id-token"),
    }
    assert {name for name, job in workflow["jobs"].items() if "environment" in job} == {"pypi", "site"}


def test_the_tools_of_a_release_are_fixed_to_the_byte() -> None:
    text = (ROOT / ".github" / "release-requirements.txt").read_text()
    blocks = [block for block in re.split(r"(?m)^(?=\w)", text) if "==" in block]
    assert {"uv", "hatchling", "cyclonedx-bom"} <= {block.partition("==")[0] for block in blocks}
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text, "it says what, not where from"


def test_the_action_is_in_the_shape_of_the_marketplace() -> None:
    """At the root, with a look of its own; otherwise what the workflows use, and run by the same scripts."""
    action, inner = read(ROOT / "action.yml"), read(ACTION / "action.yml")
    assert action.pop("branding") == {"icon": "tag", "color": "green"}
    assert len(action["description"]) < 125
    steps = [
        (step.pop("run"), other.pop("run"))
        for step, other in zip(*(a["runs"]["steps"] for a in (action, inner)), strict=True)
    ]
    assert [(one.replace("/.github/actions/pricebook", ""), two) for one, two in steps] == [
        (two, two) for _, two in steps
    ]
    assert action == inner


# --- the container image ----------------------------------------------------------------------------------------------


def instructions() -> Iterator[tuple[str, str]]:
    """What the Dockerfile does, in order."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text())
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield word, rest


def test_the_dockerfile_is_sound() -> None:
    done = subprocess.run([TOOLS / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_image_is_small_and_nobodys() -> None:
    found = list(instructions())
    last = max(place for place, (word, _) in enumerate(found) if word == "FROM")
    final = found[last:]
    assert not [rest for word, rest in final if word in ("RUN", "ADD")], "only what was built is taken over"
    assert [rest for word, rest in final if word == "USER"] == ["65532:65532"]
    assert dict(final)["ENTRYPOINT"] == '["pricebook"]'
    assert {rest.split()[0] for word, rest in found if word == "FROM"} == {"python:3.13-slim-bookworm"}
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    assert "Programming Language :: Python :: 3.13" in classifiers


def test_the_steps_of_the_image_make_a_program_that_runs(tmp_path: Path) -> None:
    """Its steps on this machine: files of a checkout are copied, commands run below a folder that stands for `/`."""
    context, root = checkout(tmp_path / "context"), tmp_path / "image"
    stage, directory = 0, root
    environment = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    environment |= {"PATH": os.pathsep.join([str(tmp_path), "/usr/bin", "/bin"]), "HOME": str(tmp_path)}
    (tmp_path / "python").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    ignored = (context / ".dockerignore").read_text().splitlines()
    for word, rest in instructions():
        match word:
            case "FROM":
                stage += 1
            case "WORKDIR":
                directory = root / rest.strip("/")
                directory.mkdir(parents=True, exist_ok=True)
            case "COPY" if stage == 1:
                *sources, target = rest.split()
                for source in sources:
                    assert f"!{source}" in ignored, f"{source} is kept from the engine"
                    place = directory / target / Path(source).name if target == "./" else directory / target
                    place.parent.mkdir(parents=True, exist_ok=True)
                    copy = shutil.copytree if (context / source).is_dir() else shutil.copy
                    copy(context / source, place)
            case "RUN":
                line = ["sh", "-ec", rest.replace("/opt/pricebook", str(root / "opt" / "pricebook"))]
                done = subprocess.run(line, cwd=directory, env=environment, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr
    binaries = root / "opt" / "pricebook" / "bin"
    assert not (binaries / "pip").exists()
    run = {"PATH": f"{binaries}:/usr/bin:/bin", "HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
    line = ["sh", "-ec", "pricebook --version && pricebook init --example seats >/dev/null && pricebook plan"]
    done = subprocess.run(line, cwd=directory, env=run, capture_output=True, text=True, check=False)
    assert f"pricebook {__version__}\n" in done.stdout, done.stderr
    assert "objects created" in done.stdout
