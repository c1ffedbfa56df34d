"""Whatever is in an account, importing it and planning changes nothing: law 1 from the other side.

The accounts are made by applying random catalogues and taking our marks away again.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from imports import forget, imported, project_in, tree
from test_law import fill

from pricebook.catalog.catalog import Catalog
from pricebook.plan.verb.adopt import Adopt
from pricebook.project.project import read_project
from pricebook.workflow.plan import plan
from strategy import catalogs
from vendor import AT, vendor


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(catalogs())
def test_what_is_imported_is_only_adopted(desired: Catalog) -> None:
    with vendor() as account, TemporaryDirectory() as directory:
        fill(desired, account, directory)
        forget(account)
        root = Path(directory) / "imported"
        project_in(root)
        made = imported(root, account)
        assert made.remaining == []
        found = plan(read_project(root), "production", account.store(), AT)
        assert all(isinstance(step.change, Adopt) for step in found.steps)
        before = tree(root)
        assert imported(root, account).files == []
        assert tree(root) == before
        known = ("{version}", "does not show its rate card", "the account does not say it")
        assert [left for left in made.left if not any(words in left.reason for words in known)] == []
