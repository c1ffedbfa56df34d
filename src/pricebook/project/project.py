"""The project file `pricebook.yaml`: namespace, where the manifests are, environments, policy."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field, StringConstraints, WithJsonSchema, model_validator

from pricebook.catalog.field import Texts, Whole
from pricebook.catalog.model import Model, Number, Text
from pricebook.catalog.reference import Kind, Ref, movable_pattern, stored_kinds
from pricebook.catalog.violation import Path as NounPath
from pricebook.catalog.violation import Violation, broken
from pricebook.manifest.envelope import Patches
from pricebook.manifest.locate import locate
from pricebook.manifest.place import read_one
from pricebook.manifest.scope import PROJECT_FILE
from pricebook.manifest.text import MAX_YAML, read_text
from pricebook.problem import Rejected, did_you_mean, quote, reject
from pricebook.project.other_list import OtherList
from pricebook.project.policy import Policy
from pricebook.span import Span

Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=24)]


METRONOME = "metronome"
"""The store that is an account of the vendor's."""
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PORT = r"(:([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))?"
BASE_URL = rf"^(https://{_LABEL}(\.{_LABEL})*|http://(localhost|127\.0\.0\.1|\[::1\])){_PORT}(/[^?#\s]*)?$"
TOKEN_ENV = r"^(METRONOME|PRICEBOOK)_[A-Za-z0-9_]+$"
"""Whoever writes the project file says where the token goes: no other secret of a machine may go there."""
VENDOR = re.compile(r"(\A|\.)metronome\.com\Z")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ANYWHERE = ("store", "journal", "account", "overlays", "patches", "removed", "policy")
"""What an environment may say whatever its store is."""
Seconds = Annotated[
    Number, Field(gt=0, le=600), WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 600})
]

MovedRef = Annotated[
    str,
    StringConstraints(pattern=movable_pattern(), max_length=170),
]


class Environment(Model):
    """A place that bills."""

    store: Text
    """`sqlite:///pricebook.db` (relative to the project), `postgresql+psycopg://user@host/database` or `metronome`."""
    journal: Text | None = None
    """Where the journal and the lock are kept; by default in the store's own database, of `metronome` in
    `sqlite:///pricebook-journal.db`."""
    token_env: Annotated[str, StringConstraints(pattern=TOKEN_ENV)] = "METRONOME_BEARER_TOKEN"
    """`metronome` only: the environment variable that holds the API token: METRONOME_... or PRICEBOOK_..."""
    base_url: Annotated[str, StringConstraints(pattern=BASE_URL)] = "https://api.metronome.com"
    """`metronome` only: where the API is; plain http only for this machine, as for `pricebook serve`."""
    requests_per_minute: Annotated[Whole, Field(ge=1, le=1_000_000)] = 600
    """`metronome` only: how many requests are sent in any minute, by all workers together."""
    concurrency: Annotated[Whole, Field(ge=1, le=64)] = 8
    """`metronome` only: how many requests are under way at once."""
    connect_timeout: Seconds = Decimal(10)
    """`metronome` only: seconds to wait for a connection."""
    read_timeout: Seconds = Decimal(60)
    """`metronome` only: seconds to wait for a whole answer."""
    pricing_units: dict[str, Text] = Field(default_factory=dict)
    """`metronome` only: the account's names of pricing units by ours, where ours is not its name in lower case with
    hyphens."""

    max_customers: Annotated[Whole, Field(ge=0, le=1_000_000)] = 1000
    """`metronome` only: of how many customers the contracts are read, by a request for each, once a change of prices
    asks who pays them. Of an account with more customers only the contracts on packages are known."""
    probe_customer: Text | None = None
    """`metronome` only: the id of a customer, any one, through whom threshold notifications are read: no list of the
    account has them."""
    account: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None = None
    """Which account this environment is, by the mark in the account: any other one is refused (`pricebook account`)."""
    overlays: Texts = ()
    """Files and folders of patches (`kind: Overlay`) that hold in this environment, relative to the project."""
    patches: Patches = Field(default_factory=dict)
    """What this environment says otherwise than the manifests: values by field, of nouns by Ref."""
    removed: tuple[MovedRef, ...] = ()
    """Objects that are let go here, besides those of the project."""
    policy: Policy | None = None
    """What is said here holds in this environment instead of the project's policy."""

    def rules(self) -> Iterator[Violation]:
        """What is for an account stands beside no other store."""
        if self.store == METRONOME:
            return
        for name, info in type(self).model_fields.items():
            value = getattr(self, name)
            if name not in _ANYWHERE and value != info.get_default(call_default_factory=True):
                message = f"{name} is for the store metronome; this one is {quote(self.store.partition(':')[0])}"
                yield Violation("not-applicable", message, (name,), "remove it, or set store: metronome")


