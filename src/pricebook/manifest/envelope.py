"""The outer form of a manifest: apiVersion, kind, metadata and spec."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, NamedTuple

from pydantic import Field, StringConstraints

from pricebook.catalog.model import Instant, Model, Text
from pricebook.catalog.reference import NAME, Kind, Ref
from pricebook.catalog.violation import Violation
from pricebook.manifest.syntax import Document
from pricebook.manifest.validation import validated
from pricebook.problem import did_you_mean, quote

API_VERSION = "pricebook/v1"
LIST = "List"
"""Ends the kind of a document that holds several nouns of one kind."""
OVERLAY = "Overlay"
"""The word after `kind:` in a file that holds patches of an environment (`manifest.overlay`) and no noun."""

Patches = dict[Text, Annotated[dict[Text, Any], Field(min_length=1)]]
"""Values by field path, of nouns by Ref: `{"product:pro": {"name": "Pro (test)"}}`."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=150)]


class WaiverHere(Model):
    """A finding that somebody accepts, written beside what it is about."""

    rule: Text
    """The rule's id, or a hazard."""
    reason: Text
    """Why it is accepted."""
    by: Text
    """Who accepts it."""
    until: Instant
    """Until when (exclusive): afterwards the finding is back."""
    covers: Text | None = None
    """Which part of it, with `*`: `*/overrides[sale]`; all of it when not given."""


class Waiver(WaiverHere):
    """A finding that somebody accepts."""

    covers: Text
    """What it is about, with `*`: `package:starter`, `rate-card:*`, `rate-card:models/* · model=gpt-4`, or `*`."""


class Waivers(Model):
    """The content of `waivers.yaml`."""

    waivers: tuple[Waiver, ...]
    """Findings that are accepted, each with who says so and until when."""


class Metadata(Model):
    """Ours: never sent to the vendor."""

    name: Name
    """Our key, unique per kind; references use it. Letters a-z, digits, `_`, `.` and `-`."""
    waivers: tuple[WaiverHere, ...] = ()
    """Findings about it that are accepted, each with who says so and until when."""
    adopt: dict[str, Text] = Field(default_factory=dict)
    """The object that it is, in environments whose account had it before: the account's id by the environment's name.
    `new` says that it is none of those that go by the same display name there."""

    def rules(self) -> Iterator[Violation]:
        """The name has only characters that are safe everywhere."""
        if not NAME.match(self.name):
            hint = "lower-case letters, digits, _ . and -, starting with a letter or digit"
            yield Violation("name", f"{quote(self.name)} cannot be a name", ("name",), hint)


class Envelope(NamedTuple):
    """One manifest: which noun it declares, and its spec as plain data."""

    ref: Ref
    spec: Any
    document: Document
    waivers: tuple[WaiverHere, ...]
    adopt: Mapping[str, str]


def kinds() -> Mapping[str, Kind]:
    """The kinds by the words for them in manifests."""
    return {kind.manifest: kind for kind in Kind}


def listed(document: Document) -> Iterator[tuple[Document, list[Violation]]]:
    """The manifests of a document: itself, or those that a list of one kind holds (`kind: ProductList`), each with what
    is wrong with the list."""
    data, kind = document.data, kind_of(document)
    stem = kind.removesuffix(LIST) if isinstance(kind, str) else ""
    if not isinstance(data, dict) or stem == kind or stem not in kinds():
        yield document, []
        return
    header = {name: data[name] for name in ("apiVersion", "kind") if name in data}
    items = data.get("items")
    violations = [
        Violation("unknown-field", f"{quote(name)} is not a field of a list", (name,), "a list has items")
        for name in data.keys() - {"apiVersion", "kind", "items"}
    ]
    if not isinstance(items, tuple) or not items:
        message = "items is required" if "items" not in data else "items is a list of at least one"
        violations.append(Violation("missing-field", message, ("items",), "items: [{metadata: {name: x}, spec: {}}]"))
        yield replace(document, data=None), violations
        return
    for index, item in enumerate(items):
        whole = item
        if isinstance(item, dict):
            whole = {**item, **header, "kind": stem}
            violations += [
                Violation("unknown-field", f"{name} is said once, above the items", ("items", index, name), "remove it")
                for name in header.keys() & item.keys()
            ]
        yield replace(document, data=whole, base=("items", index)), violations
        violations = []


def kind_of(document: Document) -> object:
    """What a document says that it is."""
    return document.data.get("kind") if isinstance(document.data, dict) else None


def is_manifest(document: Document) -> bool:
    """Whether the document means to be one of ours."""
    data = document.data
    return isinstance(data, dict) and (
        str(data.get("apiVersion", "")).startswith("pricebook")
        or kind_of(document) in (*kinds(), *(f"{kind}{LIST}" for kind in kinds()))
    )


def open_envelope(document: Document) -> tuple[Envelope | None, list[Violation]]:
    """The manifest of a document, or what is wrong with its outer form."""
    data = document.data
    if not isinstance(data, dict):
        return None, [Violation("type", "a manifest is a mapping with apiVersion, kind, metadata and spec")]
    violations = list(_check_form(data))
    metadata, broken = validated(Metadata, data.get("metadata"))
    if "metadata" in data:
        violations += [Violation(v.code, v.message, ("metadata", *v.at), v.hint) for v in broken]
    kind = kinds().get(data["kind"]) if isinstance(data.get("kind"), str) else None
    if metadata is not None and kind and kind.longest and len(metadata.name) > kind.longest:
        message = f"the name of a {kind.words} has at most {kind.longest} characters"
        violations.append(Violation("too-long", message, ("metadata", "name")))
    if metadata is not None and metadata.adopt and kind and not kind.stored:
        message = f"a {kind.words} is in no account, so there is nothing to adopt"
        violations.append(Violation("not-applicable", message, ("metadata", "adopt"), "remove it"))
    if violations or kind is None or metadata is None:
        return None, violations
    return Envelope(Ref(kind, metadata.name), data["spec"], document, metadata.waivers, metadata.adopt), []


def _check_form(data: dict[str, Any]) -> Iterable[Violation]:
    for name in ("apiVersion", "kind", "metadata", "spec"):
        if name not in data:
            hint = f"write apiVersion: {API_VERSION}" if name == "apiVersion" else ""
            yield Violation("missing-field", f"{name} is required", (name,), hint)
    for name in data.keys() - {"apiVersion", "kind", "metadata", "spec"}:
        hint = did_you_mean(name, ("apiVersion", "kind", "metadata", "spec")) or "fields of the noun stand under spec"
        yield Violation("unknown-field", f"{quote(name)} is not a field of a manifest", (name,), hint)
    if "apiVersion" in data and data["apiVersion"] != API_VERSION:
        word = data["apiVersion"]
        message = f"apiVersion {quote(word)} is not known" if isinstance(word, str) else "apiVersion is a text"
        yield Violation("api-version", message, ("apiVersion",), f"write apiVersion: {API_VERSION}")
    if "kind" in data and data["kind"] not in tuple(kinds()):
        word, known = data["kind"], f"kinds: {', '.join(kinds())}"
        if isinstance(word, str):
            message = f"kind {quote(word)} does not exist"
            yield Violation("unknown-kind", message, ("kind",), did_you_mean(word, kinds()) or known)
        else:
            yield Violation("type", "kind is the name of a kind, as text", ("kind",), known)
