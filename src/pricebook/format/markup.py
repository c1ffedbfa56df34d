"""Text that comes from data is inert in Markdown, HTML and XML: one function for each, on top of `format.escape`."""

import re
from html import escape, unescape

from pricebook.format.escape import LIMIT, escape_terminal

# What Markdown would take for structure, and what the sites that show it would turn into a link, a mention, a
# reference, an emoji or a formula although Markdown has no word for it. Their filters run over the finished page and do
# not see a backslash, so an invisible blank goes between.
_MARKDOWN = re.compile(
    r"""(?P<structure>[\\`*_\[\]] | ^[-+=] | ^\d+(?=[.)](?:\s|$)))
    |   (?P<entity>[&<>|])
    |   (?P<blank>^[ ])
    |   (?P<dollar>\$(?!\d))
    |   (?P<mark>[\#~])
    |   (?P<apart>@ | :(?=\S) | [!%](?=[\w"]) | \bGH(?=-\d) | \bwww(?=\.))""",
    re.VERBOSE | re.IGNORECASE,
)
_APART = "&#8203;"
_DOLLAR = "<span>$</span>"
"""As GitHub's documentation says to write a dollar that opens no formula."""


def escape_markdown(text: str, limit: int = LIMIT) -> str:
    """The text as prose in a comment on GitHub or GitLab, for a place within a line: also in a list or a table cell."""
    return _MARKDOWN.sub(_markdown, escape_terminal(text, limit))


def headed(document: str) -> str:
    """The heading that a Markdown document of ours begins with, as plain text; empty for another one."""
    first = document.partition("\n")[0]
    if not first.startswith("#"):
        return ""
    shown = unescape(re.sub(r"</?span>", "", first.lstrip("#").strip())).replace("\u200b", "")
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown).strip()


def code_markdown(text: str, limit: int = LIMIT) -> str:
    """The text as code in Markdown, which no site looks into; empty for an empty text."""
    shown = escape_terminal(text, limit)
    if not shown or "`" in shown or "|" in shown or shown.strip() != shown:
        return f"<code>{_MARKDOWN.sub(_markdown, shown)}</code>" if shown else ""
    return f"`{shown}`"


def escape_html(text: str, limit: int = 1000) -> str:
    """The text for an element or a quoted attribute of HTML."""
    return escape(escape_terminal(text, limit))


def escape_xml(text: str, limit: int = 4000) -> str:
    """The text for an element or a quoted attribute of XML 1.0, which has no way to write most control characters."""
    return escape(escape_terminal(text, limit))


def _markdown(match: re.Match[str]) -> str:
    found = match[0]
    match match.lastgroup:
        case "structure":
            return f"{found}\\" if found[0].isdigit() else f"\\{found}"
        case "entity":
            return "&#124;" if found == "|" else f"{escape(found)}{_APART}" if found == "&" else escape(found)
        case "blank":
            return "&#32;"
        case "dollar":
            return _DOLLAR
        case "mark":
            return f"\\{found}{_APART}"
        case _:
            return found + _APART
