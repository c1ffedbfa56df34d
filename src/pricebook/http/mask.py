"""A secret taken out of what a server says, in whatever form the server repeats it."""

import re
from base64 import b64encode, urlsafe_b64encode
from html import escape
from urllib.parse import quote

HIDDEN = "[token]"
_UNSAID = re.compile(r"(?<=//)[^/?#@]*@|[?#].*", re.DOTALL)
"""What of an address may be a secret: who asks, and what a signed one says behind its path."""
LONG = 8
"""Characters from which on a secret is looked for in other forms than its own: those of a shorter one are words."""
SMALL = 200_000
"""So many characters of what a server says are of interest, and searched for every form."""
_BETWEEN = r"(?:\s|\\[nrt]|[\"'+,])*"
"""What may stand between two parts of a secret that is split over lines, quoted or not."""
_LINES = ("\\n", "\\r", "\\t", " ")
"""How a text of JSON goes on in another line."""
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")


def unsigned(address: str) -> str:
    """An address without what may be a secret in it."""
    return _UNSAID.sub("", address)


class Mask:
    """Takes one secret out of texts."""

    def __init__(self, secret: str) -> None:
        raw, cores = secret.encode(), sorted(_cores(secret.encode()))
        if len(secret) < LONG:
            self._characters, self._base64 = [re.compile(re.escape(secret))] if secret else [], None
            self._whole: tuple[str, ...] = ()
            return
        digits = r"[\s:-]*".join(f"(?:0x)?{byte:02x}" for byte in raw)
        forms = (_BETWEEN.join(map(_character, raw)), digits)
        self._characters = [re.compile(form, re.IGNORECASE) for form in forms]
        self._base64 = re.compile("|".join(_BETWEEN.join(map(re.escape, core)) for core in cores))
        percent = quote(secret, safe="")
        self._whole = (secret, percent, percent.lower(), raw.hex(), raw.hex().upper(), escape(secret), *cores)

    def clean(self, text: str) -> str:
        """The text, cut to what is of interest, without the secret: as it is, percent-encoded, as entities of HTML, in
        hexadecimal digits, in base64 by itself or within something longer; split over lines or not."""
        return self._cleaned(text[:SMALL])

    def _cleaned(self, text: str) -> str:
        for form in self._characters:
            text = form.sub(HIDDEN, text)
        while self._base64 is not None and (found := self._base64.search(text)) is not None:
            start, end = found.span()
            while start and text[start - 1] in _BASE64:
                start -= 1
            while end < len(text) and text[end] in _BASE64:
                end += 1
            text = text[:start] + HIDDEN + text[end:]
        return text

    def clean_all(self, text: str) -> str:
        """The same of a whole answer, in which the secret stands in one piece or over lines of one text; a short one is
        a word, and stays."""
        if "\\" in text:
            joined = text
            for between in _LINES:
                joined = joined.replace(between, "")
            if any(form in joined for form in self._whole):
                return self._cleaned(text)
        if any(form in text for form in self._whole):
            for form in self._characters:
                text = form.sub(HIDDEN, text)
            for core in self._whole[6:]:
                text = text.replace(core, HIDDEN)
        return text


def _character(byte: int) -> str:
    """A character as it is, percent-encoded once or more often, as an entity or an escape."""
    char = chr(byte)
    named = re.escape(escape(char))
    return rf"(?:{re.escape(char)}|{named}|%(?:25)*{byte:02x}|&#0*{byte};|&#x0*{byte:x};|\\+(?:u00|x){byte:02x})"


def _cores(raw: bytes) -> set[str]:
    """What base64 of anything with these bytes in it has in it: one text for each place at which they may begin."""
    found = set()
    for shift in range(3):
        for encoded in (b64encode(bytes(shift) + raw).decode(), urlsafe_b64encode(bytes(shift) + raw).decode()):
            found.add(encoded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6])
    return found
