"""Problems as an answer: why there is no other one, or that nothing is wrong."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.reference import Kind, Ref
from pricebook.problem import Problem
from pricebook.view.check import Case, Checks, problem_cases
from pricebook.view.plain import hidden, optional
from pricebook.view.words import counted
from pricebook.workflow.waiver import NewWaiver


@dataclass(frozen=True, slots=True)
class ProblemsView:
    """Every problem; `total` counts those too that a problem stands for (`more`). `sentence` is what there is to say
    when all is well, `target` what no plan can be made for, as `namespace/environment`; empty of other refusals."""

    answer: ClassVar[str] = "problems"
    total: int
    problems: tuple[Problem, ...]
    sentence: str = hidden(default="")
    target: str = hidden(default="")

    @property
    def checks(self) -> Checks:
        """For CI systems."""
        cases = tuple(problem_cases("problem", self.problems)) or (Case(group="manifests", name="valid"),)
        return Checks("manifests", cases, self.problems, sentences=(("", self.sentence),) if self.sentence else ())


class JudgedFile(NamedTuple):
    """A file, and the schemas by which its documents were judged."""

    file: str
    schemas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedView:
    """Files that are what their schemas say."""

    answer: ClassVar[str] = "checked"
    files: tuple[JudgedFile, ...]

    @property
    def problems(self) -> ProblemsView:
        """None, and the sentence that says so."""
        many = len(self.files)
        return problems_view(
            (), sentence=f"{counted(many, 'file')} {'fits its' if many == 1 else 'fit their'} schemas."
        )

    @property
    def checks(self) -> Checks:
        """For CI systems."""
        return replace(self.problems.checks, cases=tuple(Case(group="schemas", name=one.file) for one in self.files))


def problems_view(problems: Iterable[Problem], target: str = "", sentence: str = "") -> ProblemsView:
    """The view of problems."""
    listed = tuple(problems)
    return ProblemsView(sum(1 + problem.more for problem in listed), listed, sentence, target)


@dataclass(frozen=True, slots=True)
class ValidityView:
    """Manifests that can be read: how much there is in them, and what the rules say. `valid`: the policy lets all of it
    pass. `waivers` are those that are new since a branch, where that was asked."""

    answer: ClassVar[str] = "validity"
    valid: bool
    counts: Mapping[str, int]
    findings: tuple[Problem, ...]
    sentence: str = hidden()
    target: str = hidden()
    waivers: tuple[NewWaiver, ...] = optional(())

    @property
    def problems(self) -> ProblemsView:
        """The findings alone, with the sentence `Valid: 3 products, 1 rate card, 8,212 prices.`"""
        return problems_view(self.findings, self.target, self.sentence)

    @property
    def checks(self) -> Checks:
        """For CI systems."""
        return self.problems.checks


def validity_view(
    catalog: Catalog,
    beside: Collection[Ref],
    findings: tuple[Problem, ...],
    target: str,
    against: Collection[str] = (),
    waivers: tuple[NewWaiver, ...] = (),
) -> ValidityView:
    """The view of a catalogue, with what stands beside it in the manifests; `against` are the rules whose findings the
    policy does not let pass."""
    refs = Counter(ref.kind for ref in (*catalog.nouns, *beside))
    counts = {kind.words: refs[kind] for kind in Kind} | {"price": sum(map(len, catalog.rates.values()))}
    found = ", ".join(counted(n, word) for word, n in counts.items() if n)
    told = {word.replace(" ", "_"): n for word, n in counts.items()}
    rules = f"{'rules stand' if len(against) > 1 else 'a rule stands'} against it: {', '.join(against)}"
    sentence = f"Not valid, {rules}. There is: {found}." if against else f"Valid: {found}."
    return ValidityView(not against, told, findings, sentence, target, waivers)
