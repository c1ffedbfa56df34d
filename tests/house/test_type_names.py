"""One name of a type has one meaning in the whole of src/pricebook."""

import ast
from collections import defaultdict

from parsed import SOURCE, parsed


def type_names(tree: ast.Module) -> set[str]:
    """The classes and the aliases of types that a module defines for others."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.add(node.targets[0].id)
    return {name for name in found if name[0].isupper() and not name.isupper() and "_" not in name}


def test_no_type_name_is_defined_in_two_modules() -> None:
    modules = defaultdict(list)
    for path, (_, tree) in parsed().items():
        for name in type_names(tree):
            modules[name].append(str(path.relative_to(SOURCE)))
    assert {name: paths for name, paths in modules.items() if len(paths) > 1} == {}
