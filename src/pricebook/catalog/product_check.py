"""What products and the nouns they refer to say of each other: types, group keys, and composites within composites."""

from collections.abc import Iterator, Mapping

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.metric import BillableMetric
from pricebook.catalog.product import Product
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.violation import Path, Violation
from pricebook.problem import quote


def check_products(catalog: Catalog) -> Iterator[tuple[Ref, Path, Violation]]:
    """Every broken rule of the products, and what their metrics group by."""
    products, metrics = catalog.products, catalog.metrics
    for name, product in products.items():
        ref = Ref(Kind.PRODUCT, name)
        if (counted := metrics.get(product.billable_metric or "")) is not None:
            yield from ((ref, path, v) for path, v in _check_group_key(product, counted))
        yield from ((ref, path, v) for path, v in _check_members(product, products))
    yield from _check_cycles(products)


def has_group_key(metric: BillableMetric, names: frozenset[str]) -> bool:
    """Whether one compound group key of the metric has all these names. What a SQL metric returns is not known here."""
    return metric.sql is not None or any(names <= set(key) for key in metric.group_keys)


def _check_group_key(product: Product, metric: BillableMetric) -> Iterator[tuple[Path, Violation]]:
    needed = frozenset(product.pricing_group_key) | frozenset(product.presentation_group_key)
    if not needed or has_group_key(metric, needed):
        return
    names = ", ".join(dict.fromkeys((*product.pricing_group_key, *product.presentation_group_key)))
    known = "; ".join(", ".join(key) for key in metric.group_keys) or "none"
    message = (
        f"pricing and presentation group keys together ({names}) are no compound group key"
        f" of metric {quote(product.billable_metric)}, which has: {known}"
    )
    hint = f"a metric cannot be edited: make a new one with the group key [{names}] and move the product to it"
    at = "pricing_group_key" if product.pricing_group_key else "presentation_group_key"
    related = (("the metric", Ref(Kind.BILLABLE_METRIC, product.billable_metric or ""), ("group_keys",)),)
    yield (at,), Violation("group-key", message, (), hint, related)


def _check_members(product: Product, products: Mapping[str, Product]) -> Iterator[tuple[Path, Violation]]:
    for index, name in enumerate(product.composite_products):
        member = products.get(name)
        if member is not None and member.type == "COMPOSITE" and not product.include_composite_spend:
            message = f"{quote(name)} is COMPOSITE itself, and include_composite_spend is false"
            hint = "set include_composite_spend: true, or name the products behind it"
            related = (("the composite", Ref(Kind.PRODUCT, name), ("type",)),)
            yield ("composite_products", index), Violation("composite-member", message, (), hint, related)


def _check_cycles(products: Mapping[str, Product]) -> Iterator[tuple[Ref, Path, Violation]]:
    """Each cycle once, at the member that comes first by name."""
    done: set[str] = set()
    for start in sorted(products):
        trail: list[str] = []
        branches = [iter((start,))]
        while branches:  # depth first; `trail` is the way to here, without recursion
            name = next(branches[-1], None)
            if name is None:
                branches.pop()
                if trail:
                    done.add(trail.pop())
            elif name in trail:
                yield _cycle(products, trail[trail.index(name) :])
            elif name not in done and name in products:
                trail.append(name)
                branches.append(iter(products[name].composite_products))


def _cycle(products: Mapping[str, Product], members: list[str]) -> tuple[Ref, Path, Violation]:
    first = members.index(min(members))
    members = members[first:] + members[:first]
    message = f"composite products contain each other: {' -> '.join((*members, members[0]))}"
    at = products[members[0]].composite_products.index(members[1 % len(members)])
    related = tuple(("a part of the cycle", Ref(Kind.PRODUCT, name), ("composite_products",)) for name in members[1:])
    violation = Violation(
        "composite-cycle", message, (), "take one of them out of another's composite_products", related
    )
    return Ref(Kind.PRODUCT, members[0]), ("composite_products", at), violation
