"""Schema: everything that pricebook reads and writes as a file, described for editors and for other programs."""

from pricebook.manifest.schema import schema_text
from pricebook.plan.document import plan_schema
from pricebook.plan.migration.document import migration_schema


def all_schemas(manifest_files: dict[str, str]) -> dict[str, str]:
    """The text of every schema by its file name: those of manifests, and those of plan files."""
    plans = {"plan.schema.json": plan_schema(), "migration.schema.json": migration_schema()}
    return {**manifest_files, **{name: schema_text(schema) for name, schema in plans.items()}}
