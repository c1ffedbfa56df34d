"""What every noun is made of: one strict, frozen model, and the field types that the nouns share.

A noun is validated from plain data (mappings, tuples, text, int, Decimal, bool, None). Fields carry the vendor's names;
where the vendor has an id (`product_id`), ours has the name of a noun (`product`). All broken rules of a model are
reported together. Amounts may be written as text with their currency; the pricing units that say what a currency's
API unit is come in through the validation context (`{"units": {...}}`).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from pricebook.catalog.amount import DIGITS_HINT, USD, Scale, converted, cut_amounts
from pricebook.catalog.condition import Condition
from pricebook.catalog.instant import INSTANT_PATTERN, parse_instant
from pricebook.catalog.money import (
    MONEY_PATTERN,
    PERCENT_PATTERN,
    SIGNED_MONEY_PATTERN,
    CurrencyCode,
    carries,
    percent,
    plain,
)
from pricebook.catalog.reference import Kind, Reference
from pricebook.catalog.role import Role
from pricebook.catalog.violation import RefusedValue, Violation, broken
from pricebook.problem import did_you_mean, quote, written


class Monetary:
    """Marks a field that holds an amount of money."""


class Short(NamedTuple):
    """The short form of a model, a text such as `12 months`: as a regular expression, and what it says in full, by the
    scales of pricing units (None: the text is none)."""

    pattern: str
    fields: Callable[[str, Mapping[str, Scale]], Mapping[str, Any] | None]


class Model(BaseModel):
    """The base of all nouns and terms.

    A subclass lists its amount fields in `amounts` as paths (`"unit_price"`, `"schedule_items.*.amount"`); text there
    is converted to the API unit of the pricing unit that `unit_for` names: the sibling field `unit_field`, USD when it
    is not given. `forbidden` are fields that people reach for and that cannot be here: message and hint by name.
    What fields are about is said by marks (`catalog.role`); what they need and exclude by `conditions`. `rules` yields
    every other broken rule of the validated value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    amounts: ClassVar[tuple[str, ...]] = ()
    unit_field: ClassVar[str] = "credit_type"
    forbidden: ClassVar[Mapping[str, tuple[str, str]]] = {}
    conditions: ClassVar[tuple[Condition, ...]] = ()
    short: ClassVar[Short | None] = None

    @classmethod
    def spelled_out(cls, text: str, scales: Mapping[str, Scale]) -> Mapping[str, Any] | None:
        """The fields of its short form; None where the text is none."""
        return cls.short.fields(text, scales) if cls.short is not None else None

    def rules(self) -> Iterator[Violation]:
        """Every broken rule that this value alone can tell, and that is no condition."""
        return iter(())

    @classmethod
    def unit_for(cls, path: str, data: Mapping[str, Any]) -> str | Violation:
        """The pricing unit in which the amount at a path of `amounts` is, or why text cannot stand there."""
        named = data.get(cls.unit_field)
        return named.lower() if isinstance(named, str) else USD

    @classmethod
    def written(cls) -> frozenset[str]:
        """The fields as manifests have them: `from` is no name in Python."""
        return _written(cls)

    @classmethod
    def unknown(cls, name: str, near: bool = True) -> Violation:
        """What to say of a field that this model does not have, and which one is `near`: that takes a while to tell."""
        fields = cls.written()
        if name in cls.forbidden:
            message, hint = cls.forbidden[name]
            return Violation("forbidden-field", f"{quote(name)} cannot be here: {message}", (), hint)
        stem = name.removesuffix("_id") if name.endswith("_id") else name.removesuffix("_ids") + "s"
        if name.endswith(("_id", "_ids")) and stem in fields:
            hint = f"refer by name, not by id: {stem}"
        else:
            hint = (near and did_you_mean(name, fields)) or f"known fields: {', '.join(sorted(fields))}"
        return Violation("unknown-field", f"{quote(name)} is not a field here", (), hint)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any, info: ValidationInfo) -> Any:
        scales: Mapping[str, Scale] = (info.context or {}).get("units") or {USD: Scale("USD", 2)}
        if isinstance(data, str):
            data = data if (fields := cls.spelled_out(data.strip(), scales)) is None else fields
        if not isinstance(data, Mapping):
            return data
        if data.keys() - cls.model_fields.keys() and (unknown := data.keys() - cls.written()):
            data, cut = cut_amounts(data)
            lost = [name for name in data if name in unknown and name not in cut]
            data = {**data, **{name: RefusedValue(cls.unknown(name, at < HINTED)) for at, name in enumerate(lost)}}
            data |= {name: RefusedValue(violation) for name, violation in cut.items()}
        if cls.amounts:
            for path in cls.amounts:
                data = converted(data, tuple(path.split(".")), cls.unit_for(path, data), scales)
        return data

    @model_validator(mode="after")
    def _keep_rules(self) -> "Model":
        if violations := self.broken():
            raise broken(*violations)
        return self

    def broken(self) -> tuple[Violation, ...]:
        """What is broken of its conditions and rules."""
        unmet = (Violation(*found) for condition in self.conditions for found in condition.broken(self))
        return (*unmet, *self.rules())


