"""Names for things: the kinds of noun, the `Ref` that is the only key used anywhere, and references between nouns."""

import re
from enum import StrEnum
from typing import NamedTuple

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*\Z")


class Kind(StrEnum):
    """The kinds of noun, in the order in which they must exist. The value is the first half of a `Ref`'s text."""

    PRICING_UNIT = "pricing-unit"
    BILLABLE_METRIC = "billable-metric"
    PRODUCT = "product"
    RATE_CARD = "rate-card"
    PACKAGE = "package"
    SCENARIO = "scenario"
    POLICY_TEST = "policy-test"
    MIGRATION = "migration"

    @property
    def manifest(self) -> str:
        """The word after `kind:` in a manifest: `RateCard`."""
        return "".join(word.capitalize() for word in self.value.split("-"))

    @property
    def words(self) -> str:
        """For sentences: `rate card`."""
        return self.value.replace("-", " ")

    @property
    def rank(self) -> int:
        """Position in the order of existence: what a noun refers to has a rank not above its own."""
        return tuple(Kind).index(self)


BESIDE = frozenset((Kind.SCENARIO, Kind.POLICY_TEST, Kind.MIGRATION))
"""Kinds that are about the others: they stand beside them in manifests, and no store, plan or catalogue has them."""
STORED = tuple(kind for kind in Kind if kind not in BESIDE)
"""The kinds that a store keeps."""


class Ref(NamedTuple):
    """`kind:name` or, for a package, `kind:name@version`."""

    kind: Kind
    name: str
    version: int | None = None

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}" + (f"@{self.version}" if self.version is not None else "")

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """The reverse of `str(ref)`. Raises ValueError on anything else."""
        kind, _, rest = text.partition(":")
        name, at, version = rest.partition("@")
        if not NAME.match(name) and not (name and kind):
            raise ValueError(f"not a reference: {text!r}")
        return cls(Kind(kind), name, int(version) if at else None)


class Reference(NamedTuple):
    """Marks a field (`Annotated[str, Reference(Kind.PRODUCT)]`) whose text is the name of another noun."""

    kind: Kind
