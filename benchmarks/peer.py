"""The same work by tools that people know: a plan with nothing to change, octoDNS's and Terraform's.

They are other tools for other things; what is compared is how long somebody waits to hear that nothing is to be done
about so many objects. Both sides are whole processes. Of CPU and wall time the ratio that is worse for us counts.
"""

import json
import shutil
from pathlib import Path

from bench import HERE, Bench
from measure import Command, Run, rounds, run, spread
from report import Finding, Measured, Note, Report

RECORDS, RESOURCES = 10_000, 5_000
_CHECKPOINT = {"CHECKPOINT_DISABLE": "1"}

_OCTODNS = """manager: {{plan_outputs: {{page: {{class: octodns.provider.plan.PlanMarkdown}}}}}}
providers:
  source: {{class: octodns.provider.yaml.YamlProvider, directory: {root}, escaped_semicolons: false}}
  held: {{class: octodns_target.HeldProvider, path: {root}/held.json}}
  yaml: {{class: octodns.provider.yaml.YamlProvider, directory: {root}, escaped_semicolons: false}}
zones:
  example.com.: {{sources: [source], targets: [{target}]}}
"""


def octodns(bench: Bench) -> Report:
    """No-op plan of 10,000 rates, against octoDNS's of 10,000 records."""
    python = bench.octodns_python
    if python is None or not _imports(python):
        where = "no --octodns-python PATH" if python is None else f"{python} cannot import octodns"
        yield Note(f"SKIPPED: {where}; python3 -m venv DIR && DIR/bin/pip install octodns==1.22.0")
        return
    root = _zone(bench.work / "octodns")
    held, yaml = (_sync(python, root, target) for target in ("held", "yaml"))
    if not all("No changes were planned" in run(peer).output for peer in (held, yaml)):
        yield Note("SKIPPED: octoDNS did not plan a no-op; this is written for octoDNS 1.22")
        return
    ours, listed = (bench.pricebook(bench.rates(RECORDS, form), "plan") for form in ("csv", "yaml"))
    measured = rounds(max(bench.rounds // 2, 3), ours, held, listed, yaml)
    plans, helds, listings, yamls = zip(*measured, strict=True)
    yield Measured.of("pricebook plan, 10,000 rates in CSV", plans)
    yield Measured.of("octodns-sync, 10,000 records, target held", helds)
    yield Measured.of("pricebook plan, 10,000 rates in YAML", listings)
    yield Measured.of("octodns-sync, 10,000 records, target YAML", yamls)
    what = "less time than octoDNS, whose target answers from memory"
    yield Finding(what, spread(measured, lambda a, b, *_: _less(a, b)), 20, at_least=True)
    to_yaml = spread(measured, lambda a, _b, _c, d: _less(a, d))
    from_yaml = spread(measured, lambda _a, b, c, _d: _less(c, b))
    yield Note(f"{to_yaml.middle:.1f}x less than octoDNS from YAML to YAML")
    yield Note(f"{from_yaml.middle:.1f}x less with our rates in YAML too, target held")


def terraform(bench: Bench) -> Report:
    """No-op plan of 5,000 rates, against Terraform's of 5,000 `terraform_data`."""
    root = bench.terraform_dir
    if shutil.which("terraform") is None:
        yield Note("SKIPPED: terraform is not on PATH")
        return
    if root is None or not (root / "terraform.tfstate").exists():
        if not bench.terraform_create:
            where = "no --terraform-dir DIR" if root is None else f"{root} has no state"
            yield Note(f"SKIPPED: {where}; --terraform-create makes and applies a project of 5,000 (about 11 minutes)")
            return
        root = _resources(root or bench.work / "terraform")
    plan = ("terraform", "plan", "-input=false", "-no-color", "-detailed-exitcode")
    peer = Command(plan, root, _CHECKPOINT)  # with changes to make it would end with 2
    project = bench.rates(RESOURCES)
    measured = rounds(max(bench.rounds // 2, 3), bench.pricebook(project, "plan"), peer)
    plans, peers = zip(*measured, strict=True)
    yield Measured.of("pricebook plan, 5,000 rates in CSV", plans)
    yield Measured.of("terraform plan, 5,000 terraform_data", peers)
    yield Finding("less time than Terraform", spread(measured, _less), 40, at_least=True)


def _less(ours: Run, theirs: Run) -> float:
    return min(theirs.cpu / ours.cpu, theirs.wall / ours.wall)


def _imports(python: Path) -> bool:
    version = Command((str(python), "-c", "import octodns; print(octodns.__version__)"), accept=(0, 1))
    return python.exists() and run(version).output != ""


def _zone(root: Path) -> Path:
    """A zone of so many A records, as YAML for the source and as a provider's answer for the target."""
    root.mkdir()
    held = []
    with (root / "example.com.yaml").open("w", encoding="utf-8") as file:
        for number in range(RECORDS):
            name, value = f"host-{number:05}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            file.write(f"{name}:\n  ttl: 300\n  type: A\n  value: {value}\n")
            held.append((name, {"type": "A", "ttl": 300, "value": value}))
    (root / "held.json").write_text(json.dumps({"example.com.": held}), encoding="utf-8")
    for target in ("held", "yaml"):
        config = _OCTODNS.format(root=root, target=target)
        (root / f"{target}.config").write_text(config, encoding="utf-8")
    return root


def _sync(python: Path, root: Path, target: str) -> Command:
    """`octodns-sync` without `--doit`: it plans."""
    path = {"PYTHONPATH": str(HERE / "baseline")}
    return Command((str(python), "-m", "octodns.cmds.sync", "--config-file", str(root / f"{target}.config")), env=path)


def _resources(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    blocks = (f'resource "terraform_data" "r{n}" {{\n  input = "v{n}"\n}}\n' for n in range(RESOURCES))
    (root / "main.tf").write_text("".join(blocks), encoding="utf-8")
    for arguments in (("init",), ("apply", "-auto-approve")):
        run(Command(("terraform", *arguments, "-input=false", "-no-color"), root, _CHECKPOINT))
    return root
