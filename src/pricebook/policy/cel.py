"""The door to CEL, the Common Expression Language: the only module that knows the library.

It is Google's own (cel-expr-python, over cel-cpp): it checks types when an expression is compiled, matches regular
expressions in linear time (RE2), and ends an expression that nests, grows or repeats too far. It reads nothing and
calls nothing but what it is given here. Needs the extra `rules`.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pricebook.catalog.money import EXACT
from pricebook.policy.view import BY_TEXT, COUNT, EMPTY, LISTED, NUMBER, TEXT, TEXTS, TRUTH, fields_of
from pricebook.project.table import Lookup

LONGEST = 2000
"""Characters of an expression."""


class CelError(Exception):
    """An expression that cannot be compiled, or of which the value cannot be told; the text is for people."""


class MissingCel(Exception):  # noqa: N818 - what is missing is the library
    """The library is not installed."""


class Expressions:
    """The expressions about one kind of subject, over the tables of a project."""

    def __init__(self, each: str, tables: Mapping[str, tuple[int, Lookup]]) -> None:
        """`tables` are functions by name, each with the number of its arguments. Raises MissingCel."""
        try:
            from cel_expr_python import cel  # an extra
        except ImportError:
            raise MissingCel from None
        text, number = cel.Type.STRING, cel.Type.DOUBLE
        kinds = {
            TEXT: text,
            NUMBER: number,
            COUNT: cel.Type.INT,
            TRUTH: cel.Type.BOOL,
            TEXTS: cel.Type.List(text),
            BY_TEXT: cel.Type.Map(text, text),
            LISTED: cel.Type.List(cel.Type.Map(text, cel.Type.DYN)),
        }
        functions = [_function(cel, name, (number, number), number, impl) for name, impl in _OPERATIONS.items()]
        functions += [
            _function(cel, name, (text,) * count, cel.Type.Map(text, cel.Type.DYN), lookup)
            for name, (count, lookup) in tables.items()
        ]
        self.each = each
        self.defaults = {name: EMPTY[kind] for name, (kind, _) in fields_of(each).items()}
        variables = {name: kinds[kind] for name, (kind, _) in fields_of(each).items()}
        self._cel, self._env = cel, cel.NewEnv(variables=variables, functions=functions)

    def compile(self, source: str) -> Callable[[Mapping[str, Any]], bool]:
        """A function that says whether the expression is true of a subject's names. Raises CelError, and so does the
        function."""
        if len(source) > LONGEST:
            raise CelError(f"the expression has {len(source):,} characters, the limit is {LONGEST:,}")
        try:
            program = self._env.compile(source)
        except (RuntimeError, ValueError, TypeError) as error:
            raise CelError(_message(str(error))) from None
        if program.return_type() != self._cel.Type.BOOL:
            raise CelError(f"it gives {program.return_type().name()}, and has to be true or false")
        used = [name for name in self.defaults if name in source]

        def ask(names: Mapping[str, Any]) -> bool:
            try:
                value = program.eval(data={name: names[name] for name in used}).value()
            except (RuntimeError, ValueError, TypeError, OverflowError) as error:
                raise CelError(_message(str(error))) from None
            if not isinstance(value, bool):
                raise CelError(_message(str(value)))
            return value

        return ask


def _function(cel: Any, name: str, parameters: Sequence[Any], result: Any, impl: Callable[..., Any]) -> Any:
    overload = cel.Overload(
        id=f"{name}_{len(parameters)}", return_type=result, parameters=list(parameters), is_member=False, impl=impl
    )
    return cel.FunctionDecl(name, [overload])


def _message(message: str) -> str:
    """The library's words without its codes: the first line says what, the third points at it."""
    lines = [line for line in message.splitlines() if line.strip()]
    head = (lines or ["it cannot be told"])[0].removeprefix("INVALID_ARGUMENT: ").removeprefix("ERROR: <input>:")
    return head.replace(" (in container '')", "")[:300]


def _exact(value: float) -> Decimal:
    """The decimal that a double was made from: its shortest text."""
    return Decimal(repr(value))


def _reckoned(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[[float, float], float]:
    """The operation on doubles, reckoned with the decimals that they stand for."""
    return lambda one, other: float(operation(_exact(one), _exact(other)))


def _share(part: float, whole: float) -> float:
    try:
        return _reckoned(EXACT.divide)(part, whole)
    except (InvalidOperation, ZeroDivisionError):
        raise ValueError("a share of nothing") from None


_OPERATIONS: Mapping[str, Callable[[float, float], float]] = {
    "times": _reckoned(EXACT.multiply),
    "plus": _reckoned(EXACT.add),
    "minus": _reckoned(EXACT.subtract),
    "share": _share,
}
