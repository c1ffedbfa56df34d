"""Where an apply comes from: what the CI says in its variables, else what git and the system say. For the journal.

A value is remembered as text and means nothing to pricebook; it is cut to a length and never interpreted.
"""

from collections.abc import Mapping
from pathlib import Path

from pricebook.apply.ports import Provenance
from pricebook.workflow.git import ask

COMMIT = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT", "CIRCLE_SHA1", "BITBUCKET_COMMIT", "GIT_COMMIT")
"""GitHub, GitLab, Buildkite, CircleCI, Bitbucket, Jenkins: the first that says something counts."""
BRANCH = (
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_COMMIT_REF_NAME",
    "BUILDKITE_BRANCH",
    "CIRCLE_BRANCH",
    "BITBUCKET_BRANCH",
    "GIT_BRANCH",
)
ACTOR = (
    "GITHUB_TRIGGERING_ACTOR",
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILDKITE_BUILD_CREATOR",
    "CIRCLE_USERNAME",
    "BUILD_USER_ID",
)
MANIFESTS = ("*.yaml", "*.yml", "*.csv", "*.tsv")
"""What git is asked about: a store's file beside them changes with every apply."""
_LONGEST = 200
EDITED = "+edited"
"""Follows the commit when the manifests were not as the commit has them."""


def provenance(root: Path, variables: Mapping[str, str], approved: str = "") -> Provenance:
    """What is known of where the manifests below `root` come from, and who ordered this."""
    commit = _first(variables, COMMIT)
    if (
        not commit
        and (commit := ask(root, "rev-parse", "HEAD"))
        and ask(root, "status", "--porcelain", "--", *MANIFESTS)
    ):
        commit += EDITED
    branch = _first(variables, BRANCH) or ask(root, "symbolic-ref", "--short", "-q", "HEAD")
    actor = _first(variables, ACTOR) or ask(root, "config", "user.email")
    return Provenance(actor, commit[:_LONGEST], branch[:_LONGEST], approved.lower())


def _first(variables: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := variables.get(name, "").strip()[:_LONGEST])), "")
