"""Init: a project to start from, that validates and plans as it stands."""

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from pricebook.problem import Problem, Rejected, did_you_mean, quote, reject
from pricebook.workflow.owners import NOBODY, Owners, approver_lines

_LOCAL = '  local: {store: "sqlite:///pricebook.db"}\n'
SHORT = {"api": "api-prices", "credits": "top-ups"}
"""Short names of examples."""


def account_files(files: dict[str, str], base_url: str | None) -> dict[str, str]:
    """The files of a bare project, with an account as its one environment."""
    where = f', base_url: "{base_url}"' if base_url is not None else ""
    text = files["pricebook.yaml"].replace(_LOCAL, f"  production: {{store: metronome{where}}}\n")
    return {**files, "pricebook.yaml": text.replace("environment: local", "environment: production")}


def starter_files(
    namespace: str, schemas: dict[str, str], *, bare: bool = False, owners: Owners = NOBODY
) -> dict[str, str]:
    """Relative path -> content of a new project, `bare` without a sample catalogue. `schemas` are the generated schemas
    by file name; `owners` may sign waivers."""
    return {
        "pricebook.yaml": _starter("pricebook.yaml").replace("$namespace", namespace) + approver_lines(owners),
        **({"catalog/.gitkeep": ""} if bare else {"catalog/pro.yaml": _starter("pro.yaml")}),
        **_beside(schemas),
    }


def example_files(folders: Mapping[str, Path], name: str, namespace: str, schemas: dict[str, str]) -> dict[str, str]:
    """Relative path -> content of an example, in a namespace of its own or (empty) in the example's. `folders` has
    where each example lies. Raises Rejected for a name that is none."""
    name = SHORT.get(name, name)
    if name not in folders:
        hint = did_you_mean(name, folders) or f"there are: {', '.join(sorted(folders))}"
        raise reject("unknown-example", f"there is no example {quote(name)}", hint=hint)
    folder = folders[name]
    found = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".yaml", ".csv", ".jsonl")  # not a store that somebody made there, nor pages about it
    }
    if namespace:
        found["pricebook.yaml"] = re.sub(r"(?m)^namespace: \S+$", f"namespace: {namespace}", found["pricebook.yaml"])
    return found | _beside(schemas)


def _starter(name: str) -> str:
    """A file of what every project starts with."""
    return files(__package__).joinpath("starter", name).read_text(encoding="utf-8")


def _beside(schemas: dict[str, str]) -> dict[str, str]:
    """What stands beside the manifests of every project."""
    return {
        ".gitignore": _starter("gitignore"),
        ".vscode/settings.json": _starter("settings.json"),
        **{f".pricebook/{name}": text for name, text in schemas.items()},
    }


def init(directory: Path, files: dict[str, str]) -> list[str]:
    """Write the files, never over one that is there, and return the names of those written.

    Raises Rejected, before anything is written, when the directory already is a project.
    """
    if (directory / "pricebook.yaml").exists():
        raise Rejected([Problem("exists", f"{directory / 'pricebook.yaml'} exists: this is a project already")])
    written = []
    for name, text in files.items():
        path = directory / name
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(name)
    return written


def undo(directory: Path, written: Iterable[str]) -> None:
    """Take back what `init` wrote, with the folders that are empty then."""
    for name in written:
        (directory / name).unlink(missing_ok=True)
    for folder in sorted({(directory / name).parent for name in written} - {directory}, reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