@cache
def _written(model: type[Model]) -> frozenset[str]:
    return frozenset(info.alias or name for name, info in model.model_fields.items())


def _number(value: Any) -> Any:
    if isinstance(value, RefusedValue):
        raise broken(value.violation)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise broken(Violation("type", f"{written(value)} is not a number"))
    number = Decimal(value)
    if not number.is_finite():
        raise broken(Violation("type", f"{value} is not a finite number"))
    if not carries(number):
        message = f"{plain(number)[:80]} has more digits than can be carried"
        raise broken(Violation("too-precise", message, hint=DIGITS_HINT))
    return number


HINTED = 20
"""So many unknown fields of one place are told with the one that is meant; a file may have a hundred thousand."""


def _no_debt(amount: Decimal) -> Decimal:
    if amount < 0:
        hint = "what is given to customers is a credit or an override of a package"
        raise broken(Violation("out-of-range", f"{plain(amount)} is less than 0", hint=hint))
    return amount


def _share(value: Any) -> Any:
    share = percent(value) if isinstance(value, str) else None
    return value if share is None else share


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _instant(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return parse_instant(value)
        except ValueError as error:
            raise broken(Violation("instant", f'"{value[:60]}": {error}')) from None
    return value


def _texts(value: dict[str, str]) -> dict[str, str]:
    for key, text in value.items():
        if len(text) > MAX_CUSTOM_FIELD:
            message = f"the value of {key} has {len(text)} characters; the vendor takes at most {MAX_CUSTOM_FIELD}"
            raise broken(Violation("too-long", message, (key,)))
        if key.startswith("pricebook_"):
            message = f"{key} is a mark that pricebook keeps itself"
            raise broken(Violation("reserved-key", message, (key,), "name it otherwise"))
    return value


MAX_CUSTOM_FIELD = 200

_NUMBER = {"type": "number"}
_LEAST = _NUMBER | {"minimum": 0}


def _money(number: Mapping[str, Any], pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [number, {"type": "string", "pattern": pattern}]})


_PERCENT = {"type": "string", "pattern": PERCENT_PATTERN}

