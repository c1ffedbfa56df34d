"""What tests of importing share: an empty project, an import into it, and its files."""

from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from metronome import Metronome

from pricebook.project.project import Project, read_project
from pricebook.workflow.importing import ImportChoice, Imported, import_account
from vendor import AT, URL, Vendor

SETTINGS = "namespace: acme\nmanifests: [catalog]\nenvironments:\n  production: {store: metronome}\n"


def project_in(root: Path) -> Project:
    """A project without any manifest."""
    root.mkdir(exist_ok=True)
    (root / "pricebook.yaml").write_text(SETTINGS)
    return read_project(root)


def imported(root: Path, vendor: Vendor, choice: ImportChoice | None = None, **more: Any) -> Imported:
    """The account, imported into the project of a directory."""
    with closing(vendor.store()) as store:
        return import_account(read_project(root), "production", store, AT, choice=choice or ImportChoice(), **more)


def tree(root: Path) -> dict[str, bytes]:
    """Every file below a directory."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def sdk(vendor: Vendor) -> Metronome:
    """The vendor's client for the account; it tries nothing twice."""
    transport = httpx.MockTransport(vendor.handle)
    return Metronome(
        bearer_token=vendor.sandbox.token, base_url=URL, max_retries=0, http_client=httpx.Client(transport=transport)
    )


def forget(vendor: Vendor) -> None:
    """Take every mark of ours out of the account, as if somebody else had made what is in it."""
    connection = vendor.sandbox.account._connection
    connection.execute("DELETE FROM field_value WHERE key LIKE 'pricebook!_%' ESCAPE '!'")
    connection.execute("UPDATE object SET uniqueness_key = NULL WHERE kind = 'package'")
