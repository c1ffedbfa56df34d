"""What the manifests of a project say about objects that an environment had before them."""

from functools import partial

from pricebook.catalog.reference import Ref
from pricebook.manifest.load import Loaded
from pricebook.plan.adoption import Claims
from pricebook.span import Span


def claims_of(loaded: Loaded, environment: str) -> Claims:
    """The claims of an environment. Where they stand is looked up when it has to be said."""
    fresh = {ref for ref in loaded.adopt if loaded.is_new(ref, environment)}
    return Claims(environment, loaded.adopted(environment), fresh, partial(_at, loaded, environment))


def _at(loaded: Loaded, environment: str, ref: Ref) -> Span | None:
    """Where the entry stands; for a noun without one, its name."""
    said = environment in loaded.adopt.get(ref, ())
    return loaded.whereabouts.at(ref, ("metadata", "adopt", environment) if said else ("metadata", "name"))
