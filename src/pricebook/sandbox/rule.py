"""The rules of rates and package terms, judged by pricebook's own models: each rule of the vendor stands in one place.

A body on the wire names objects by id where a model has a name; an id is a name as good as any other here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import ValidationError

from pricebook.account.refusal import Refused
from pricebook.catalog.amount import USD_ID
from pricebook.catalog.declared import fields_of
from pricebook.catalog.model import Model
from pricebook.catalog.package import Package
from pricebook.catalog.product import Product
from pricebook.catalog.rate import RateTerms
from pricebook.catalog.threshold_notification import ThresholdNotification
from pricebook.metronome.wire.field import link_names, our_names, request_names

_NAMES = our_names(Package) | our_names(RateTerms) | our_names(Product) | our_names(ThresholdNotification)
"""The fields that have another name on the wire, and the models' names for them."""
_LINKS = link_names(Package) | {"temporary_id"}
"""The fields that hold temporary ids: any text on the wire, keys in the models."""


M = TypeVar("M", bound=Model)


def check_rules(model: type[M], body: Mapping[str, Any], at: str = "") -> M:
    """The body as a model, whose rules it keeps. Raises Refused (400) with all that are broken."""
    with refusing(model, at):
        return model.model_validate(_named(body, {}))


@contextmanager
def refusing(model: type[Model], at: str = "") -> Iterator[None]:
    """What a model does not take is refused, with all that is wrong with it in the words of the request."""
    try:
        yield
    except ValidationError as error:
        problems = []
        for found in error.errors(include_url=False):
            broken = found.get("ctx", {}).get("violations")
            if broken:
                problems += [_sentence(model, (*found["loc"], *one.at), one.message, at) for one in broken]
            else:
                problems.append(_sentence(model, found["loc"], found["msg"], at))
        raise Refused(400, "; ".join(problems)) from None


def _named(value: object, keys: dict[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {_NAMES.get(name, name): _part(name, part, keys) for name, part in value.items()}
    if isinstance(value, list):
        return tuple(_named(part, keys) for part in value)
    return value


def _part(name: str, part: object, keys: dict[str, str]) -> Any:
    if name in _LINKS:
        if isinstance(part, list):
            return tuple(keys.setdefault(one, f"term-{len(keys)}") for one in part)
        return keys.setdefault(str(part), f"term-{len(keys)}")
    if part == USD_ID and name in ("credit_type_id", "custom_credit_type_id"):
        return "usd"
    if name in ("custom_rate", "custom_fields"):
        return part
    return _named(part, keys)


def _sentence(model: type[Model] | None, path: tuple[str | int, ...], message: str, at: str) -> str:
    text = at
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        name = request_names(model).get(step, step) if model is not None else step
        model = fields_of(model)[step].model if model is not None and step in fields_of(model) else None
        text += f".{name}" if text else name
    return f"{text}: {message}" if text else message
