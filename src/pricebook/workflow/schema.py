"""Schema: everything that pricebook reads and writes as a file, described for editors and for other programs."""

from pricebook.manifest.schema import schema_text
from pricebook.plan.schema import plan_schema


def all_schemas(manifest_files: dict[str, str]) -> dict[str, str]:
    """The text of every schema by its file name: those of manifests, and that of plan files."""
    return {**manifest_files, "plan.schema.json": schema_text(plan_schema())}