class MovedObject(Model):
    """An object that manifests call by another name now."""

    old: Annotated[MovedRef, Field(alias="from")]
    """What it was called: `product:pro`."""
    to: MovedRef
    """What its manifest is called now."""

    @model_validator(mode="before")
    @classmethod
    def _renameable(cls, data: Any) -> Any:
        """Refuse what an account knows by its name alone."""
        old = data.get("from") if isinstance(data, Mapping) else None
        kind, _, name = old.partition(":") if isinstance(old, str) else ("", "", "")
        if kind not in {each for each in stored_kinds() if not each.marked}:
            return data
        words = Kind(kind).words
        message = f"{quote(str(old))} cannot be renamed: accounts know a {words} by its name"
        hint = f"remove this entry; keep metadata.name: {name}, or declare another {words} beside it"
        raise broken(Violation("moved", message, ("from",), hint))

    def rules(self) -> Iterator[Violation]:
        """What is renamed stays what it is, under another name."""
        if self.old.partition(":")[0] != self.to.partition(":")[0] or self.old == self.to:
            hint = "write {from: product:one, to: product:other}"
            yield Violation("moved", f"{self.old} cannot become {self.to}", ("to",), hint)


class ProjectSettings(Model):
    """The content of `pricebook.yaml`."""

    namespace: Namespace
    """Marks what this project owns in a store; never change it."""
    manifests: tuple[Text, ...] | None = None
    """Folders and files with manifests; everything below the project by default."""
    environments: Annotated[dict[str, Environment], Field(min_length=1)]
    """The places that bill, by name."""
    default_environment: Text | None = None
    """The environment that is meant when none is named; the first one by default."""
    policy: Policy = Field(default_factory=Policy.model_construct)
    """What needs a person's word before it is applied."""
    comparisons: dict[Text, OtherList] = Field(default_factory=dict)
    """Lists of others that ours is held against (`pricebook compare`), by name."""
    package_defaults: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """What the terms of packages say that do not say it themselves: fields by the list of terms."""
    selling_entitles: bool = False
    """Whether a package entitles what it subscribes to, without an override that says so."""
    removed: tuple[MovedRef, ...] = ()
    """Objects that are let go: they stay as they are, and are nobody's."""
    moved: tuple[MovedObject, ...] = ()
    """Objects that were renamed, in the order in which that happened; nothing is made anew."""

    def rules(self) -> Iterator[Violation]:
        """The default environment is one of the environments, and no object was renamed twice from one name."""
        names = [move.old for move in self.moved]
        lasts = {move.old: move.to for move in self.moved}
        for index, move in enumerate(self.moved):
            seen, last = {move.old}, move.to
            while last in lasts and last not in seen:
                seen.add(last)
                last = lasts[last]
            if move.old in names[:index] or last in seen or move.to in [other.to for other in self.moved[:index]]:
                message = f"{move.old} and {move.to} are said otherwise by other entries"
                hint = "each name is left once and taken once, and no name is taken back"
                yield Violation("moved", message, ("moved", index), hint)
        name = self.default_environment
        if name is not None and name not in self.environments:
            hint = did_you_mean(name, self.environments)
            yield Violation(
                "unknown-reference", f"environment {quote(name)} does not exist", ("default_environment",), hint
            )


