"""Which model a kind of noun has. A module is imported only when a noun of its kind is met: start-up counts."""

from importlib import import_module
from typing import cast

from pricebook.catalog.model import Noun
from pricebook.catalog.reference import Kind


def noun_class(kind: Kind) -> type[Noun]:
    """The model of the nouns of this kind."""
    return cast(type[Noun], getattr(import_module(kind.module), kind.manifest))
