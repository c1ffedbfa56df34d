"""Names for things: the kinds of noun, the `Ref` that is the only key used anywhere, and references between nouns.

A kind is one entry of one table, at the end of this module; what a vendor calls it stands with the vendor's adapter.
"""

import re
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*\Z")
_KINDS: dict[str, "Kind"] = {}


class _Kinds(type):
    """Makes `for kind in Kind` go through the table."""

    def __iter__(cls) -> "Iterator[Kind]":
        return iter(tuple(_KINDS.values()))


class Kind(str, metaclass=_Kinds):
    """A kind of noun: the text is the first half of a `Ref`'s. `Kind(text)` is the entry of the table; ValueError if
    there is none."""

    CUSTOM_FIELD_KEY: ClassVar["Kind"]
    PRICING_UNIT: ClassVar["Kind"]
    BILLABLE_METRIC: ClassVar["Kind"]
    PRODUCT: ClassVar["Kind"]
    RATE_CARD: ClassVar["Kind"]
    PACKAGE: ClassVar["Kind"]
    THRESHOLD_NOTIFICATION: ClassVar["Kind"]
    OFFSET_NOTIFICATION: ClassVar["Kind"]
    SCENARIO: ClassVar["Kind"]
    POLICY_TEST: ClassVar["Kind"]
    MIGRATION: ClassVar["Kind"]

    manifest: str
    """The word after `kind:` in a manifest: `RateCard`."""
    module: str
    """The module of its model, which is imported when a noun of the kind is met."""
    rank: int
    """Its place in the order of existence: what a noun refers to has a rank not above its own."""
    stored: bool
    """False: nouns of the kind are about the others; they stand beside them in manifests, and no store, plan or
    catalogue has them."""
    file: str
    """Where manifests of the kind are written: a file for all of them, or with `/` a folder of one file for each."""
    way_out: str
    """What to do where a noun of the kind cannot change as it shall."""
    marked: bool
    """Whether an account has a place for our mark on it. One without is known by what it is called there: it cannot be
    renamed, let go or archived by us."""
    longest: int | None
    """Characters of a name, where fewer than of others fit into the marks of a store."""
    versioned: bool
    """Whether its objects cannot be edited: a changed one is a new version, and its mark is a uniqueness key."""
    replaced: bool
    """Whether the version before is archived once a new one was read back: customers are on those of a package, and on
    no others."""

    def __new__(cls, value: str) -> "Kind":
        """The kind of this text. Raises ValueError."""
        if value not in _KINDS:
            raise ValueError(f"{value!r} is no kind")
        return _KINDS[value]

    @property
    def value(self) -> str:
        """Its text."""
        return str(self)

    @property
    def words(self) -> str:
        """For sentences: `rate card`."""
        return self.replace("-", " ")


def register(
    text: str,
    module: str,
    *,
    stored: bool = True,
    file: str = "",
    way_out: str = "",
    marked: bool = True,
    longest: int | None = None,
    versioned: bool = False,
    replaced: bool = False,
) -> Kind:
    """Make a kind, after all that there are: what its nouns refer to is of an earlier one."""
    kind = str.__new__(Kind, text)
    kind.manifest = "".join(word.capitalize() for word in text.split("-"))
    kind.module, kind.rank, kind.stored, kind.file = module, len(_KINDS), stored, file
    kind.way_out, kind.marked, kind.longest = way_out, marked, longest
    kind.versioned, kind.replaced = versioned, replaced
    _KINDS[text] = kind
    return kind


def unregister(kind: Kind) -> None:
    """Take a kind out of the table."""
    del _KINDS[kind]


def stored_kinds() -> tuple[Kind, ...]:
    """The kinds that a store keeps, in the order in which they must exist."""
    return tuple(kind for kind in Kind if kind.stored)


def movable_pattern() -> str:
    """The text of a `Ref` that can be renamed and let go, as a regular expression."""
    return f"^({'|'.join(kind for kind in stored_kinds() if kind.marked)}):[a-z0-9][a-z0-9_.-]*$"


class Ref(NamedTuple):
    """`kind:name` or, for a package, `kind:name@version`."""

    kind: Kind
    name: str
    version: int | None = None

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}" + (f"@{self.version}" if self.version is not None else "")

    @property
    def unversioned(self) -> "Ref":
        """As manifests name it: a package without its version."""
        return Ref(self.kind, self.name)

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """The reverse of `str(ref)`. Raises ValueError on anything else."""
        kind, _, rest = text.partition(":")
        name, at, version = rest.partition("@")
        if not NAME.match(name) and not (name and kind):
            raise ValueError(f"not a reference: {text!r}")
        return cls(Kind(kind), name, int(version) if at else None)


class Reference(NamedTuple):
    """Marks a field (`Annotated[str, Reference(Kind.PRODUCT)]`) whose text is the name of another noun; of a product it
    may have to be of one `type`."""

    kind: Kind
    type: str = ""


Kind.CUSTOM_FIELD_KEY = register(
    "custom-field-key",
    "pricebook.catalog.custom_field_key",
    file="custom-fields.yaml",
    way_out="declare another key; values stand under the one that is there",
    marked=False,
)
Kind.PRICING_UNIT = register(
    "pricing-unit",
    "pricebook.catalog.unit",
    file="units.yaml",
    way_out="declare a new pricing unit under another name, and price in it",
    marked=False,
)
Kind.BILLABLE_METRIC = register(
    "billable-metric",
    "pricebook.catalog.metric",
    file="metrics.yaml",
    way_out="declare a new metric under another name, and name it in the products' billable_metric",
)
Kind.PRODUCT = register(
    "product",
    "pricebook.catalog.product",
    file="products.yaml",
    way_out="declare a new product under another name, with rates of its own",
)
Kind.RATE_CARD = register(
    "rate-card",
    "pricebook.catalog.rate_card",
    file="rate-cards/",
    way_out="declare a new rate card under another name, and move the alias to it",
)
# A package's uniqueness key has 128 characters, a custom field 200.
Kind.PACKAGE = register("package", "pricebook.catalog.package", file="packages/", longest=60, versioned=True)
Kind.THRESHOLD_NOTIFICATION = register(
    "threshold-notification",
    "pricebook.catalog.threshold_notification",
    file="notifications.yaml",
    longest=40,
    versioned=True,
    replaced=True,
)
Kind.OFFSET_NOTIFICATION = register(
    "offset-notification",
    "pricebook.catalog.offset_notification",
    file="notifications.yaml",
    way_out="declare another one under another name, and archive this one in the account",
    marked=False,
)
Kind.SCENARIO = register("scenario", "pricebook.catalog.scenario", stored=False)
Kind.POLICY_TEST = register("policy-test", "pricebook.catalog.policy_test", stored=False)
Kind.MIGRATION = register("migration", "pricebook.catalog.migration", stored=False)
