"""Overlays: what one environment says otherwise than the manifests, as patches of fields by Ref.

A patch puts a value in the place of what the manifest says there, before anything is judged: the patched spec is read
by the same models, and what is wrong with a patched value is told where the patch stands. There is nothing else to it:
no substitution in texts, no merging of lists, no order in which one patch would win over another.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Literal

from pricebook.catalog.amount import Scale
from pricebook.catalog.model import Model, noun_class
from pricebook.catalog.path import FieldPath, Label, path_text
from pricebook.catalog.reference import Ref
from pricebook.catalog.traverse import spelled_out
from pricebook.catalog.violation import Path, Violation
from pricebook.manifest.envelope import OVERLAY, Patches, kind_of
from pricebook.manifest.field_path import Finder, Nowhere, put, read_path, value_at
from pricebook.manifest.locate import KEY
from pricebook.manifest.place import Placer
from pricebook.manifest.rates import overruled
from pricebook.manifest.scope import PROJECT_FILE, Scope, files_of
from pricebook.manifest.syntax import Document, Node, read_documents
from pricebook.manifest.text import MAX_YAML, is_below, read_text
from pricebook.manifest.validation import validated
from pricebook.problem import Problem, Rejected, did_you_mean, quote
from pricebook.span import Span

_EMPTY = "say what is otherwise here, or remove it"


class OverlayFile(Model):
    """The content of a file that environments name under `overlays`."""

    apiVersion: Literal["pricebook/v1"]  # noqa: N815 - as every manifest says it
    """The version of the manifest's form."""
    kind: Literal["Overlay"]
    """That these are patches, and no noun."""
    patches: Patches
    """What is said otherwise: values by field, of nouns by Ref."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A value for one field of one noun, and where it is written."""

    ref: Ref
    path: FieldPath
    value: object
    document: Document
    at: Path


@dataclass
class Overlay:
    """The patches of one environment, by noun; and once a noun was patched, which of its nodes come from where.

    `nodes` are kept by noun: a node below its manifest's root, and the patch that stands there now.
    """

    patches: dict[Ref, list[Patch]] = field(default_factory=dict)
    nodes: dict[Ref, dict[Path, Patch]] = field(default_factory=dict)

    def patched(self, ref: Ref, spec: object) -> object:
        """The noun's spec as this environment has it; patches that lead nowhere are left out."""
        finder = Finder(spec)
        for patch in self.patches.get(ref, ()):
            try:
                spec = put(spec, finder.find(patch.path), patch.value)
            except Nowhere:
                continue
        return spec

    def origins(self, ref: Ref) -> dict[Path, Node]:
        """Where the nodes of a noun's manifest are written that come from a patch."""
        patches = self.nodes.get(ref, {})
        return {node: (patch.document.file, patch.document.index, patch.at) for node, patch in patches.items()}

    def covers(self, ref: Ref, path: Path) -> bool:
        """Whether what stands at a path of a manifest, or something below it, comes from a patch."""
        nodes = self.nodes.get(ref, {})
        return any(node[: len(path)] == path or path[: len(node)] == node for node in nodes)


def read_overlay(scope: Scope, environment: str, placer: Placer) -> tuple[Overlay, list[Problem]]:
    """The patches of an environment that there is, and which of its files cannot be read. What else is wrong with them,
    as far as can be told without the manifests, is noted in the placer."""
    overlay, problems = Overlay(), list[Problem]()
    settings, base = scope.environments[environment], ("environments", environment)
    if settings.patches:
        _add(overlay, placer, _project_file(), (*base, "patches"), settings.patches)
    seen: set[str] = set()
    for index, name in enumerate(settings.overlays):
        at: Path = (*base, "overlays", index)
        try:
            files = list(_files(scope, name, placer, at))
        except Rejected as rejected:
            problems += rejected.problems
            continue
        if not files:
            message = f"overlay {quote(name)} has no file: nothing is patched here"
            problems.append(Problem("empty", message, placer.span(_project_file(), at), _EMPTY))
        for path, shown in files:
            if shown not in seen:  # a folder and a file in it may both be named
                seen.add(shown)
                problems += _read_file(overlay, placer, path, shown)
    return overlay, problems


def overlay_files(scope: Scope) -> set[str]:
    """Every file that an environment names as an overlay, relative to the root."""
    names = {name for environment in scope.environments.values() for name in environment.overlays}
    try:
        return {shown for _, shown in files_of(scope, sorted(names))}
    except Rejected:  # told where the environment's overlays are read
        return set()


