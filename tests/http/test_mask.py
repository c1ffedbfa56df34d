"""A token is said in no form from which it can be read."""

from base64 import b64encode, urlsafe_b64encode
from html import escape
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricebook.http.mask import HIDDEN, Mask

TOKEN = "tok-S3CR3T+abc/def=="
TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60)


def forms(token: str) -> dict[str, str]:
    """The token as servers have been seen to repeat things."""
    raw = token.encode()
    halves = token[: len(token) // 2], token[len(token) // 2 :]
    return {
        "as it is": token,
        "percent": quote(token, safe=""),
        "percent, lower case": quote(token, safe="").lower(),
        "percent, every character": "".join(f"%{byte:02X}" for byte in raw),
        "percent, twice": quote(quote(token, safe=""), safe=""),
        "base64": b64encode(raw).decode(),
        "base64 of the header": b64encode(f"Bearer {token}".encode()).decode(),
        "base64 of all headers": b64encode(f"Host: x\r\nAuthorization: Bearer {token}\r\nA: b".encode()).decode(),
        "base64 for URLs": urlsafe_b64encode(f"x{token}y".encode()).decode(),
        "HTML": escape(token),
        "entities": "".join(f"&#{byte};" for byte in raw),
        "hexadecimal entities": "".join(f"&#x{byte:X};" for byte in raw),
        "escapes": "".join(f"\\u{byte:04x}" for byte in raw),
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "hex bytes": raw.hex(" "),
        "split over lines": "\n".join(halves),
        "split in a text of JSON": "\\n".join(halves),
        "base64 in lines": "\n".join(b64encode(raw).decode()[at : at + 4] for at in range(0, 200, 4)).strip(),
    }


@pytest.mark.parametrize("form", forms(TOKEN))
def test_no_form_of_the_token_is_left(form: str) -> None:
    said = forms(TOKEN)[form]
    assert Mask(TOKEN).clean(f"bad header: {said} (see the docs)").startswith(f"bad header: {HIDDEN}")
    assert said not in Mask(TOKEN).clean(said)


@given(TOKENS, st.binary(max_size=9), st.binary(max_size=9))
def test_wherever_it_begins_in_base64(token: str, before: bytes, after: bytes) -> None:
    said = b64encode(before + token.encode() + after).decode()
    assert Mask(token).clean(f"<{said}>") == f"<{HIDDEN}>"


@given(TOKENS)
def test_every_form_of_every_token(token: str) -> None:
    for said in forms(token).values():
        assert HIDDEN in Mask(token).clean(f"<{said}>")


def test_names_in_answers_lose_it_too_and_a_short_one_is_a_word() -> None:
    said = f'{{"name": "{TOKEN}", "other": "{TOKEN.encode().hex()}", "more": "{b64encode(TOKEN.encode()).decode()}"}}'
    cleaned = Mask(TOKEN).clean_all(said)
    assert [part.startswith(HIDDEN) for part in cleaned.split('"')[3::4]] == [True, True, True]
    assert Mask("sandbox").clean_all('{"name": "sandbox"}') == '{"name": "sandbox"}'
    assert Mask("sandbox").clean("Bearer sandbox") == f"Bearer {HIDDEN}"


@pytest.mark.parametrize("between", ["\\n", "\\r\\n", "\\n    ", "\\t"])
@pytest.mark.parametrize("at", [1, len(TOKEN) // 2, len(TOKEN) - 1])
def test_a_whole_answer_says_no_token_over_several_lines_of_a_name(between: str, at: int) -> None:
    said = f'{{"data": [{{"name": "Card of {TOKEN[:at]}{between}{TOKEN[at:]}", "id": "x"}}]}}' + " " * 500_000
    found = Mask(TOKEN).clean_all(said)
    assert HIDDEN in found
    assert TOKEN[:at] + between not in found or at == 1
    assert TOKEN[at:] not in found or at == len(TOKEN) - 1


def test_a_whole_answer_without_the_token_is_left_as_it_is() -> None:
    said = '{"name": "two\\nlines of \\\\ text and \\u00e4"}' * 1000
    assert Mask(TOKEN).clean_all(said) == said
