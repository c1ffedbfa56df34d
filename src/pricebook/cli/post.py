"""`pricebook post`."""

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import click

from pricebook.cli.invocation import Invocation, invoked
from pricebook.cli.options import FILE
from pricebook.codehost import github, gitlab
from pricebook.codehost.review import check_reviews
from pricebook.format.markup import headed
from pricebook.problem import reject
from pricebook.view.words import counted
from pricebook.workflow.apply import check_digest

_TITLE = 250
"""Characters of an issue's title; GitHub takes 256."""


@click.group()
def command() -> None:
    """Put what was found where reviewers are: comments, issues and findings of GitHub and GitLab.

    Everything comes from the variables that the job has. GITHUB_TOKEN (or PRICEBOOK_GITLAB_TOKEN) is the token; it is
    never printed. What was posted before is found by its marker and its author and edited in place.
    """


@command.command()
@click.argument("file", type=FILE)
@click.option("--name", metavar="NAME", help="Which comment, of which there is one; by default FILE says it itself.")
@click.option("--number", type=click.IntRange(min=1), help="The pull request; that of the event otherwise.")
@invoked()
def comment(invocation: Invocation, file: Path, name: str | None, number: int | None) -> None:
    """Keep one comment on a pull or merge request that says what FILE says (--report markdown=FILE)."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if os.environ.get("GITLAB_CI"):
        invocation.say([f"note {gitlab.put_note(os.environ, text, name)}"])
        return
    repo = github.repository(os.environ)
    about = number or github.pull_request(os.environ)
    invocation.say([github.put_comment(repo, about, text, name)])


@command.command()
@click.argument("file", type=FILE)
@click.option("--title", help="The issue's title; otherwise the heading of FILE, after the end of --name.")
@click.option("--name", default="drift", metavar="NAME", help="Which issue: there is one open one of each name.")
@click.option("--clean", is_flag=True, help="All is well: close the issue, if there is one.")
@invoked()
def issue(invocation: Invocation, file: Path, title: str | None, name: str, clean: bool) -> None:
    """Keep one open issue that says what FILE says, and close it when all is well."""
    text = file.read_text(encoding="utf-8", errors="replace")
    told = title or ": ".join(filter(None, (name.partition("/")[2], headed(text) or name)))
    if os.environ.get("GITLAB_CI"):
        address = gitlab.put_issue(os.environ, text, told[:_TITLE], name, clean=clean)
    else:
        address = github.put_issue(github.repository(os.environ), text, told[:_TITLE], name, clean=clean)
    invocation.say([address or "there is no issue, and none is needed"])


@command.command()
@click.argument("file", type=FILE)
@click.option("--commit", required=True, help="The commit that was looked at.")
@click.option("--ref", required=True, help="Its full reference: refs/pull/1/merge.")
@invoked()
def findings(invocation: Invocation, file: Path, commit: str, ref: str) -> None:
    """Hand FILE to code scanning (--report sarif=FILE)."""
    sarif = file.read_text(encoding="utf-8", errors="replace")
    github.send_findings(github.repository(os.environ), sarif, commit, ref)


@command.command()
@click.argument("digest")
@click.option("--commit", required=True, help="The head of the pull request.")
@click.option("--context", required=True, help="The status's name, one for each environment.")
@invoked()
def status(invocation: Invocation, digest: str, commit: str, context: str) -> None:
    """Remember at a commit which plan was shown for it: DIGEST, as `pricebook plan --digest` prints it."""
    check_digest(digest)
    github.put_status(github.repository(os.environ), commit, context, digest)


_WAIVERS = click.option(
    "--waivers",
    type=FILE,
    metavar="FILE",
    help="What `validate --base` or `--waivers` said as JSON: each waiver there.",
)


@command.command()
@click.option("--commit", required=True, help="The commit that a merge made.")
@click.option("--context", required=True, help="The status's name, as for `post status`.")
@_WAIVERS
@invoked()
def approved(invocation: Invocation, commit: str, context: str, waivers: Path | None) -> None:
    """Print the digest of the plan that was shown for the pull request that was merged as a commit (GitHub).

    With --waivers only if each waiver that came with it was approved by somebody other than its author.
    """
    _check_waivers(waivers, commit)
    invocation.say([github.approved(github.repository(os.environ), commit, context)])


@command.command()
@click.option("--commit", default="", help="The commit that a merge made, of waivers that say none themselves.")
@_WAIVERS
@invoked()
def reviewed(invocation: Invocation, commit: str, waivers: Path | None) -> None:
    """Fail unless somebody else approved each waiver: not the author of the pull or merge request that brought it.

    Asks nobody where there are no waivers.
    """
    if waivers is None:
        raise click.UsageError("--waivers FILE says which")
    count = _check_waivers(waivers, commit)
    invocation.say([f"{counted(count, 'waiver')}, all approved by others" if count else "no waiver to ask about"])


def _check_waivers(file: Path | None, commit: str) -> int:
    """How many waivers there are, if somebody else approved each of them. Raises Rejected."""
    if file is None or not (waivers := _waivers(file)):
        return 0
    if os.environ.get("GITLAB_CI"):
        check_reviews(waivers, partial(gitlab.reviewed, os.environ), commit)
    else:
        check_reviews(waivers, partial(github.reviewed, github.repository(os.environ)), commit)
    return len(waivers)


def _waivers(file: Path) -> list[dict[str, Any]]:
    """The new waivers of an answer. Raises Rejected."""
    try:
        answer = json.loads(file.read_text(encoding="utf-8"))
        if answer["format"] != "pricebook-answer/validity":
            raise ValueError("it is another answer")
        return [dict(waiver) for waiver in answer.get("waivers", ())]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "pricebook validate --base REF --report json=FILE writes it, and --waivers in place of --base"
        raise reject("waivers-file", f"{file} does not say which waivers are new ({error})", hint=hint) from None
