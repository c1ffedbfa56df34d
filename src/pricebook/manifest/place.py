"""From paths to places: positions are looked up in the text only when a problem has to be shown."""

from collections.abc import Iterable
from pathlib import Path as FilePath
from typing import Generic, NamedTuple, TypeVar

from pricebook.catalog.model import Model
from pricebook.catalog.reference import Ref
from pricebook.catalog.violation import Path, Violation
from pricebook.manifest.locate import KEY, NodePath, locate, located
from pricebook.manifest.syntax import Document, Node, read_documents
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


class _Noted(NamedTuple):
    violation: Violation
    node: Node
    otherwise: Span
    more: int = 0


class Placer:
    """Collects broken rules with the document and path they are at, and turns them into problems with spans.

    `root` is the directory that the documents' file names are relative to.
    """

    def __init__(self, root: FilePath) -> None:
        self.root = root
        self.declarations: dict[Ref, Document] = {}
        self._noted: list[_Noted] = []

    def declare(self, ref: Ref, document: Document) -> None:
        """Say where a noun is declared, for violations that name another noun as related."""
        self.declarations[ref] = document

    def add(self, violations: Iterable[Violation], document: Document, path: Path = (), more: int = 0) -> None:
        """Note violations whose paths are relative to `path` in the document. Each stands for `more` that are not."""
        self._noted += [_Noted(v, document.node((*path, *v.at)), document.at, more) for v in violations]

    def __len__(self) -> int:
        """How many violations have been noted."""
        return len(self._noted)

    def noted(self, code: str) -> set[Node]:
        """Where violations of that code have been noted."""
        return {noted.node for noted in self._noted if noted.violation.code == code}

    def span(self, document: Document, path: NodePath) -> Span:
        """Where a path of a document stands, now."""
        node = document.node(path)
        return located(self._text, [node]).get(node, document.at)

    def placed(self) -> list[Problem]:
        """Every noted violation as a problem, in the order of files and lines; what several nouns say at one place
        stands there once."""
        wanted: set[Node] = set()
        for noted in self._noted:
            wanted.add(_at(noted))
            wanted.update(
                _declared_node(self.declarations[ref], path)
                for _, ref, path in noted.violation.related
                if ref in self.declarations
            )
        spans = located(self._text, wanted)
        problems = []
        for noted in self._noted:
            v = noted.violation
            related = []
            for label, ref, path in v.related:
                if ref in self.declarations:
                    declared = self.declarations[ref]
                    related.append(Related(label, spans.get(_declared_node(declared, path), declared.at)))
            at = spans.get(_at(noted), noted.otherwise)
            problems.append(Problem(v.code, v.message, at, v.hint, tuple(related), more=noted.more))
        return sorted(dict.fromkeys(problems), key=lambda p: (p.at or Span(""), p.code, p.message))

    def _text(self, file: str) -> str | None:
        """A text, now; None for what is gone since it was read: the document's own place stands in."""
        try:
            return read_text(self.root / file, file, limit=MAX_YAML)
        except Rejected:
            return None


class ReadFile(NamedTuple, Generic[M]):
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
    return declared.node(("spec", *path) if path else _NAME)


def _at(noted: _Noted) -> Node:
    """The node to point at: the key of an unknown field, else the value."""
    file, index, path = noted.node
    return (file, index, (*path, KEY)) if noted.violation.code in _AT_KEY else noted.node
