"""`pricebook site`."""

from pathlib import Path

import click

from pricebook.cli.invocation import Invocation, invoked
from pricebook.format.site.feed import feed_schema
from pricebook.format.site.pages import Counted, site_files
from pricebook.manifest.schema import schema_text
from pricebook.view.price_list import price_list
from pricebook.view.storage import SiteView
from pricebook.workflow import cohort, site
from pricebook.workflow.present import present_store


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the pages go: a new directory, or one that this command wrote.",
)
@click.option("--cohorts", is_flag=True, help="Say how many contracts each package version has. Not for the public.")
@click.option("--desired", is_flag=True, help="As the store would be once the manifests were applied, not as it is.")
@invoked("site")
def command(invocation: Invocation, output: Path, cohorts: bool, desired: bool) -> None:
    """Write the price list as a web site: any date, history, changes, packages, a JSON feed.

    The pages need no server and no network: open DIR/index.html, or publish DIR below any path. They open on the
    reader's today; with --as-of, on that instant. The same store gives the same bytes.
    """
    project, at = invocation.project, invocation.as_of
    store, namespace, environment = invocation.store(), project.settings.namespace, invocation.environment[0]
    present = present_store(store, project, environment)
    snapshot = site.desired(project, environment, store, at) if desired else present.snapshot(namespace, at)
    counts = None
    if cohorts:
        held = present.snapshot(namespace, at) if desired else snapshot
        found = cohort.cohorts(present, namespace, held, at, None, ended=False)
        counts = Counted(at, {one.package: one for one in found})
    opens_on = at if invocation.as_of_text is not None else None
    listed = price_list(snapshot, namespace, present.said.order, site.declared_rates(project, environment))
    content = site_files(listed, opens_on, schema_text(feed_schema()), counts)
    published = site.publish(output, namespace, content)
    index = str(output / "index.html")
    invocation.answer(SiteView(index, published.files, published.written, published.removed, published.size))
