"""Rules about names: two that look the same are taken for each other by people, and not by machines."""

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pricebook.catalog.declared import keyed_lists
from pricebook.catalog.rate_book import Rates
from pricebook.catalog.reference import Ref
from pricebook.catalog.timeline import read_key
from pricebook.catalog.violation import Path
from pricebook.policy.fact import Facts, card_ref, package_ref
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import AFTER_ENABLE
from pricebook.problem import quote

CONFUSABLE = str.maketrans(
    "аАвВеЕкКмМнНоОрРсСтТуУхХіІјЈѕЅԁһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχɡıℓ",
    "aabbeekkmmhhooppccttyyxxiijjssdhqwabezhikmnoptyxaikvoptuxgil",
)
"""Letters of other scripts that look like Latin ones: the commonest of Unicode's confusables (UTS 39)."""


def skeleton(name: str) -> str:
    """What a name looks like: without case, white space, invisible characters, and in Latin letters."""
    if name.isascii():
        return "".join(name.lower().split())
    text = unicodedata.normalize("NFKC", name).translate(CONFUSABLE).casefold()
    return "".join(char for char in text if not char.isspace() and unicodedata.category(char) != "Cf")


def _names(facts: Facts) -> Iterator[tuple[str, str, Ref, Path]]:
    """Every name that people choose by: what it is a name of, the name, and where it stands."""
    for ref, noun in sorted(facts.catalog.nouns.items(), key=lambda item: (item[0].kind.rank, item[0].name)):
        if noun.title:
            yield f"{ref.kind.words}s", noun.title, ref, ("name",)
        for i, alias in enumerate(noun.held_aliases):
            yield f"{ref.kind.words} aliases", alias.name, ref, ("aliases", i, "name")
        for i, tag in enumerate(getattr(noun, "tags", ())):
            yield "tags", tag, ref, ("tags", i)


def _look_alike(facts: Facts) -> Iterator[Finding]:
    seen: dict[tuple[str, str], tuple[str, Ref, Path]] = {}
    for what, name, ref, path in _names(facts):
        looks = (what, skeleton(name))
        first, other, place = seen.setdefault(looks, (name, ref, path))
        if first == name and (ref == other or what not in ("products", "packages")):
            continue
        message = f"two {what} look the same: {_spelled(name)} and {_spelled(first)}"
        if first == name:
            message = f"two {what} have the same name: {quote(name)}"
        hint = "people and searches take one for the other: name them apart, or write them alike"
        yield Finding(ref, path, message, hint, related=(("the other", other, place),))
    for name, card in facts.cards.items():
        yield from _groups(name, card.rates)


def _spelled(name: str) -> str:
    """The name, and for a letter that is not Latin its number."""
    odd = [f"U+{ord(char):04X}" for char in name if not char.isascii() and not char.isspace()]
    return quote(name) + (f" ({', '.join(odd[:3])})" if odd else "")


def _groups(card: str, rates: Rates) -> Iterator[Finding]:
    """Rates whose group values look the same. Of a hundred thousand only hashes are kept, until two are equal."""
    keys = [key for key, _ in rates.items()]
    looks = array("q", map(hash, map(_look, keys)))
    counts = Counter(looks)
    if len(counts) == len(looks):
        return
    twice = {look for look, times in counts.items() if times > 1}
    first: dict[str, str] = {}
    for key in sorted(key for key, look in zip(keys, looks, strict=True) if look in twice):
        other = first.setdefault(_look(key), key)
        if other != key:
            message = f"two rates look the same: {read_key(key)} and {read_key(other)}"
            hint = "usage is priced by the exact value: are both of them sent?"
            yield Finding(card_ref(card), (), message, hint, rate=key)


def _look(key: str) -> str:
    """What the text of a key looks like: most have letters and signs alone."""
    if key.isascii() and "\\" not in key:
        return key.lower().replace(" ", "")
    return skeleton(_ESCAPED_BLANK.sub(" ", key))


