"""The plan as a file: JSON first. The file that was reviewed is the file that is applied.

The text is canonical (`catalog.canonical`), one line per step, so that `write(read(text))` is the same bytes and a diff
of two plans is readable. `plan.schema` is the published description of it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never, cast

from pydantic import ValidationError

from pricebook.catalog.canonical import decode, encode, quoted
from pricebook.catalog.fingerprint import noun_of, spec_of, tupled
from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Alias, Scale
from pricebook.catalog.path import FieldPath, Label
from pricebook.catalog.reference import Ref
from pricebook.plan.change import (
    AddRates,
    Adopt,
    Archive,
    Change,
    Create,
    FieldChange,
    RateChange,
    Release,
    Repoint,
    Revise,
    Supersede,
)
from pricebook.plan.hazard import Hazard
from pricebook.plan.step import FORMAT, Plan, Share, Step
from pricebook.problem import Problem, reject
from pricebook.span import Span


def write(plan: Plan) -> str:
    """The text of the plan file."""
    head: dict[str, Any] = {
        "format": plan.format,
        "namespace": plan.namespace,
        "environment": plan.environment,
        "as_of": _moment(plan.as_of),
        "base": plan.base,
        "desired": plan.desired,
        "kept": plan.kept,
        "prices": plan.prices,
        "leftovers": [str(ref) for ref in plan.leftovers],
        "unmanaged": dict(plan.unmanaged),
        "units": {name: {"currency": unit.currency, "scale": unit.scale} for name, unit in plan.units.items()},
        "findings": [_finding_data(finding) for finding in plan.findings],
    }
    if plan.adopted:
        head["adopted"] = {str(ref): id_ for ref, id_ in sorted(plan.adopted.items())}
    if plan.moved:
        head["moved"] = [[str(old), str(new)] for old, new in plan.moved]
    steps = ",\n".join(map(_step_text, plan.steps))
    return "".join((encode(head)[:-1], ',"steps":[\n', steps, "\n]}\n"))


def read(text: str, shown: str) -> Plan:
    """The plan of a file's text. Raises Rejected when it is not a plan that this version can apply."""
    try:
        data: Any = decode(text)
        if data["format"] != FORMAT:
            message = f"the plan has format {data['format']}; this version of pricebook applies format {FORMAT}"
            raise reject("plan-format", message, Span(shown), "plan again with this version")
        return Plan(
            namespace=data["namespace"],
            environment=data["environment"],
            as_of=datetime.fromisoformat(data["as_of"]),
            base=data["base"],
            desired=data["desired"],
            steps=tuple(_step(step) for step in data["steps"]),
            kept=data["kept"],
            prices=data["prices"],
            leftovers=tuple(Ref.parse(ref) for ref in data["leftovers"]),
            unmanaged=data["unmanaged"],
            units={name: Scale(unit["currency"], unit["scale"]) for name, unit in data["units"].items()},
            findings=tuple(map(_finding, data["findings"])),
            moved=tuple((Ref.parse(old), Ref.parse(new)) for old, new in data.get("moved", ())),
            adopted={Ref.parse(ref): id_ for ref, id_ in data.get("adopted", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, ValidationError, RecursionError) as error:
        message = f"this is not a plan file ({type(error).__name__}: {str(error).splitlines()[0][:100]})"
        raise reject("plan-file", message, Span(shown), "write one with: pricebook plan -o plan.json") from None


def _moment(value: datetime) -> str:
    return value.isoformat() if value.microsecond else instant_text(value)


def _step_text(step: Step) -> str:
    data: dict[str, Any] = {
        "id": step.id,
        "needs": step.needs,
        "hazards": step.hazards,
        "expects": step.expects,
        "reach": step.reach,
        "at": step.at,
        "ref": str(step.change.ref),
        "reason": step.change.reason,
    }
    if step.shares:
        data["shares"] = [[str(share.package), share.contracts, share.shielded] for share in step.shares]
    change = step.change
    rates = ""
    match change:
        case Create():
            data |= {"action": "create", "digest": change.digest, "spec": spec_of(change.noun)}
        case Revise():
            data |= {"action": "revise", "digest": change.digest, "spec": spec_of(change.noun)}
            data["fields"] = [_field_data(field) for field in change.fields]
        case Supersede():
            data |= {"action": "supersede", "digest": change.digest, "spec": spec_of(change.noun)}
            data |= {"previous": str(change.previous), "fields": [_field_data(field) for field in change.fields]}
        case AddRates():
            data |= {"action": "add_rates", "mark": change.mark, "marked": change.marked}
            rates = ',"rates":[\n' + ",\n".join(map(_rate_text, change.rates)) + "]"
        case Repoint():
            data |= {"action": "repoint", "aliases": [spec_of(alias) for alias in change.aliases]}
            data |= {"observed": [spec_of(alias) for alias in change.observed], "product_order": change.product_order}
            data |= {"observed_order": change.observed_order, "held_by": change.held_by}
            data |= {"yields": [spec_of(alias) for alias in change.yields]} if change.yields else {}
        case Adopt():
            data |= {"action": "adopt", "adopts": change.id, "digest": change.digest, "spec": spec_of(change.noun)}
            data |= {"mark": change.rates, "alias_mark": change.aliases}
            data |= {"was": str(change.was)} if change.was is not None else {}
        case Release():
            data["action"] = "release"
        case Archive():
            data["action"] = "archive"
        case _:
            assert_never(change)
    return encode(data)[:-1] + rates + "}"


def _rate_text(rate: RateChange) -> str:
    # Keys and schedules are canonical JSON already: they go in as they are.
    key, observed, segments, hazards = rate
    words = ",".join([quoted(hazard.value) for hazard in hazards]) if hazards else ""
    return f'{{"key":{key},"observed":{observed or "null"},"segments":{segments},"hazards":[{words}]}}'


def _field_data(field: FieldChange) -> dict[str, Any]:
    return {
        "path": field.path,
        "observed": field.observed,
        "desired": field.desired,
        "unit": field.unit,
        "cosmetic": field.cosmetic,
    }


def _finding_data(finding: Problem) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "subject": finding.subject,
        "waived": finding.waived,
        "at": _span_data(finding.at) if finding.at is not None else None,
        "related": [{"word": word, "at": _span_data(at)} for word, at in finding.related],
        "more": finding.more,
    }


def _span_data(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line, "column": span.column}


def _finding(data: Mapping[str, Any]) -> Problem:
    return Problem(
        code=data["code"],
        message=data["message"],
        at=Span(**data["at"]) if data["at"] is not None else None,
        hint=data["hint"],
        related=tuple((item["word"], Span(**item["at"])) for item in data["related"]),
        severity=data["severity"],
        more=data["more"],
        subject=data["subject"],
        waived=data["waived"],
    )


def _step(data: Mapping[str, Any]) -> Step:
    return Step(
        id=data["id"],
        change=_change(data),
        needs=tuple(data["needs"]),
        hazards=tuple(map(Hazard, data["hazards"])),
        expects=data["expects"],
        reach=data["reach"],
        at=data["at"],
        shares=tuple(Share(Ref.parse(package), n, shielded) for package, n, shielded in data.get("shares", ())),
    )


def _change(data: Mapping[str, Any]) -> Change:
    ref, reason, action = Ref.parse(data["ref"]), data["reason"], data["action"]
    if action == "add_rates":
        return AddRates(ref.name, tuple(map(_rate, data["rates"])), reason, data["mark"], data["marked"])
    if action == "release":
        return Release(ref, reason)
    if action == "archive":
        return Archive(ref, reason)
    if action == "repoint":
        aliases, observed = _aliases(data["aliases"]), _aliases(data["observed"])
        order, before, holders = (tuple(data[name]) for name in ("product_order", "observed_order", "held_by"))
        return Repoint(ref, aliases, observed, order, reason, before, holders, _aliases(data.get("yields", [])))
    noun = noun_of(ref.kind, data["spec"])
    if action == "adopt":
        was = Ref.parse(data["was"]) if "was" in data else None
        return Adopt(ref, data["adopts"], noun, data["digest"], data["mark"], data["alias_mark"], was, reason)
    if action == "create":
        return Create(ref, noun, data["digest"], reason)
    fields = tuple(_field(field) for field in data["fields"])
    if action == "revise":
        return Revise(ref, noun, data["digest"], fields, reason)
    if action == "supersede":
        return Supersede(ref, noun, data["digest"], Ref.parse(data["previous"]), fields, reason)
    raise ValueError(f"unknown action {action!r}")


def _rate(data: Mapping[str, Any]) -> RateChange:
    observed = data["observed"]
    return RateChange(
        encode(data["key"]),
        None if observed is None else encode(observed),
        encode(data["segments"]),
        tuple(map(Hazard, data["hazards"])),
    )


def _field(data: Mapping[str, Any]) -> FieldChange:
    return FieldChange(
        _path(data["path"]),
        tupled(data["observed"]),
        tupled(data["desired"]),
        data["unit"],
        cast(bool, data["cosmetic"]),
    )


def _path(data: list[Any]) -> FieldPath:
    return tuple(step if isinstance(step, str) else Label(*step) for step in data)


def _aliases(data: list[Any]) -> tuple[Alias, ...]:
    return tuple(Alias.model_validate(alias) for alias in data)
