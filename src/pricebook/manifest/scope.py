"""What reading asks of a project: where it stands, which files may hold manifests, and what environments say otherwise.

`project.Project` is one. Manifests are read without knowing what else a project file may say.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from pricebook.machine import shown as shown_at
from pricebook.manifest.text import is_below, unreadable
from pricebook.problem import quote, reject
from pricebook.span import Span

PROJECT_FILE = "pricebook.yaml"
WAIVERS_FILE = "waivers.yaml"
"""Beside the project file: findings that are accepted."""
_SUFFIXES = (".yaml", ".yml")


class Patched(Protocol):
    """An environment that says something otherwise than the manifests."""

    @property
    def overlays(self) -> tuple[str, ...]:
        """Its files and folders of patches, relative to the root."""

    @property
    def patches(self) -> Mapping[str, Mapping[str, Any]]:
        """Values by field path, of nouns by Ref."""


class Scope(Protocol):
    """A project, as far as its manifests go."""

    @property
    def root(self) -> Path:
        """Its directory."""

    @property
    def named(self) -> bool:
        """Whether it says which files hold manifests: then all that is in them has to be one."""

    @property
    def manifests(self) -> tuple[str, ...]:
        """The files and folders that may hold manifests, relative to the root."""

    @property
    def package_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """What the terms of packages say that do not say it themselves: fields by the list of terms."""

    @property
    def selling_entitles(self) -> bool:
        """Whether a package entitles what it subscribes to."""

    @property
    def environments(self) -> Mapping[str, Patched]:
        """Its environments by name."""


def files_of(scope: Scope, names: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Every file that may hold manifests, once, with its name relative to the root, in the order of names.

    `names` are files and folders of the root. Raises Rejected for a folder that may not be read: what is in it would
    look as if it had been taken out.
    """
    seen = {PROJECT_FILE, WAIVERS_FILE}
    try:
        for name in names:
            top = os.path.join(scope.root, name)
            for path in _below(top) if os.path.isdir(top) else (top,):
                shown = shown_at(path, scope.root)
                if not is_below(Path(path), scope.root):
                    message = f"{quote(shown)} is outside of the project"
                    raise reject("outside", message, Span(PROJECT_FILE), "manifests stand below pricebook.yaml")
                if shown not in seen:
                    seen.add(shown)
                    yield Path(path), shown
    except OSError as error:
        folder = Path(error.filename)
        raise unreadable(folder, shown_at(folder, scope.root), error) from None


def _below(top: str) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(top, onerror=refuse):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        yield from (os.path.join(folder, f) for f in sorted(files) if f.endswith(_SUFFIXES) and not f.startswith("."))
