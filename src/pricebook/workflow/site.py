"""Site: the files of a price list into a directory, which is ours as a whole or is left alone.

A list of the files that were written lies among them. It says what may be replaced and what is to be removed when its
object is gone; whatever else lies there is not touched. Files that say the same already are not written again.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from pricebook.apply.ports import ContractStore, Store
from pricebook.catalog.rate_book import Rates
from pricebook.manifest.load import load, outline
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.rehearse import applied_to
from pricebook.problem import Problem, Rejected, quote, reject
from pricebook.project.project import Project
from pricebook.workflow.plan import plan
from pricebook.workflow.present import present_store, with_units

LISTING = ".pricebook-site.json"
FORMAT = "pricebook-site/1"


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing came to: how many files are there, were written anew, and were removed; bytes of all."""

    files: int
    written: int
    removed: int
    size: int


def observed(project: Project, environment: str, store: ContractStore, at: datetime) -> Snapshot:
    """What the store holds. Raises StoreError."""
    return present_store(store, project, environment).snapshot(project.settings.namespace, at)


def desired(project: Project, environment: str, store: Store, at: datetime) -> Snapshot:
    """What the store would hold once the manifests were applied: with its history. Raises Rejected, StoreError."""
    made = plan(project, environment, store, at)
    held = applied_to(store.snapshot(project.settings.namespace, at, made.adopted), made)
    return with_units(held, outline(project, environment).units)


def declared_rates(project: Project, environment: str) -> Mapping[str, Rates]:
    """The prices of each card in the order in which manifests declare them; none where manifests do not hold: whoever
    only publishes what a store has need not have any that do."""
    try:
        return load(project, environment).catalog.rates
    except Rejected:
        return {}


def publish(directory: Path, namespace: str, content: Iterable[tuple[str, str]]) -> Published:
    """Write the files, by path, and remove those of an earlier time that are not among them.

    Raises Rejected, before anything is written, when the directory holds something that is not ours.
    """
    fresh = {path: text.encode() for path, text in content}
    listed = _listed(directory, namespace)
    _check(directory, fresh.keys() - listed, {*fresh, *listed})
    directory.mkdir(parents=True, exist_ok=True)
    _write(directory / LISTING, _listing(namespace, fresh.keys() | listed))  # whatever is interrupted is ours
    written = sum(_write(directory / path, data) for path, data in fresh.items())
    gone = sorted(listed - fresh.keys())
    for path in gone:
        _remove(directory, path)
    _write(directory / LISTING, _listing(namespace, fresh.keys()))
    return Published(len(fresh), written, len(gone), sum(map(len, fresh.values())))


def _listed(directory: Path, namespace: str) -> set[str]:
    """The files of an earlier time; none when there is no directory or nothing in it."""
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return set()
    hint = "name a directory that is new, empty, or was written by `pricebook site`"
    if not directory.is_dir():
        raise reject("not-a-site", f"{quote(directory)} is no directory", hint=hint)
    file = directory / LISTING
    if not file.is_file() or file.is_symlink():
        raise reject("not-a-site", f"{quote(directory)} holds something else; nothing was written", hint=hint)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        owner, paths = found["namespace"], found["files"]
        known = found["format"] == FORMAT and all(isinstance(path, str) and _inside(path) for path in paths)
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise reject("not-a-site", f"{quote(file)} is not as `pricebook site` writes it", hint=hint)
    if owner != namespace:
        message = f"{quote(directory)} is the site of {quote(owner)}, and this project is {quote(namespace)}"
        raise reject("not-a-site", message, hint="give every project a directory of its own")
    return set(paths)


def _inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts and "\0" not in path


def _check(directory: Path, added: Iterable[str], every: Iterable[str]) -> None:
    """A new file stands where nothing is, and no folder is a link that leads out of the directory."""
    problems = []
    for path in sorted(added):
        file = directory / path
        if file.exists() or file.is_symlink():
            message = f"{quote(path, 200)} is there and was not written by `pricebook site`"
            problems.append(Problem("not-a-site", message, hint="move it away; nothing was written"))
    for folder in sorted({parent for path in every for parent in PurePosixPath(path).parents}):
        if folder.name and (directory / folder).is_symlink():
            message = f"{quote(folder, 200)} is a link"
            problems.append(Problem("not-a-site", message, hint="remove it; nothing was written"))
    if problems:
        raise Rejected(problems)


def _listing(namespace: str, paths: Iterable[str]) -> bytes:
    data = {"format": FORMAT, "namespace": namespace, "files": sorted(paths)}
    return (json.dumps(data, indent=0) + "\n").encode()


def _write(file: Path, data: bytes) -> bool:
    """Whether the file had to be written. It is there as a whole or as it was."""
    if file.is_file() and not file.is_symlink() and file.stat().st_size == len(data) and file.read_bytes() == data:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name[:80]}.new")
    fresh.write_bytes(data)
    os.replace(fresh, file)
    return True


def _remove(directory: Path, path: str) -> None:
    file = directory / path
    file.unlink(missing_ok=True)
    for parent in file.relative_to(directory).parents:
        folder = directory / parent
        if folder == directory or any(folder.iterdir()):
            return
        folder.rmdir()
