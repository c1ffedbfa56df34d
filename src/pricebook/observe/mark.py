"""The marks that a rate card carries of what was last applied to its rates and to its aliases.

A noun's mark is its digest. Of rates there are too many for one digest to say which of them somebody changed, and a
custom field holds at most 200 characters; so the mark of a card's rates is two things: the digest of the rates that
the manifests wanted, and sums over what the card held afterwards, one sum for each sixteenth of its prices. A sum
grows and shrinks with each price (`catalog.rate_book`), so it is carried on from the mark before without reading the
card. `plan.origin` reads from it which prices were moved behind our back.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import crc32
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pricebook.catalog.canonical import digest, encode
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_book import SHARE, Rates, book_digest, digest_text, shares

PARTS = 16
_BYTES = 6
MODULUS = 1 << 8 * _BYTES
_FORM = "1"
DigestSums = tuple[int, ...]
"""For each part of a card's prices, the sum of their digests modulo 2**48."""


class RateMark(NamedTuple):
    """What was last applied to the rates of a card. `wanted` is the digest of the manifests' rates, empty while only
    some of them were applied; `held` are the sums over the rates that the card held then."""

    wanted: str = digest_text(0)
    sums: DigestSums = (0,) * PARTS

    @classmethod
    def read(cls, text: str | None) -> "RateMark | None":
        """The reverse of `text`. No text is the mark of a card without rates; None is for one that is no mark."""
        if not text:
            return cls()
        form, _, rest = text.partition(".")
        wanted, _, held = rest.partition(".")
        try:
            sums = urlsafe_b64decode(held)
            known = urlsafe_b64decode(wanted + "==").hex() if wanted else ""
        except ValueError:
            return None
        if form != _FORM or len(sums) != PARTS * _BYTES or len(known) not in (0, 32):
            return None
        return cls(known, tuple(int.from_bytes(sums[i : i + _BYTES], "big") for i in range(0, len(sums), _BYTES)))

    @property
    def text(self) -> str:
        """At most 200 characters, for a custom field."""
        wanted = urlsafe_b64encode(bytes.fromhex(self.wanted)).decode().rstrip("=")
        held = urlsafe_b64encode(b"".join(value.to_bytes(_BYTES, "big") for value in self.sums)).decode()
        return f"{_FORM}.{wanted}.{held}"

    def speaks_for(self, observed: Rates) -> bool:
        """Whether these are the rates that the card held when the mark was made. Reads no rate."""
        return sum(self.sums) % MODULUS == int(observed.digest, 16) % MODULUS


def part_of(key: str) -> int:
    """Which part of a card's prices the price belongs to."""
    return crc32(key.encode(errors="surrogatepass")) % PARTS


def share(key: str, schedule: str | None) -> int:
    """What one price adds to the sum of its part; nothing when it is not there."""
    return book_digest([(key, schedule)]) % MODULUS if schedule is not None else 0


def sums_of(entries: Iterable[tuple[str, str]]) -> DigestSums:
    """The sums over (key, schedule) texts."""
    listed = list(entries)
    return _summed([key for key, _ in listed], shares(listed))


def moved(sums: DigestSums, before: Sequence[tuple[str, str | None]], reached: bytes) -> DigestSums:
    """The sums after changes: of (key, schedule text) as they were, with the shares of the timelines that they lead
    to."""
    left = sums_of((key, schedule) for key, schedule in before if schedule is not None)
    gained = _summed([key for key, _ in before], reached)
    return tuple((s + more - less) % MODULUS for s, more, less in zip(sums, gained, left, strict=True))


def _summed(keys: Sequence[str], digests: bytes) -> DigestSums:
    sums, from_bytes = [0] * PARTS, int.from_bytes
    for end, key in enumerate(keys, 1):
        sums[part_of(key)] += from_bytes(digests[end * SHARE - _BYTES : end * SHARE], "big")
    return tuple(value % MODULUS for value in sums)


def alias_digest(aliases: Iterable[Alias], product_order: Iterable[str]) -> str:
    """The mark of what `plan.verb.Repoint` gives a card. In which order aliases are listed says nothing."""
    return digest(encode((sorted(encode(spec_of(alias)) for alias in aliases), tuple(product_order))))


def order_digest(product_order: Iterable[str]) -> str:
    """The mark of a product order alone, for a store that cannot show the order itself."""
    return digest(encode(tuple(product_order)))


NO_ALIASES = alias_digest((), ())
"""The mark of a card that was given nothing."""
