"""What every noun is made of: one strict, frozen model, and the field types that the nouns share.

A noun is validated from plain data (mappings, tuples, text, int, Decimal, bool, None). Fields carry the vendor's names;
where the vendor has an id (`product_id`), ours has the name of a noun (`product`). All broken rules of a model are
reported together. Amounts may be written as text with their currency; the pricing units that say what a currency's
API unit is come in through the validation context (`{"units": {...}}`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

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
from pydantic_core import PydanticCustomError

from pricebook.catalog.condition import Condition
from pricebook.catalog.instant import INSTANT_PATTERN, parse_instant
from pricebook.catalog.money import (
    MAX_DIGITS,
    MAX_PLACES,
    MONEY_PATTERN,
    SIGNED_MONEY_PATTERN,
    CurrencyCode,
    carries,
    parse_money,
    plain,
    to_api_unit,
)
from pricebook.catalog.reference import Kind, Ref, Reference
from pricebook.catalog.role import Role
from pricebook.problem import did_you_mean, quote

USD = "usd"
"""The name of the built-in pricing unit: USD, whose API unit is the cent."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: a stable code, what is wrong (value and rule), where below the model, and the way out."""

    code: str
    message: str
    at: Path = ()
    hint: str = ""
    related: tuple[tuple[str, Ref, Path], ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """What an amount's text needs to know of its pricing unit: ISO currency (None for a custom unit) and scale."""

    currency: str | None
    scale: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands in for a value that cannot be used, so that it is reported at its own place, together with all the rest.

    An amount's field raises the violation itself; for an unknown field it is the `input` of pydantic's error
    `extra_forbidden`.
    """

    violation: Violation


def broken(*violations: Violation) -> PydanticCustomError:
    """The error by which a validator reports broken rules; the loader turns it into problems."""
    text = "; ".join(v.message for v in violations)
    return PydanticCustomError("rules", "{text}", {"text": text, "violations": violations})


@dataclass(frozen=True, slots=True)
class Monetary:
    """Marks a field that holds an amount of money."""


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
        return frozenset(info.alias or name for name, info in cls.model_fields.items())

    @classmethod
    def unknown(cls, name: str) -> Violation:
        """What to say of a field that this model does not have."""
        fields = cls.written()
        if name in cls.forbidden:
            message, hint = cls.forbidden[name]
            return Violation("forbidden-field", f"{quote(name)} cannot be here: {message}", (), hint)
        stem = name.removesuffix("_id") if name.endswith("_id") else name.removesuffix("_ids") + "s"
        if name.endswith(("_id", "_ids")) and stem in fields:
            hint = f"refer by name, not by id: {stem}"
        else:
            hint = did_you_mean(name, fields) or f"known fields: {', '.join(sorted(fields))}"
        return Violation("unknown-field", f"{quote(name)} is not a field here", (), hint)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, Mapping):
            return data
        if data.keys() - cls.model_fields.keys() and (unknown := data.keys() - cls.written()):
            data = {**data, **{name: Refused(cls.unknown(name)) for name in unknown if isinstance(name, str)}}
        if cls.amounts:
            scales: Mapping[str, Scale] = (info.context or {}).get("units") or {USD: Scale("USD", 2)}
            for path in cls.amounts:
                data = _converted(data, tuple(path.split(".")), cls.unit_for(path, data), scales)
        return data

    @model_validator(mode="after")
    def _keep_rules(self) -> "Model":
        unmet = (Violation(*found) for condition in self.conditions for found in condition.broken(self))
        violations = (*unmet, *self.rules())
        if violations:
            raise broken(*violations)
        return self


def amount_of(text: str, unit: str, scales: Mapping[str, Scale]) -> Decimal | Violation:
    """An amount written as text, in the API unit of `unit`; or what is wrong with it."""
    money = parse_money(text)
    scale = scales.get(unit)
    if money is None:
        return Violation(
            "amount",
            f'"{text[:60]}" is not an amount',
            hint="write a number in the pricing unit's API unit (cents for USD), or text with its currency: $10.00",
        )
    if scale is None:
        return to_api_unit(money.amount, 2)  # the unit is reported where it is named
    if scale.currency is None:
        hint = f"write a plain number of {unit}"
        message = f'"{text}" is in {money.currency}, but the unit {unit} is no currency'
        return Violation("currency-mismatch", message, (), hint)
    if scale.currency != money.currency:
        message = f'"{text}" is in {money.currency}, but its pricing unit {unit} is in {scale.currency}'
        hint = f"write it in {scale.currency}, or name another pricing unit"
        return Violation("currency-mismatch", message, (), hint)
    amount = to_api_unit(money.amount, scale.scale)
    if not carries(amount):
        return Violation("too-precise", f"{quote(text)} has more digits than can be carried", (), DIGITS_HINT)
    return amount


def _converted(data: Any, path: tuple[str, ...], unit: str | Violation, scales: Mapping[str, Scale]) -> Any:
    """A copy of the data with text amounts below `path` converted; everything else is left for its own field."""
    if not path:
        if not isinstance(data, str):
            return data
        if isinstance(unit, Violation):
            return Refused(replace(unit, message=f"{quote(data)} cannot be here: {unit.message}"))
        amount = amount_of(data, unit, scales)
        return Refused(amount) if isinstance(amount, Violation) else amount
    if path[0] == "*":
        if not isinstance(data, (list, tuple)):
            return data
        return tuple(_converted(item, path[1:], unit, scales) for item in data)
    if not isinstance(data, Mapping) or path[0] not in data:
        return data
    return {**data, path[0]: _converted(data[path[0]], path[1:], unit, scales)}


def _number(value: Any) -> Any:
    if isinstance(value, Refused):
        raise broken(value.violation)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise broken(Violation("type", f"{_as_written(value)} is not a number"))
    number = Decimal(value)
    if not number.is_finite():
        raise broken(Violation("type", f"{value} is not a finite number"))
    if not carries(number):
        message = f"{plain(number)[:80]} has more digits than can be carried"
        raise broken(Violation("too-precise", message, hint=DIGITS_HINT))
    return number


DIGITS_HINT = f"at most {MAX_DIGITS} significant digits and {MAX_PLACES} decimal places"


def _no_debt(amount: Decimal) -> Decimal:
    if amount < 0:
        hint = "what is given to customers is a credit or an override of a package"
        raise broken(Violation("out-of-range", f"{plain(amount)} is less than 0", hint=hint))
    return amount


def _as_written(value: object) -> str:
    if isinstance(value, str):
        return f'"{value[:60]}"'
    words = {type(None): "null", dict: "a mapping", tuple: "a list", list: "a list"}
    return words.get(type(value)) or str(value).lower()


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


Upper = BeforeValidator(_upper)
"""Makes a Literal of upper-case words accept either case, as the vendor does."""
Lower = BeforeValidator(_lower)

Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema(_NUMBER)]
NonNegative = Annotated[Number, Field(ge=0), WithJsonSchema(_LEAST)]
"""How many."""
Fraction = Annotated[Number, Field(ge=0, le=1), WithJsonSchema(_LEAST | {"maximum": 1})]
"""A share of something, 0.1 for 10 %."""
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

Currency = Annotated[CurrencyCode, Upper]

UnitName = Annotated[str, Lower, Reference(Kind.PRICING_UNIT)]
MetricName = Annotated[str, Reference(Kind.BILLABLE_METRIC)]
ProductName = Annotated[str, Reference(Kind.PRODUCT)]
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
    mutable: ClassVar[frozenset[str]] = frozenset()
