"""`pricebook schema`."""

from pathlib import Path

import click

from pricebook.cli.invocation import Invocation, refusals
from pricebook.problem import Problem, did_you_mean


@click.command()
@click.argument("name", required=False)
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write every schema to DIR."
)
@click.pass_context
def command(ctx: click.Context, name: str | None, output: Path | None) -> None:
    """Print or write the JSON Schemas of manifests and plans.

    NAME is manifest (the default), overlay, project, plan, migration (a line of such a plan) or feed. Editors complete
    and check manifests with them.
    """
    invocation = Invocation.of(ctx)
    with refusals(invocation):
        from pricebook.format.site.feed import feed_schema
        from pricebook.manifest.schema import schema_files, schema_text
        from pricebook.project.project import ProjectSettings
        from pricebook.workflow.schema import all_schemas

        files = all_schemas(schema_files(ProjectSettings)) | {"feed.schema.json": schema_text(feed_schema())}
        if output is not None:
            output.mkdir(parents=True, exist_ok=True)
            for file, text in files.items():
                (output / file).write_text(text, encoding="utf-8")
            invocation.print(f"wrote {output / file}" for file in files)
            return
        wanted = f"{name or 'manifest'}.schema.json"
        if wanted not in files:
            known = [file.removesuffix(".schema.json") for file in files]
            hint = did_you_mean(name or "", known) or f"schemas: {', '.join(known)}"
            invocation.fail([Problem("unknown-schema", f"there is no schema {name!r}", hint=hint)])
        invocation.print([files[wanted].rstrip("\n")])
