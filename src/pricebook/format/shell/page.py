"""Pages of HTML: where their templates and assets are, and how a page of one file is made that reaches for nothing.

Jinja2 escapes everything. A page of one file allows exactly its own style and its own script, by their digests, and no
request at all; one without a script allows none.
"""

from base64 import b64encode
from collections.abc import Callable, Hashable
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pricebook.format.escape import escape_terminal
from pricebook.view.price import change_text, change_words
from pricebook.view.words import counted

LONG = 1000
"""Characters of a piece of text on a page of one file."""
_SHELL = "pricebook.format.shell"


class Numbered:
    """Distinct values of a page's data in the order in which they were met: each is made and said once, and named by
    its number."""

    def __init__(self) -> None:
        self.numbers: dict[Hashable, int] = {}
        self.values: list[object] = []

    def __call__(self, identity: Hashable, make: Callable[..., object] | None = None, *given: object) -> int:
        """The number of a value, which is made when it is met for the first time; without `make` it is its identity."""
        number = self.numbers.get(identity)
        if number is None:
            value = identity if make is None else make(*given)
            self.numbers[identity] = number = len(self.values)
            self.values.append(value)
        return number


def asset(package: str, name: str) -> str:
    """The text of an asset of a package of pages."""
    return (files(package) / "assets" / name).read_text(encoding="utf-8")


def style(package: str, name: str) -> str:
    """The whole style of a package's pages: what all pages share, and then what these have besides."""
    return asset(_SHELL, "shell.css") + asset(package, name)


def script(package: str, name: str) -> str:
    """The whole script of a package's pages: the chart, and then what these do besides."""
    return asset(_SHELL, "chart.js") + asset(package, name)


def templates(package: str, finalize: Callable[[object], object] | None = None) -> Environment:
    """The templates of a package, which may extend and import those of the shell."""

    def load(name: str) -> str | None:
        for folder in (files(package), files(_SHELL)):
            found = folder / "templates" / name
            if found.is_file():
                return found.read_text(encoding="utf-8")
        return None

    made = Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=finalize,
    )
    made.filters["counted"] = counted
    return made


def one_file(package: str, template: str, styled: str, scripted: str = "", /, **values: object) -> str:
    """A page with its style (and its script) inside. What could lie to a reader is made visible in every text."""
    look, code = style(package, styled), script(package, scripted) if scripted else ""
    allowed = f"script-src '{_digest(code)}'; " if code else ""
    policy = f"default-src 'none'; {allowed}style-src '{_digest(look)}'; base-uri 'none'"
    page = _templates(package).get_template(template)
    return page.render(style=look, script=code, policy=policy, **values).rstrip("\n") + "\n"


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _templates(package: str) -> Environment:
    made = templates(package, lambda value: escape_terminal(value, LONG) if type(value) is str else value)
    made.filters["change"] = lambda change: change_words(change_text(change))
    return made
