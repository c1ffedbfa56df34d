"""`pricebook schema`."""

import sys
from pathlib import Path

import click

from pricebook.cli.invocation import Invocation, invoked, write_lines
from pricebook.format.site.feed import feed_schema
from pricebook.manifest.schema import schema_files, schema_text
from pricebook.plan.document import plan_schema
from pricebook.problem import Problem, did_you_mean, quote, reject
from pricebook.project.project import ProjectSettings
from pricebook.view.problems import CheckedView, JudgedFile
from pricebook.view.schema import answer_schemas
from pricebook.view.storage import FilesView

_SUFFIX = ".schema.json"


@click.command()
@click.argument("names", metavar="[NAME | FILE...]", nargs=-1)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write every schema to DIR."
)
@click.option("--check", is_flag=True, help="Judge files by the schemas instead.")
@invoked("checked")
def command(invocation: Invocation, names: tuple[str, ...], output: Path | None, check: bool) -> None:
    """Print or write the JSON Schemas of manifests and plans.

    NAME is manifest (the default), overlay, project, plan, feed, or answer-NAME of a JSON answer. Editors complete and
    check manifests with them. With --check every FILE is judged by the schema that its documents say they are of.
    """
    beside = {"plan.schema.json": plan_schema(), "feed.schema.json": feed_schema(), **answer_schemas()}
    files = schema_files(ProjectSettings) | {file: schema_text(data) for file, data in beside.items()}
    if check:
        _check(invocation, {file.removesuffix(_SUFFIX): text for file, text in files.items()}, names)
        return
    invocation.answers_in(FilesView.answer)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (output / file).write_text(text, encoding="utf-8", newline="\n")
        invocation.answer(FilesView(tuple(str(output / file) for file in files)))
        return
    if len(names) > 1:
        raise reject("conflict", "one schema is printed at a time", hint="files are judged with --check")
    name = names[0] if names else "manifest"
    if name + _SUFFIX not in files:
        known = [file.removesuffix(_SUFFIX) for file in files]
        hint = did_you_mean(name, known) or f"schemas: {', '.join(known)}"
        invocation.fail([Problem("unknown-schema", f"there is no schema {quote(name)}", hint=hint)])
    write_lines(files[name + _SUFFIX].splitlines(), sys.stdout)


def _check(invocation: Invocation, schemas: dict[str, str], names: tuple[str, ...]) -> None:
    from pricebook.workflow.schema_check import SchemaCheck  # jsonschema: printing a schema does not need it

    if not names:
        raise reject("no-file", "no file is named", hint="pricebook schema --check catalog/*.yaml plan.json")
    judge = SchemaCheck(schemas)
    checked = [judge.check(Path(name)) for name in names]
    problems = [problem for each in checked for problem in each.problems]
    if problems:
        invocation.fail(problems)
    invocation.answer(CheckedView(tuple(JudgedFile(each.file, tuple(dict.fromkeys(each.schemas))) for each in checked)))