class Project(NamedTuple):
    """A project on disk."""

    root: Path
    settings: ProjectSettings

    @property
    def manifests(self) -> tuple[str, ...]:
        """The files and folders that may hold manifests, relative to the root."""
        return self.settings.manifests or (".",)

    @property
    def named(self) -> bool:
        """Whether the project says which files hold manifests."""
        return self.settings.manifests is not None

    @property
    def package_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """What the terms of packages say that do not say it themselves: fields by the list of terms."""
        return self.settings.package_defaults

    @property
    def selling_entitles(self) -> bool:
        """Whether a package entitles what it subscribes to."""
        return self.settings.selling_entitles

    @property
    def environments(self) -> Mapping[str, Environment]:
        """The places that bill, by name."""
        return self.settings.environments

    def tops(self, environment: str) -> tuple[str, ...]:
        """The same with those that hold the overlays of an environment."""
        return (*self.manifests, *self.settings.environments[environment].overlays)

    @property
    def moves(self) -> tuple[tuple[Ref, Ref], ...]:
        """How objects were called before, and afterwards, in the order in which that happened."""
        return tuple((Ref.parse(move.old), Ref.parse(move.to)) for move in self.settings.moved)

    def removed(self, environment: str) -> dict[Ref, NounPath]:
        """What is let go in an environment, each with its path in the project file."""
        own = self.settings.environments[environment].removed
        found: dict[Ref, NounPath] = {Ref.parse(name): ("removed", i) for i, name in enumerate(self.settings.removed)}
        for index, name in enumerate(own):
            found.setdefault(Ref.parse(name), ("environments", environment, "removed", index))
        return found

    def environment(self, name: str | None) -> tuple[str, Environment]:
        """The environment of that name, or the default one. Raises Rejected."""
        settings = self.settings
        chosen = name or settings.default_environment or next(iter(settings.environments))
        if chosen not in settings.environments:
            hint = did_you_mean(chosen, settings.environments) or f"environments: {', '.join(settings.environments)}"
            raise reject("unknown-environment", f"environment {quote(chosen)} does not exist", hint=hint)
        return chosen, settings.environments[chosen]

    def policy(self, environment: str) -> Policy:
        """The policy of an environment that there is: the project's, with what the environment says instead."""
        return self.settings.policy.under(self.settings.environments[environment].policy)

    def place(self, path: NounPath) -> Span:
        """Where a path of the project file stands, now; its start when the file cannot be read any more."""
        try:
            text = read_text(self.root / PROJECT_FILE, PROJECT_FILE, limit=MAX_YAML)
        except Rejected:
            return Span(PROJECT_FILE)
        return locate(PROJECT_FILE, text, 0, [path])[path]


def read_project(directory: Path) -> Project:
    """The project of a directory or of its nearest parent with a `pricebook.yaml`. Raises Rejected."""
    # What has no parent by its own words has those of the directory that it is in.
    folders = (directory, *directory.absolute().parents)
    root = next((folder for folder in folders if (folder / PROJECT_FILE).is_file()), None)
    if root is None:
        if not directory.is_dir():
            raise reject("no-project", f"there is no directory {quote(directory)}")
        message = f"there is no {PROJECT_FILE} in {directory} or above it"
        raise reject("no-project", message, hint="start one with: pricebook init")
    found = read_one(ProjectSettings, root, PROJECT_FILE, beside="manifests stand in files of their own")
    if found is None:
        raise reject("empty", f"{PROJECT_FILE} is empty", Span(PROJECT_FILE), "see: pricebook init")
    return Project(root, found.value)
