"""Init: a project to start from, that validates and plans as it stands."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pricebook.problem import Problem, Rejected, did_you_mean, quote, reject
from pricebook.workflow.owners import NOBODY, Owners, approver_lines

PROJECT = """\
# The namespace marks what this project owns in a store. Choose it once; never change it.
namespace: {namespace}
manifests: [catalog]
environments:
  local: {{store: "sqlite:///pricebook.db"}}
  # What an environment says otherwise than the manifests stands in patches, or in files of patches:
  #   sandbox:
  #     store: metronome
  #     token_env: METRONOME_SANDBOX_TOKEN
  #     overlays: [overlays/sandbox]
  #     patches: {{"product:pro-plan": {{name: Pro plan (test)}}}}
default_environment: local

# What stops a change until somebody has looked at it. An environment may have a policy of its own, and be stricter:
#   production: {{store: metronome, policy: {{fail_on: warning}}}}
policy:
  fail_on: error                # findings of this severity stop validate, plan and apply; see: pricebook rules
  max_increase: 25%             # of an existing price, in one plan
  max_decrease: 50%
  max_package_increase: 25%     # of what a package costs a year
  max_package_decrease: 50%
  notice_days: 30               # for increases, where customers are under contract
  impact: {{min_coverage: 95%}}   # of the usage that `plan --impact` bills; see also max_customer_increase
  max_changes: 500              # existing prices and objects, in one plan
  protect: ["package:*", "rate-card:*"]             # never archived, whatever manifest is deleted
  need_approval: [RETROACTIVE, CREDIT_CUT]          # no flag allows these, but a waiver with a name under it
  freezes: []                   # {{starting_at: 2026-12-15, ending_before: 2027-01-05, reason: close of the year}}
{approvers}"""

CATALOG = """\
# yaml-language-server: $schema=../.pricebook/manifest.schema.json
apiVersion: pricebook/v1
kind: Product
metadata: {name: pro-plan}
spec:
  name: Pro plan
  type: SUBSCRIPTION
---
# yaml-language-server: $schema=../.pricebook/manifest.schema.json
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: standard}
spec:
  name: Standard
  aliases: [standard]
  rates:
    - product: pro-plan
      billing_frequency: MONTHLY
      entitled: false          # enabled per package, as the vendor advises
      starting_at: 2026-01-01
      price: $20.00            # or 2000: numbers are cents
---
# yaml-language-server: $schema=../.pricebook/manifest.schema.json
apiVersion: pricebook/v1
kind: Package
metadata: {name: pro}
spec:
  name: Pro (v{version})
  aliases: [pro]
  rate_card: standard
  duration: 12 months
  net_payment_terms_days: 30
  subscriptions:
    - key: fee
      subscription_rate: {product: pro-plan, billing_frequency: MONTHLY}
      collection_schedule: ADVANCE
      proration: {is_prorated: true, invoice_behavior: BILL_IMMEDIATELY}
      initial_quantity: 1
  overrides:
    - key: enable
      entitled: true
      starting_at_offset: 0 months
      override_specifiers: [{product: pro-plan, billing_frequency: MONTHLY}]
"""

EDITOR = """\
{
  "yaml.schemas": {
    ".pricebook/manifest.schema.json": ["catalog/**/*.yaml"],
    ".pricebook/overlay.schema.json": ["overlays/**/*.yaml"],
    ".pricebook/project.schema.json": ["pricebook.yaml"]
  }
}
"""

IGNORED = """\
pricebook.db
pricebook.db-*
pricebook-journal.db
pricebook-journal.db-*
"""


_LOCAL = '  local: {store: "sqlite:///pricebook.db"}\n'
SHORT = {"api": "api-prices", "credits": "top-ups"}
"""Short names of examples."""


def account_files(files: dict[str, str], base_url: str | None) -> dict[str, str]:
    """The files of a bare project, with an account as its one environment."""
    where = f', base_url: "{base_url}"' if base_url is not None else ""
    text = files["pricebook.yaml"].replace(_LOCAL, f"  production: {{store: metronome{where}}}\n")
    return {**files, "pricebook.yaml": text.replace("environment: local", "environment: production")}


def starter_files(
    namespace: str, schemas: dict[str, str], *, bare: bool = False, owners: Owners = NOBODY
) -> dict[str, str]:
    """Relative path -> content of a new project, `bare` without a sample catalogue. `schemas` are the generated schemas
    by file name; `owners` may sign waivers."""
    return {
        "pricebook.yaml": PROJECT.format(namespace=namespace, approvers=approver_lines(owners)),
        **({"catalog/.gitkeep": ""} if bare else {"catalog/pro.yaml": CATALOG}),
        **_beside(schemas),
    }


def example_files(folders: Mapping[str, Path], name: str, namespace: str, schemas: dict[str, str]) -> dict[str, str]:
    """Relative path -> content of an example, in a namespace of its own or (empty) in the example's. `folders` has
    where each example lies. Raises Rejected for a name that is none."""
    name = SHORT.get(name, name)
    if name not in folders:
        hint = did_you_mean(name, folders) or f"there are: {', '.join(sorted(folders))}"
        raise reject("unknown-example", f"there is no example {quote(name)}", hint=hint)
    folder = folders[name]
    found = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".yaml", ".csv", ".jsonl")  # not a store that somebody made there, nor pages about it
    }
    if namespace:
        found["pricebook.yaml"] = re.sub(r"(?m)^namespace: \S+$", f"namespace: {namespace}", found["pricebook.yaml"])
    return found | _beside(schemas)


def _beside(schemas: dict[str, str]) -> dict[str, str]:
    """What stands beside the manifests of every project."""
    return {
        ".gitignore": IGNORED,
        ".vscode/settings.json": EDITOR,
        **{f".pricebook/{name}": text for name, text in schemas.items()},
    }


def init(directory: Path, files: dict[str, str]) -> list[str]:
    """Write the files, never over one that is there, and return the names of those written.

    Raises Rejected, before anything is written, when the directory already is a project.
    """
    if (directory / "pricebook.yaml").exists():
        raise Rejected([Problem("exists", f"{directory / 'pricebook.yaml'} exists: this is a project already")])
    written = []
    for name, text in files.items():
        path = directory / name
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(name)
    return written


def undo(directory: Path, written: Iterable[str]) -> None:
    """Take back what `init` wrote, with the folders that are empty then."""
    for name in written:
        (directory / name).unlink(missing_ok=True)
    for folder in sorted({(directory / name).parent for name in written} - {directory}, reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
