"""What a project says about its rules: `policy` in `pricebook.yaml`, and again for an environment, where it may differ.

What is not said is not limited, but for the hazards that `apply` refuses and the rules that come with pricebook, which
hold out of the box.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from pricebook.catalog.field import Days, NonEmpty, Percent, Texts, Whole
from pricebook.catalog.impact_limit import ImpactLimits
from pricebook.catalog.model import Instant, Lower, Model, Text
from pricebook.catalog.violation import Path, Violation
from pricebook.problem import quote

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Level = Annotated[Literal["error", "warning", "note", "off"], Lower]
MAX_KEY = 4
"""Columns that a table's rows may be found by."""


class Freeze(Model):
    """A time in which prices are left alone."""

    starting_at: Instant
    """From when (inclusive)."""
    ending_before: Instant
    """Until when (exclusive)."""
    reason: Text
    """Why: shown to whoever runs into it."""

    def rules(self) -> Iterator[Violation]:
        """The end lies after the start."""
        if self.ending_before <= self.starting_at:
            message = "ending_before is not after starting_at"
            yield Violation("empty-period", message, ("ending_before",), "end it later")


class Approver(Model):
    """Who may accept what. As in a CODEOWNERS file, of several that fit the last one counts."""

    covers: NonEmpty[Text]
    """What: refs with `*`, such as `package:*` or `rate-card:enterprise`."""
    accepts: Texts = ()
    """Which rules and hazards; all when not given."""
    people: NonEmpty[Text]
    """Who: names as they stand under `by` of a waiver."""


class LookupTable(Model):
    """A CSV table of the project that company rules look things up in."""

    table: Text
    """File name, relative to pricebook.yaml."""
    key: NonEmpty[Text]
    """The columns by which a row is found: at most four."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """What stands between the cells of a row."""

    def rules(self) -> Iterator[Violation]:
        """As many as a function can take."""
        if len(self.key) > MAX_KEY:
            yield Violation(
                "too-many", f"{len(self.key)} key columns; at most {MAX_KEY}", ("key",), "join some of them"
            )


class CompanyRule(Model):
    """A rule of the company: a CEL expression that has to be true."""

    id: RuleId
    """Its id, which waivers name."""
    each: Annotated[Literal["rate", "product", "card", "package", "price-change", "plan"], Lower]
    """What it is about: it is asked for each rate, product, card, package or price change, or once for the plan."""
    when: Text | None = None
    """A CEL expression: the rule is asked only where it is true."""
    require: Text
    """A CEL expression: what has to be true."""
    message: Text
    """What is wrong when it is not."""
    hint: Text | None = None
    """The way out."""
    severity: Annotated[Literal["error", "warning", "note"], Lower] = "error"
    """error, warning or note."""


class Policy(Model):
    """What is allowed without a person's word, and whose word counts."""

    refuse: tuple[Text, ...] | None = None
    """Hazards that `apply` refuses without `--allow`."""
    fail_on: Annotated[Literal["error", "warning", "note", "never"], Lower] = "error"
    """From which severity on a finding makes `validate` and `plan` exit with 1, and `apply` refuse."""
    levels: dict[RuleId, Level] = Field(default_factory=dict)
    """Severities of rules by id, in place of their own: error, warning, note or off."""
    max_increase: Percent | None = None
    """How much an existing price may rise in one plan."""
    max_decrease: Percent | None = None
    """How much an existing price may fall in one plan."""
    max_package_increase: Percent | None = None
    """How much what a package costs a year (its subscriptions and commits) may rise in one plan."""
    max_package_decrease: Percent | None = None
    """How much what a package costs a year may fall in one plan."""
    notice_days: Days | None = None
    """So many days before it holds an increase has to be applied, where customers are under contract."""
    max_changes: Annotated[Whole, Field(ge=1)] | None = None
    """So many prices and objects one plan may change; new ones do not count."""
    impact: ImpactLimits = Field(default_factory=ImpactLimits.model_construct)
    """How far a plan may move bills, when usage is given to bill."""
    freezes: tuple[Freeze, ...] = ()
    """Times in which nothing may be applied, and no price may change."""
    protect: Texts = ()
    """Refs, with `*`, that are never archived, not even when their manifest is deleted."""
    need_approval: Texts = ()
    """Hazards that no flag allows, but a waiver that somebody has signed."""
    approvers: tuple[Approver, ...] = ()
    """Who may sign waivers, for what."""
    tables: dict[RuleId, LookupTable] = Field(default_factory=dict)
    """Tables that company rules look things up in, by name."""
    company_rules: tuple[CompanyRule, ...] = ()
    """Rules of the company, in CEL."""

    def rules(self) -> Iterator[Violation]:
        """No two company rules have one id."""
        ids = [rule.id for rule in self.company_rules]
        for index, id_ in enumerate(ids):
            if id_ in ids[:index]:
                message = f"two company rules have the id {quote(id_)}"
                yield Violation("duplicate", message, ("company_rules", index, "id"), "give one another id")

    @property
    def patterns(self) -> Iterator[tuple[Path, str]]:
        """The patterns of refs that are protected, and of those that somebody may sign for, with their places."""
        for index, pattern in enumerate(self.protect):
            yield ("protect", index), pattern
        for index, approver in enumerate(self.approvers):
            yield from ((("approvers", index, "covers", i), pattern) for i, pattern in enumerate(approver.covers))

    def under(self, other: "Policy | None") -> "Policy":
        """This policy with what an environment's own says instead; severities of rules are joined."""
        if other is None:
            return self
        said: Mapping[str, Any] = {name: getattr(other, name) for name in other.model_fields_set}
        return self.model_copy(update={**said, "levels": {**self.levels, **other.levels}})