_ESCAPED_BLANK = re.compile(r"\\[tnrf]")


def _blank(facts: Facts) -> Iterator[Finding]:
    for what, name, ref, path in _names(facts):
        if name != name.strip():
            yield Finding(ref, path, f"one of the {what} has a blank around it: {quote(name)}", _TRIM)
    for name, card in facts.cards.items():
        for text, _ in card.rates.items():
            if text.isascii() and " " not in text and "\\" not in text:
                continue  # most are: only the rest is read
            key = read_key(text)
            if any(value != value.strip() for _, value in key.pricing_group_values):
                message = f"a value of {key.product} has a blank around it: {key}"
                yield Finding(card_ref(name), (), message, _TRIM, rate=text)


_TRIM = "usage, contracts and tags are compared letter for letter: take the blank out"


def _keyless(facts: Facts) -> Iterator[Finding]:
    for name, package in facts.packages.items():
        for field in keyed_lists(type(package)):
            subjects: dict[str, list[int]] = {}
            for index, term in enumerate(getattr(package, field)):
                if term.key is None:
                    subjects.setdefault(_subject(term), []).append(index)
            for subject, found in subjects.items():
                if len(found) > 1:
                    message = f"{len(found)} of {field} have no key and the same {subject}: a diff cannot follow them"
                    hint = "give each a key: a change then says which of them changed"
                    yield Finding(package_ref(name), (field, found[0]), message, hint, more=len(found) - 1)


def _subject(term: Any) -> str:
    """By what a term without key is followed: see `plan.fields`."""
    rate = getattr(term, "subscription_rate", None)
    if rate is not None:
        return f"rate {rate.product} {rate.billing_frequency}"
    for field in ("name", "product"):
        if isinstance(value := getattr(term, field, None), str):
            return f"{field} {quote(value)}"
    return "kind"


_TWO = """\
    - type: MULTIPLIER
      multiplier: 0.9
      starting_at_offset: {value: 0, unit: MONTHS}
      override_specifiers: [{product: tokens, pricing_group_values: {model: small}}]
    - type: MULTIPLIER
      multiplier: 0.8
      starting_at_offset: {value: 0, unit: MONTHS}
      override_specifiers: [{product: tokens, pricing_group_values: {model: large}}]
"""

RULES = (
    Rule(
        id="look-alike-name",
        severity="warning",
        title="Two names differ only in case, in white space or by letters that look alike, or not at all.",
        why="Contracts are made by alias, credits find products by tag, usage finds its price by group value: letter"
        " for letter. Who reads them sees one name.",
        way_out="Write them alike, or name them apart. A letter of another script is told by its number.",
        example=Example(bad=(("  aliases: [{name: yearly}]", "  aliases: [{name: Starter}]"),)),
        check=_look_alike,
        source="Unicode Technical Standard 39, confusable detection.",
    ),
    Rule(
        id="keyless-term",
        severity="warning",
        title="Terms without a key cannot be told apart.",
        why="A diff follows a term by its key. Without one a change of the second discount may be shown as a change of"
        " the first, and a reviewer approves what is not meant.",
        way_out="Give each of them a `key`.",
        example=Example(
            bad=((AFTER_ENABLE, AFTER_ENABLE + _TWO),),
            good=((AFTER_ENABLE, AFTER_ENABLE + _TWO.replace("- type", "- key: small\n      type", 1)),),
        ),
        check=_keyless,
        source="`key` is our name for a term, so that diffs say which one changed.",
    ),
    Rule(
        id="blank-around-name",
        severity="warning",
        title="A name or a value begins or ends with a blank.",
        why="Nobody sees it, and nothing finds it: usage of `small` has no price where the rate is for `small ` with a"
        " blank behind it.",
        way_out="Take the blank out; in tables, out of the cell.",
        example=Example(bad=(("{model: small}", "{model: 'small '}"),)),
        check=_blank,
        source="frictionlessdata/frictionless-py#1172, sparna-git/xls2rdf#19.",
    ),
)
