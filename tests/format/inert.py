"""Whether a page is inert, judged by the parsers that others use: GitHub's Markdown, a second Markdown, HTML."""

import re
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt

from pricebook.problem import address

ALLOWED = frozenset(["h3", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"]) | frozenset(
    ["code", "strong", "details", "summary", "span", "br", "a"]
)
"""Elements that our own Markdown uses."""
CODE = frozenset(("code", "pre"))
DIRECTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200c\u200d\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""Characters that direct or hide; the blank that we put in ourselves (U+200B) and the closing mark (U+200E) do not."""
REFERENCES = re.compile(
    r"@\w | (?<![\w\\])\#\d | \bGH-\d | [\w-]+/[\w-]+\#\d | :[a-z_0-9+-]+: | https?:// | www\. | mailto:\w | \w@\w"
    r"| [!%&~]\d | \$(?=\S)[^$\n]*[^\s$]\$(?!\d)",
    re.VERBOSE,
)
"""What sites turn into something else when it stands in text outside of code."""


class Page(HTMLParser):
    """The elements, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.prose: list[str] = []
        self.comments: list[str] = []
        self.links: list[str] = []
        self._in_code = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs if (tag, name) != ("a", "href")}
        self.links += [value or "" for name, value in attrs if (tag, name) == ("a", "href")]
        self._in_code += tag in CODE

    def handle_endtag(self, tag: str) -> None:
        self._in_code -= tag in CODE

    def handle_data(self, data: str) -> None:
        if not self._in_code:
            self.prose.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def check_markdown(text: str) -> None:
    """The text is only what our own Markdown is made of, whoever shows it."""
    assert not DIRECTS.search(text)
    github = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
    other = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"]).render(text)
    for rendered in (github, other):
        page = Page(rendered)
        assert page.tags <= ALLOWED, page.tags - ALLOWED
        assert all(link.startswith(address("")) for link in page.links), page.links
        assert page.attributes <= {"align", "style"}, page.attributes
        for prose in page.prose:
            assert not REFERENCES.search(prose), prose
        assert all(comment.startswith(" pricebook plan ") for comment in page.comments), page.comments