Upper = BeforeValidator(_upper)
"""Makes a Literal of upper-case words accept either case, as the vendor does."""
Lower = BeforeValidator(_lower)

Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema(_NUMBER)]
NonNegative = Annotated[Number, Field(ge=0), WithJsonSchema(_LEAST)]
"""How many."""
Fraction = Annotated[
    Number,
    BeforeValidator(_share),
    Field(ge=0, le=1),
    WithJsonSchema({"anyOf": [_LEAST | {"maximum": 1}, _PERCENT]}),
]
"""A share of something, 0..1: `0.5`, or `50%`."""
Factor = Annotated[Number, BeforeValidator(_share), Field(ge=0), WithJsonSchema({"anyOf": [_LEAST, _PERCENT]})]
"""What something is multiplied by, at least 0: `0.8`, or `80%`."""
Sum = Annotated[Decimal, BeforeValidator(_number), Monetary(), _money(_NUMBER, SIGNED_MONEY_PATTERN)]
"""An amount in the API unit of its pricing unit that may be below zero: what something adds to an invoice's total. The
field must be listed in its model's `amounts`."""
Amount = Annotated[
    Decimal, BeforeValidator(_number), AfterValidator(_no_debt), Monetary(), _money(_LEAST, MONEY_PATTERN)
]
"""The same of what is priced, charged or granted, which is never below zero."""
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "pattern": INSTANT_PATTERN})]
CustomFields = Annotated[dict[str, Text], AfterValidator(_texts), Role.COSMETIC]
GroupValues = dict[str, str]
Frequency = Annotated[Literal["WEEKLY", "MONTHLY", "QUARTERLY", "ANNUAL"], Upper]
RecurrenceFrequency = Annotated[Literal["MONTHLY", "QUARTERLY", "ANNUAL", "WEEKLY", "DAILY"], Upper]

Currency = Annotated[CurrencyCode, Upper]

UnitName = Annotated[str, Lower, Reference(Kind.PRICING_UNIT)]
MetricName = Annotated[str, Reference(Kind.BILLABLE_METRIC)]
ProductName = Annotated[str, Reference(Kind.PRODUCT)]
FixedProduct = Annotated[str, Reference(Kind.PRODUCT, "FIXED")]
CardName = Annotated[str, Reference(Kind.RATE_CARD)]
PackageName = Annotated[str, Reference(Kind.PACKAGE)]


class Alias(Model):
    """A name under which contracts find a rate card or a package, from `starting_at` until `ending_before`.

    An alias belongs to one object at a time: giving it to a second one ends it on the first from that moment.
    """

    name: Text
    """What contracts are created with; it may be scheduled to move from one object to another."""
    starting_at: Instant | None = None
    """From when the alias stands for this object (inclusive); when not given, always."""
    ending_before: Instant | None = None
    """Until when (exclusive); when not given, without end."""

    # The name alone: it always stands for the object.
    short: ClassVar[Short | None] = Short(r"^.*[^\s].*$", lambda text, _: {"name": text})

    def holds(self, at: datetime) -> bool:
        """Whether it stands for its object at an instant."""
        begun = self.starting_at is None or self.starting_at <= at
        return begun and (self.ending_before is None or at < self.ending_before)

    def rules(self) -> Iterator[Violation]:
        """The end lies after the start."""
        if self.starting_at and self.ending_before and self.ending_before <= self.starting_at:
            hint = "end it later, or leave ending_before out"
            yield Violation("empty-period", "ending_before is not after starting_at", ("ending_before",), hint)


class Noun(Model):
    """What a manifest declares under `spec`. Its own name is the manifest's `metadata.name`, kept beside it as a `Ref`.

    `mutable` are the fields that can change in place at the vendor; a change of any other takes a new object.
    """

    kind: ClassVar[Kind]
    called: ClassVar[tuple[str, ...]] = ()
    """Of what an account has no place to mark: the fields by which it is known there."""
    mutable: ClassVar[frozenset[str]] = frozenset()

    @property
    def identity(self) -> tuple[str, ...]:
        """What the fields say by which an account knows it; empty where it can be marked."""
        return tuple(str(getattr(self, name)) for name in self.called)

    @property
    def title(self) -> str:
        """Its name at the vendor; empty where it has none there."""
        return str(getattr(self, "name", ""))

    @property
    def held_aliases(self) -> tuple[Alias, ...]:
        """Those of a rate card and of a package; nothing else has any."""
        return getattr(self, "aliases", ())


def noun_class(kind: Kind) -> type[Noun]:
    """The model of the nouns of this kind; its module is imported when one is met: start-up counts."""
    return cast(type[Noun], getattr(import_module(kind.module), kind.manifest))
