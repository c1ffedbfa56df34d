"""The registry: a model for every kind, and no module before it is needed."""

import subprocess
import sys

import pytest

from pricebook.catalog.model import noun_class
from pricebook.catalog.reference import Kind


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_its_model(kind):
    model = noun_class(kind)
    assert (model.kind, model.__name__) == (kind, kind.manifest)
    assert model.mutable <= model.model_fields.keys()


def test_what_is_not_used_is_not_imported():
    script = (
        "import sys; from pricebook.catalog import check, model, reference;"
        "model.noun_class(reference.Kind.RATE_CARD);"
        "heavy = ('package', 'override', 'rate', 'scenario', 'migration');"
        "print(*(name for name in heavy if f'pricebook.catalog.{name}' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