def apply_overlay(
    overlay: Overlay, specs: Mapping[Ref, Any], scales: Mapping[str, Scale], placer: Placer
) -> Iterator[tuple[Ref, Any]]:
    """The nouns that are patched, with their specs afterwards. What a patch asks for in vain is noted in the placer.

    `specs` are the manifests as they were read; a path leads below what has a short form there, as in a plan.
    """
    for ref, patches in overlay.patches.items():
        if ref not in specs:
            names = [str(known) for known in specs if known.kind is ref.kind]
            hint = did_you_mean(str(ref), names) or f"no {ref.kind.words} is patched that no manifest declares"
            for patch in patches[:1]:
                message = f"{ref.kind.words} {quote(ref.name)} does not exist"
                placer.add([Violation("patch-ref", message, (), hint)], patch.document, patch.at[:-1])
            continue
        spec = spelled_out(noun_class(ref.kind), specs[ref], scales)
        finder = Finder(spec)
        found: dict[Path, Patch] = {}
        for patch in patches:
            try:
                node = finder.find(patch.path)
            except Nowhere as nowhere:
                violation = Violation("patch-nowhere", f"{ref}: {nowhere.message}", (), nowhere.hint)
                placer.add([violation], patch.document, patch.at)
                continue
            if node in found:
                _twice(placer, patch, found[node])
            else:
                found[node] = patch
        whole: dict[Path, Patch] = {}
        for node, patch in found.items():
            above = [found[node[:length]] for length in range(1, len(node)) if node[:length] in found]
            if above:  # what it would change may not be there any more
                _twice(placer, patch, above[0])
            else:
                whole[node] = patch
                spec = put(spec, node, patch.value)
        for node, patch in whole.items():
            _check_heard(placer, patch, spec, node)
        overlay.nodes[ref] = {("spec", *node): patch for node, patch in whole.items()}
        yield ref, spec


def _twice(placer: Placer, patch: Patch, other: Patch) -> None:
    message = f"{patch.ref}: {patch.at[-1]} is patched twice, also as {other.at[-1]}"
    place = placer.span(other.document, (*other.at, KEY))
    hint = f"no patch wins over another: keep one of them; the other is at {place.file}:{place.line}"
    placer.add([Violation("patched-twice", message, (), hint)], patch.document, patch.at)


def _check_heard(placer: Placer, patch: Patch, spec: object, node: Path) -> None:
    """Note a patch beside a rate's schedule whose prices all say the field themselves. `spec` is with all patches."""
    if len(node) < 3 or node[0] != "rates":
        return
    name, (_, rate) = str(node[2]), value_at(spec, node[:2])
    prices = overruled(rate, name)
    if not prices:
        return
    shown = [
        path_text((*patch.path[:2], "schedule", Label(str(price.get("starting_at", index))), *patch.path[2:]))
        for index, price in enumerate(prices[:3], 1)
    ]
    message = f"{patch.ref}: {patch.at[-1]} changes nothing: every price of the schedule has its own {name}"
    more = f", and so on: {len(prices)}" if len(prices) > len(shown) else ""
    hint = f"patch the prices that are meant: {'; '.join(shown)}{more}"
    placer.add([Violation("patch-unheard", message, (), hint)], patch.document, patch.at)


def _files(scope: Scope, name: str, placer: Placer, at: Path) -> Iterator[tuple[FilePath, str]]:
    """The files of an overlay. Raises Rejected for one that is not there, or outside of the project."""
    path = scope.root / name
    if not is_below(path, scope.root):
        message, hint = f"overlay {quote(name)} is outside the project", "keep overlays below pricebook.yaml"
        raise Rejected([Problem("outside", message, placer.span(_project_file(), at), hint)])
    if not path.exists():
        raise Rejected(
            [Problem("missing-file", f"there is no overlay {quote(name)}", placer.span(_project_file(), at))]
        )
    yield from files_of(scope, [name])


def _project_file() -> Document:
    return Document(PROJECT_FILE, 0, None, Span(PROJECT_FILE, 1, 1))


def _read_file(overlay: Overlay, placer: Placer, path: FilePath, shown: str) -> Iterable[Problem]:
    try:
        text = read_text(path, shown, limit=MAX_YAML)
    except Rejected as rejected:
        return rejected.problems
    documents, problems = read_documents(shown, text)
    if not documents and not problems:
        return [Problem("empty", "nothing is patched here", Span(shown), _EMPTY)]
    for document in documents:
        if kind_of(document) != OVERLAY:
            hint = f"an overlay starts with apiVersion: pricebook/v1 and kind: {OVERLAY}"
            placer.add([Violation("not-an-overlay", f"{quote(shown)} holds something else here", (), hint)], document)
            continue
        found, violations = validated(OverlayFile, document.data)
        placer.add(violations, document)
        if found is not None:
            _add(overlay, placer, document, ("patches",), found.patches)
    return problems


def _add(
    overlay: Overlay, placer: Placer, document: Document, base: Path, patches: Mapping[str, Mapping[str, object]]
) -> None:
    if not patches:
        placer.add([Violation("empty", "nothing is patched here", (), _EMPTY)], document, base)
    for name, fields in patches.items():
        try:
            ref = Ref.parse(name)
            if ref.version is not None:
                raise ValueError(name)
        except ValueError:
            hint = "a noun is named by kind and name: product:pro, rate-card:tokens, package:starter-plan"
            placer.add([Violation("patch-ref", f"{quote(name)} names no noun", (), hint)], document, (*base, name))
            continue
        for path, value in fields.items():
            at: Path = (*base, name, path)
            try:
                overlay.patches.setdefault(ref, []).append(Patch(ref, read_path(path), value, document, at))
            except Nowhere as nowhere:
                violation = Violation("patch-path", nowhere.message, (), nowhere.hint)
                placer.add([violation], document, at)
