"""Add: a manifest of a new object, in the house form, beside those that there are. The store is never touched."""

from collections.abc import Mapping
from functools import partial
from posixpath import normpath
from typing import Any

from pricebook.catalog.model import noun_class
from pricebook.catalog.reference import Ref
from pricebook.edit.arrangement import files_for
from pricebook.edit.dump import manifest_text, spec_data
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.validation import validated
from pricebook.problem import Problem, Rejected, quote, reject
from pricebook.project.project import Project
from pricebook.workflow.manifests import appended, folder_of, read, schema_line, text_of
from pricebook.workflow.writing import FileChange, write_all


def added(project: Project, environment: str, ref: Ref, spec: Mapping[str, Any]) -> FileChange:
    """The file that gets the manifest. Raises Rejected for what cannot be, or is there already."""
    loaded = read(project, environment)
    if ref in loaded.source_map.declarations:
        at = loaded.places[ref]
        raise Rejected([Problem("exists", f"{ref.kind.words} {quote(ref.name)} is there already", at)])
    noun, wrong = validated(noun_class(ref.kind), spec, loaded.catalog.scales)
    if noun is None:
        raise Rejected([Problem(v.code, f"{ref}: {v.message}", None, v.hint) for v in wrong])
    file = _file(project, loaded, ref, files_for({ref: noun}, ()))
    before, text = text_of(project.root / file)
    made = manifest_text(ref, {}, spec_data(noun, loaded.catalog.scales))
    return FileChange(file, before, (schema_line(project, file) if before is None else "") + appended(text, [made]))


def _file(project: Project, loaded: Loaded, ref: Ref, arranged: Mapping[str, list[Ref]]) -> str:
    """Where others of its kind stand; else where an import would put it; else the one file that there is."""
    declarations = loaded.source_map.declarations
    others = [declared.file for other, declared in declarations.items() if other.kind is ref.kind]
    if others and not ref.kind.file.endswith("/"):
        return others[-1]
    if all((project.root / top).is_file() for top in project.manifests):
        return normpath(project.manifests[0])
    return normpath(f"{folder_of(project, None)}/{next(iter(arranged))}")


def write(project: Project, ref: Ref, change: FileChange) -> None:
    """Write the file, unless the manifests would not hold with it. Raises Rejected."""
    write_all(project.root, [change], partial(_check, project, ref))


def _check(project: Project, ref: Ref) -> None:
    if ref not in load(project).source_map.declarations:
        raise reject(
            "not-a-manifest-folder", f"no manifest of {ref} would be found", hint="see manifests in pricebook.yaml"
        )


def product_spec(
    name: str, type_: str, metric: str | None, groups: tuple[str, ...], unit: str | None, tags: tuple[str, ...]
) -> dict[str, Any]:
    """The spec of a product."""
    spec: dict[str, Any] = {"name": name, "type": type_, "billable_metric": metric, "unit": unit}
    spec |= {"pricing_group_key": groups or None, "tags": tags or None}
    return {field: value for field, value in spec.items() if value is not None}


def metric_spec(
    name: str, event: str | None, aggregation: str, key: str | None, groups: tuple[str, ...]
) -> dict[str, Any]:
    """The spec of a billable metric, with a filter for each property that it reads."""
    spec: dict[str, Any] = {"name": name, "aggregation_type": aggregation}
    if key is not None:
        spec["aggregation_key"] = key
    if event is not None:
        spec["event_type_filter"] = {"in_values": (event,)}
    read_ = dict.fromkeys((*((key,) if key is not None else ()), *groups))
    if read_:
        spec["property_filters"] = tuple({"name": each, "exists": True} for each in read_)
    return {**spec, "group_keys": (groups,)} if groups else spec


def package_spec(
    project: Project, name: str, alias: str, card: str, duration: str | None, sold: tuple[tuple[str, str], ...]
) -> dict[str, Any]:
    """The spec of a package that subscribes to products, each with a frequency."""
    terms = {
        "collection_schedule": "ADVANCE",
        "proration": {"is_prorated": True, "invoice_behavior": "BILL_IMMEDIATELY"},
        "initial_quantity": 1,
    }
    spec: dict[str, Any] = {"name": f"{name} v{{version}}", "aliases": (alias,), "rate_card": card}
    if duration is not None:
        spec["duration"] = duration
    rates = tuple({"product": product, "billing_frequency": frequency} for product, frequency in sold)
    if rates:
        spec["subscriptions"] = tuple({"key": r["product"], "subscription_rate": r, **terms} for r in rates)
    if rates and not project.settings.selling_entitles:
        enable = {"key": "enable", "entitled": True, "starting_at_offset": "0 days", "override_specifiers": rates}
        spec["overrides"] = (enable,)
    return spec
