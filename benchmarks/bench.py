"""What every benchmark is given: where to work, how often to run, and pricebook as a user runs it."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from measure import Command, run

from project import Form, Project, write_products, write_project

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "src"


@dataclass
class Bench:
    """One call of the runner. Projects are written once and shared by the benchmarks that need the same."""

    work: Path
    table: Path
    rounds: int
    octodns_python: Path | None = None
    terraform_dir: Path | None = None
    terraform_create: bool = False
    _projects: dict[str, Project] = field(default_factory=dict)

    def pricebook(self, project: Project, *arguments: str, before: Callable[[], None] | None = None) -> Command:
        """The command line in a project."""
        return self.python("-m", "pricebook", *arguments, cwd=project.root, before=before)

    def unruled(self, project: Project, *arguments: str) -> Command:
        """The command line in a copy of the project, store and all, whose policy has switched every rule off."""

        def make(root: Path) -> Project:
            shutil.copytree(project.root, root)
            pages = (HERE.parent / "docs" / "rules").glob("*-*.md")
            levels = ", ".join(f"{page.stem}: off" for page in sorted(pages))
            with (root / "pricebook.yaml").open("a", encoding="utf-8") as settings:
                settings.write(f"policy: {{levels: {{{levels}}}}}\n")
            return Project(root, root / "catalog" / project.rates.name, project.rows)

        return self.pricebook(self._once(f"unruled-{project.root.name}", make), *arguments)

    def python(self, *arguments: str, cwd: Path | None = None, before: Callable[[], None] | None = None) -> Command:
        """This interpreter, with the pricebook of this checkout."""
        return Command((sys.executable, *arguments), cwd, {"PYTHONPATH": str(SOURCE)}, before)

    def baseline(self, name: str, *arguments: object, before: Callable[[], None] | None = None) -> Command:
        """A program of `baseline/`, as its own process."""
        return self.python(str(HERE / "baseline" / f"{name}.py"), *map(str, arguments), before=before)

    def rates(self, rows: int, form: Form = "csv") -> Project:
        """A project of so many rates whose store has them all."""
        return self._once(f"{form}-{rows}", lambda root: self._applied(write_project(root, self.table, rows, form)))

    def unapplied(self, rows: int) -> Project:
        """A project of so many rates in a table, with an empty store."""
        return self._once(f"first-{rows}", lambda root: write_project(root, self.table, rows))

    def changed(self, rows: int, changes: int) -> Project:
        """A project whose store has so many rates, and whose table has other prices for some of them."""

        def make(root: Path) -> Project:
            self._applied(write_project(root, self.table, rows))
            written = root.with_name(f"{root.name}-after")
            write_project(written, self.table, rows, changes=changes)
            for file in (written / "catalog").iterdir():
                file.replace(root / "catalog" / file.name)
            return Project(root, root / "catalog" / "rates.csv", rows)

        return self._once(f"changed-{rows}", make)

    def products(self, count: int) -> Project:
        """A project of so many products, with an empty store."""
        return self._once(f"products-{count}", lambda root: write_products(root, count))

    def _once(self, name: str, make: Callable[[Path], Project]) -> Project:
        if name not in self._projects:
            self._projects[name] = make(self.work / name)
        return self._projects[name]

    def _applied(self, project: Project) -> Project:
        run(self.pricebook(project, "apply", "--yes", "--allow", "all"))
        return project
