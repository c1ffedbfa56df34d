"""What reading asks of a project: where it stands, which files may hold manifests, and what environments say otherwise.

`project.Project` is one. Manifests are read without knowing what else a project file may say.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from pricebook.manifest.source import manifest_files
from pricebook.manifest.text import unreadable


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
    def environments(self) -> Mapping[str, Patched]:
        """Its environments by name."""


def files_of(scope: Scope, names: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """See `source.manifest_files`. Raises Rejected for a folder that may not be read."""
    try:
        for path, shown in manifest_files(str(scope.root), names):
            yield Path(path), os.path.normpath(shown)
    except OSError as error:
        folder = Path(error.filename)
        raise unreadable(folder, os.path.relpath(folder, scope.root), error) from None
