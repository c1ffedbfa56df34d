"""From paths to places: positions are looked up in the text only when a problem has to be shown."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Generic, TypeVar

from pricebook.catalog.model import Model, Path, Violation
from pricebook.catalog.reference import Ref
from pricebook.manifest.locate import KEY, Node, NodePath, locate, located
from pricebook.manifest.syntax import Document, read_documents
from pricebook.manifest.text import MAX_YAML, read_text
from pricebook.manifest.validation import validated
from pricebook.problem import Problem, Rejected, Related
from pricebook.span import Span

_AT_KEY = frozenset(
    (
        "unknown-field",
        "forbidden-field",
        "reserved-key",
        "more",
        "patch-ref",
        "patch-path",
        "patch-nowhere",
        "patch-unheard",
        "patched-twice",
    )
)
M = TypeVar("M", bound=Model)
_NAME: Path = ("metadata", "name")


@dataclass(frozen=True, slots=True)
class _Noted:
    violation: Violation
    document: Document
    path: Path
    more: int = 0


class Placer:
    """Collects broken rules with the document and path they are at, and turns them into problems with spans.

    `root` is the directory that the documents' file names are relative to.
    """

    def __init__(self, root: FilePath) -> None:
        self.root = root
        self.source: Callable[[str, int, NodePath], Node] = lambda *node: node
        """Where what stands at a path of a document is written: there, or in an overlay's patch."""
        self.declarations: dict[Ref, Document] = {}
        self._noted: list[_Noted] = []

    def declare(self, ref: Ref, document: Document) -> None:
        """Say where a noun is declared, for violations that name another noun as related."""
        self.declarations[ref] = document

    def add(self, violations: Iterable[Violation], document: Document, path: Path = (), more: int = 0) -> None:
        """Note violations whose paths are relative to `path` in the document. Each stands for `more` that are not."""
        self._noted.extend(_Noted(v, document, (*document.base, *path, *v.at), more) for v in violations)

    def __len__(self) -> int:
        """How many violations have been noted."""
        return len(self._noted)

    def noted(self, code: str) -> set[tuple[str, int, Path]]:
        """Where violations of that code have been noted: file, document and path."""
        return {(n.document.file, n.document.index, n.path) for n in self._noted if n.violation.code == code}

    def span(self, document: Document, path: NodePath) -> Span:
        """Where a path of a document stands, now."""
        node = document.file, document.index, (*document.base, *path)
        return self._locate([node]).get(node, document.at)

    def placed(self) -> list[Problem]:
        """Every noted violation as a problem, in the order of files and lines."""
        wanted: set[Node] = set()
        for noted in self._noted:
            wanted.add((noted.document.file, noted.document.index, _node(noted.violation, noted.path)))
            for _, ref, path in noted.violation.related:
                if ref in self.declarations:
                    wanted.add(_declared_node(self.declarations[ref], path))
        spans = self._locate(wanted)
        problems = []
        for noted in self._noted:
            v, document = noted.violation, noted.document
            at = spans.get((document.file, document.index, _node(v, noted.path)), document.at)
            related = []
            for label, ref, path in v.related:
                if ref in self.declarations:
                    declared = self.declarations[ref]
                    related.append(Related(label, spans.get(_declared_node(declared, path), declared.at)))
            problems.append(Problem(v.code, v.message, at, v.hint, tuple(related), more=noted.more))
        return sorted(problems, key=lambda p: (p.at or Span(""), p.code, p.message))

    def _locate(self, nodes: Iterable[Node]) -> dict[Node, Span]:
        sources = {node: self.source(*node) for node in nodes}
        spans = located(self._text, sources.values())
        return {node: spans[source] for node, source in sources.items() if source in spans}

    def _text(self, file: str) -> str | None:
        """A text, now; None for what is gone since it was read: the document's own place stands in."""
        try:
            return read_text(self.root / file, file, limit=MAX_YAML)
        except Rejected:
            return None


@dataclass(frozen=True, slots=True)
class ReadFile(Generic[M]):
    """The value of a file that is one document."""

    value: M
    document: Document
    text: str

    def spans(self, paths: Iterable[NodePath]) -> dict[NodePath, Span]:
        """Where paths of it stand."""
        return locate(self.document.file, self.text, self.document.index, list(paths))


def read_one(model: type[M], root: FilePath, file: str, *, limit: int = MAX_YAML, beside: str) -> ReadFile[M] | None:
    """The value of a file whose name is relative to `root`, None when nothing is in it. `beside` says what to do with a
    second document. Raises Rejected."""
    text = read_text(root / file, file, limit=limit)
    documents, problems = read_documents(file, text)
    if len(documents) > 1:
        message = f"{file} is one document; here begins another"
        problems.append(Problem("type", message, documents[1].at, beside))
    if problems:
        raise Rejected(problems)
    if not documents:
        return None
    value, violations = validated(model, documents[0].data)
    if value is None:
        placer = Placer(root)
        placer.add(violations, documents[0])
        raise Rejected(placer.placed())
    return ReadFile(value, documents[0], text)


def _declared_node(declared: Document, path: Path) -> Node:
    """The node of a noun's manifest that a path below its spec leads to; its name when the noun as a whole is meant."""
    return declared.file, declared.index, (*declared.base, *(("spec", *path) if path else _NAME))


def _node(violation: Violation, path: Path) -> NodePath:
    """The node to point at: the key of an unknown field, else the value."""
    return (*path, KEY) if violation.code in _AT_KEY else path
