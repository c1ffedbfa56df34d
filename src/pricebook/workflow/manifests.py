"""New manifests: where they go, and how they join what stands there."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from posixpath import normpath

from pricebook.catalog.catalog import Catalog
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.source_map import SourceMap
from pricebook.problem import Rejected, quote, reject
from pricebook.project.project import Project

SCHEMA = ".pricebook/manifest.schema.json"
"""What `pricebook init` writes for editors."""


def read(project: Project, environment: str) -> Loaded:
    """The manifests that are there, if any: an import may be what makes the folder for them."""
    if any((project.root / top).exists() for top in project.manifests):
        try:
            return load(project, environment)
        except Rejected as rejected:
            if {problem.code for problem in rejected.problems} != {"no-manifest"}:
                raise
    return Loaded(Catalog(), SourceMap(project.root, Catalog(), {}), (), {}, {})


def folder_of(project: Project, output: str | None) -> str:
    """Where new files go, relative to the root: a folder in which manifests are looked for."""
    tops = [normpath(top) for top in project.manifests]
    if output is None:
        return next((top for top in tops if not (project.root / top).is_file()), ".")
    folder = (Path.cwd() / output).resolve()
    if not folder.is_relative_to(project.root.resolve()):
        raise reject("outside", f"{quote(output)} is outside the project", hint=f"choose a folder below {project.root}")
    shown = folder.relative_to(project.root.resolve()).as_posix()
    if not any(PurePosixPath(shown).is_relative_to(top) for top in tops):
        message = f"no manifests are looked for in {quote(shown)}"
        raise reject("not-a-manifest-folder", message, hint=f"name it under manifests, or choose: {', '.join(tops)}")
    return shown


def schema_line(project: Project, file: str) -> str:
    """What tells an editor the schema, where `pricebook init` wrote one."""
    if not (project.root / SCHEMA).is_file():
        return ""
    return f"# yaml-language-server: $schema={'../' * file.count('/')}{SCHEMA}\n"


def text_of(path: Path) -> tuple[str | None, str]:
    """The text of a file twice, as it is and as it is to be so far; None and nothing for one that is not there."""
    if not path.is_file():
        return None, ""
    text = path.read_bytes().decode("utf-8")
    return text, text


def appended(text: str, parts: Sequence[str]) -> str:
    """The text with further documents, in its own line ends."""
    end = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += end
    first = "" if not text.strip() else "---\n"
    return text + (first + "---\n".join(parts)).replace("\n", end)
