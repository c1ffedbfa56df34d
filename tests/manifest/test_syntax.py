"""The YAML reader: what a text means, what is wrong with it and where, and that no text harms."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pricebook.manifest import syntax
from pricebook.manifest.locate import KEY, NodePath, locate
from pricebook.manifest.syntax import MAX_DEPTH, Document, read_documents
from pricebook.problem import Problem
from pricebook.span import Span

F = "m.yaml"


@pytest.fixture(params=["libyaml", "pure"])
def both_parsers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test holds for libyaml, which every wheel of PyYAML has, and for the parser that stands in for it."""
    assert syntax._PARSER is yaml.CBaseLoader
    if request.param == "pure":
        monkeypatch.setattr(syntax, "_PARSER", yaml.BaseLoader)


def data_of(text: str) -> object:
    """The data of a text with one document and no problems."""
    documents, problems = read_documents(F, text)
    assert problems == []
    (document,) = documents
    return document.data


def briefly(problem: Problem) -> tuple[object, ...]:
    """Code, line and column, and the places that belong to it."""
    assert problem.at is not None
    assert problem.at.file == F
    return (
        problem.code,
        problem.at.line,
        problem.at.column,
        *[(word, at.line, at.column) for word, at in problem.related],
    )


def read(text: str) -> tuple[list[object], list[tuple[object, ...]]]:
    documents, problems = read_documents(F, text)
    return [d.data for d in documents], [briefly(p) for p in problems]


def exact(value: object) -> object:
    """The same with the type of every scalar, because 1 == True == Decimal(1)."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return tuple(map(exact, value)) if isinstance(value, (tuple, list)) else (type(value).__name__, str(value))


# --- scalars


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(word, None) for word in ("~", "null", "Null", "NULL")],
        *[(word, True) for word in ("true", "True", "TRUE")],
        *[(word, False) for word in ("false", "False", "FALSE")],
        *[(word, word) for word in ("no", "yes", "on", "off", "y", "nULL", "tRUE", "nil", "None")],
        ("0", 0),
        ("-12", -12),
        ("+12", 12),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("12345678901234567890", 12345678901234567890),
        ("1.50", Decimal("1.50")),
        ("-0.5", Decimal("-0.5")),
        (".5", Decimal("0.5")),
        ("1.", Decimal("1")),
        ("1e3", Decimal("1E+3")),
        ("1.3E-10", Decimal("1.3E-10")),
        ("+.5e+1", Decimal("0.5E1")),
        ("0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827")),
        ("1e400", Decimal("1e400")),
        ("9" * 400, int("9" * 400)),
        *[
            (word, word)
            for word in ("1_000", "1:30", "12:30:45", "2025-01-01", "2025-01-01T00:00:00Z", "1,5", "$10.00")
        ],
        *[
            (word, word)
            for word in ("0o8", "0xg", "-0x1F", "1e", ".", "+", "--1", "1.2.3", "e3", ".inf.", "inf", "nan")
        ],
        *[(word, word) for word in ("١٢", "²", "1e٣", "<<", "=")],
        ("'1'", "1"),
        ('"true"', "true"),
        ("''", ""),
        ("'~'", "~"),
        ('".inf"', ".inf"),
        ('"a\\tb\\u00e9"', "a\tbé"),
        ("|\n  12\n", "12\n"),
        (">-\n  1\n  2\n", "1 2"),
        ("!!str 12", "12"),
        ("!!str .inf", ".inf"),
        ("!!str", ""),
        ("!!int '12'", 12),
        ("!!float 12", Decimal("12")),
        ("!!float '1.5'", Decimal("1.5")),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!!seq [1]", (1,)),
        ("!!map {a: 1}", {"a": 1}),
        ("!<tag:yaml.org,2002:int> 3", 3),
    ],
)
def test_a_scalar_means_what_the_core_schema_says(text: str, value: object, both_parsers: None) -> None:
    assert exact(data_of(f"a: {text}\n")) == exact({"a": value})


def test_nothing_written_is_null() -> None:
    assert exact(data_of("a:\nc: {d, e: }\nf:\n- \n- 1\n")) == exact(
        {"a": None, "c": {"d": None, "e": None}, "f": (None, 1)}
    )


@pytest.mark.parametrize(
    "text", [".inf", "-.INF", "+.Inf", ".nan", ".NaN", "1e401", "1e-401", "1e999999999", "9" * 401, "0." + "1" * 10**6]
)
def test_a_number_that_cannot_be_carried_is_a_problem_and_stays_text(text: str) -> None:
    assert read(f"a: 1\nb: [x, {text}]\n") == ([{"a": 1, "b": ("x", text)}], [("not-a-number", 2, 8)])


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("!python/object:os.system ls", "ls"),
        ("!!python/name:os.system x", "x"),
        ("!!timestamp 2025-01-01", "2025-01-01"),
        ("!!set {a: 1}", {"a": 1}),
        ("!!map [1]", (1,)),
        ("!!seq {a: 1}", {"a": 1}),
        ("!x [1]", (1,)),
        ("!!str [1]", (1,)),
        ("!!int x", "x"),
        ("!!int 1.5", "1.5"),
        ("!!int .inf", ".inf"),
        ("!!bool no", "no"),
        ("!!null 0", "0"),
        ("!!null .nan", ".nan"),
        ("!!float true", "true"),
    ],
)
def test_other_tags_and_core_tags_that_do_not_fit_are_problems(text: str, data: object) -> None:
    assert read(f"a: {text}\nb: 1\n") == ([{"a": data, "b": 1}], [("tag", 1, 4)])


def test_the_message_writes_a_tag_as_its_author_did() -> None:
    _, problems = read_documents(F, "a: !!binary x\n")
    assert problems == [
        Problem("tag", 'the tag "!!binary" means nothing here', Span(F, 1, 4), 'a text that starts with "!" is quoted')
    ]


# --- collections and keys


def test_mappings_are_dicts_in_written_order_and_sequences_tuples(both_parsers: None) -> None:
    data = data_of("b: [1, [2, {c: []}]]\na:\n- - x\n  - {}\n- y: 1\n  z: 2\n")
    assert data == {"b": (1, (2, {"c": ()})), "a": (("x", {}), {"y": 1, "z": 2})}
    assert isinstance(data, dict)
    assert list(data) == ["b", "a"]


def test_keys_are_text_as_written(both_parsers: None) -> None:
    keys = ["no", "yes", "1", "1.0", "0x1", "null", "~", "true", ".inf", "2025-01-01", ""]
    text = "".join(f"? {key}\n: {number}\n" for number, key in enumerate(keys, 1))
    assert data_of("'1 ': x\n!!int 12: y\nyEs: z\n") == {"1 ": "x", "12": "y", "yEs": "z"}
    assert data_of(text) == {key: number for number, key in enumerate(keys, 1)}


@pytest.mark.parametrize(
    ("text", "data", "at"),
    [
        ("? [a, b]\n: {c: 1}\nd: 2\n", {"d": 2}, (1, 3)),
        ("x: {{ name }}\n", {"x": {}}, (1, 5)),
        ("? {a: 1}\n: 1\nd: 2\n", {"d": 2}, (1, 3)),
        ("a: &n 1\n*n : 2\nd: 2\n", {"a": 1, "d": 2}, (2, 1)),
        ("a: &n [1]\n*n : 2\nd: 2\n", {"a": (1,), "d": 2}, (2, 1)),
    ],
)
def test_a_key_that_is_no_word_is_a_problem_and_its_entry_is_dropped(
    text: str, data: object, at: tuple[int, int]
) -> None:
    assert read(text) == ([data], [("complex-key", *at)])


def test_problems_inside_a_dropped_entry_are_reported() -> None:
    text = "? [.inf]\n: {c: 1, c: 2}\n"
    assert read(text) == (
        [{}],
        [("not-a-number", 1, 4), ("complex-key", 1, 3), ("duplicate-key", 2, 10, ("first", 2, 4))],
    )


def test_of_duplicate_keys_the_first_counts_and_each_other_one_is_a_problem(both_parsers: None) -> None:
    text = "a: {x: 1}\nb: 1\n'a': {y: 1, y: 2}\na: 3\nc: [{d: 1, d: 2}]\n"
    assert read(text) == (
        [{"a": {"x": 1}, "b": 1, "c": ({"d": 1},)}],
        [
            ("duplicate-key", 3, 1, ("first", 1, 1)),
            ("duplicate-key", 3, 13, ("first", 3, 7)),
            ("duplicate-key", 4, 1, ("first", 1, 1)),
            ("duplicate-key", 5, 12, ("first", 5, 6)),
        ],
    )


def test_the_same_key_in_two_mappings_is_no_duplicate() -> None:
    assert data_of("- {a: 1}\n- {a: {a: 2}}\n") == ({"a": 1}, {"a": {"a": 2}})


# --- documents


def test_documents_know_their_index_and_the_place_of_their_root(both_parsers: None) -> None:
    text = "# first\na: 1\n---\n---\n# nothing\n---\n  - é\n...\n---\n~\n---\n''\n---\n"
    assert read_documents(F, text) == (
        [
            Document(F, 0, {"a": 1}, Span(F, 2, 1)),
            Document(F, 3, ("é",), Span(F, 7, 3)),
            Document(F, 4, None, Span(F, 10, 1)),
            Document(F, 5, "", Span(F, 12, 1)),
        ],
        [],
    )


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "\ufeff"])
def test_a_text_without_content_has_no_documents(text: str) -> None:
    assert read_documents(F, text) == ([], [])


def test_columns_count_characters_not_bytes() -> None:
    assert read("é𝄞é: [.inf]\n")[1] == [("not-a-number", 1, 7)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_counts(end: str) -> None:
    assert read(f"a: 1{end}b:{end}  c: .nan{end}") == ([{"a": 1, "b": {"c": ".nan"}}], [("not-a-number", 3, 6)])


# --- anchors, aliases and merges


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: &x [1]\nb: *x\n", {"a": (1,), "b": (1,)}),
        ("a: &x 1.50\nb: [*x, *x]\n", {"a": Decimal("1.50"), "b": (Decimal("1.50"),) * 2}),
        ("a: &x ~\nb: *x\n", {"a": None, "b": None}),
        ("&k name: a\nb: {*k : *k}\n", {"name": "a", "b": {"name": "name"}}),
        ("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}),
        ("a: &x [&x 1, *x]\n", {"a": (1, 1)}),
        ("d: &d {x: 1, y: 2}\ne: {<<: *d, y: 3}\n", {"d": {"x": 1, "y": 2}, "e": {"x": 1, "y": 3}}),
        ("d: &d {x: 1, y: 2}\ne: {y: 3, <<: *d}\n", {"d": {"x": 1, "y": 2}, "e": {"x": 1, "y": 3}}),
        ("e: {<<: [{x: 1}, {x: 2, y: 2}, {y: 3, z: 3}]}\n", {"e": {"x": 1, "y": 2, "z": 3}}),
        ("e: {<<: {<<: {x: 1, y: 1}, y: 2}}\n", {"e": {"x": 1, "y": 2}}),
        ("e: {<<: &m {x: 1}, z: *m}\n", {"e": {"x": 1, "z": {"x": 1}}}),
        ("e: &e {<<: {x: 1}}\nf: *e\n", {"e": {"x": 1}, "f": {"x": 1}}),
        ("e: {<<: []}\n", {"e": {}}),
        ("e: {'<<': 1}\nf: {<<: {x: 1}}\ng: {!!str <<: 2}\n", {"e": {"<<": 1}, "f": {"x": 1}, "g": {"<<": 2}}),
    ],
)
def test_aliases_and_merges(text: str, data: object, both_parsers: None) -> None:
    assert exact(data_of(text)) == exact(data)


@pytest.mark.parametrize(
    ("text", "data", "problem"),
    [
        ("a: 1\nb: [*x]\n", {"a": 1, "b": ({},)}, ("unknown-alias", 2, 5)),
        ("a: *x\nb: &x 1\n", {"a": {}, "b": 1}, ("unknown-alias", 1, 4)),
        ("a: &x [*x]\n", {"a": ({},)}, ("recursive-alias", 1, 8)),
        ("a: &x 1\nb: &x {c: *x}\n", {"a": 1, "b": {"c": {}}}, ("recursive-alias", 2, 11)),
        ("a: &x {<<: *x, b: 1}\n", {"a": {"b": 1}}, ("recursive-alias", 1, 12)),
        ("a: {<<: *x, b: 1}\n", {"a": {"b": 1}}, ("unknown-alias", 1, 9)),
        ("a: {b: 1, <<: 2}\n", {"a": {"b": 1}}, ("merge", 1, 11)),
        ("a: {b: 1, <<: [{c: 1}, x]}\n", {"a": {"b": 1}}, ("merge", 1, 11)),
        ("a: {<<: {b: 1}, <<: {c: 1}}\n", {"a": {"b": 1}}, ("duplicate-key", 1, 17, ("first", 1, 5))),
    ],
)
def test_a_refused_alias_or_merge(text: str, data: object, problem: tuple[object, ...], both_parsers: None) -> None:
    assert read(text) == ([data], [problem])


def test_anchors_end_with_their_document() -> None:
    assert read("a: &x 1\n---\nb: *x\n") == ([{"a": 1}, {"b": {}}], [("unknown-alias", 3, 4)])


def laughs(levels: int, width: int = 10) -> str:
    lines = ["l0: &l0 [" + ", ".join(["lol"] * width) + "]"]
    lines += [f"l{n}: &l{n} [" + ", ".join([f"*l{n - 1}"] * width) + "]" for n in range(1, levels)]
    return "first: 1\n---\n" + "\n".join(lines) + "\n---\nlast: 1\n"


@pytest.mark.parametrize("levels", [7, 60])
def test_aliases_that_stand_for_too_much_stop_the_reading(levels: int) -> None:
    # Level 4 has 111,111 nodes and its aliases come after 123,340: the eighth of them passes the million.
    assert read(laughs(levels)) == ([{"first": 1}], [("alias-bomb", 8, 45)])


def test_aliases_below_the_bound_are_read() -> None:
    documents, problems = read(laughs(5))
    assert (len(documents), problems) == (3, [])


def test_merges_count_as_expansion() -> None:
    big = ", ".join(f"k{n}: 1" for n in range(1000))
    text = f"big: &big {{{big}}}\nall:\n" + "- <<: *big\n" * 2000
    assert [code for code, *_ in read(text)[1]] == ["alias-bomb"]


def test_a_long_list_may_merge_the_same_defaults_everywhere() -> None:
    text = "d: &d {a: 1, b: 2, c: 3, d: 4, e: 5}\nall:\n" + "- {<<: *d, f: 1, g: 2}\n" * 100_000
    documents, problems = read(text)
    assert problems == []
    assert documents == [
        {"d": (d := {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}), "all": ({**d, "f": 1, "g": 2},) * 100_000}
    ]


# --- depth


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_depth_up_to_the_limit_is_read() -> None:
    value = data_of(nested(MAX_DEPTH))
    for _ in range(MAX_DEPTH - 1):
        assert isinstance(value, tuple)
        (value,) = value
    assert value == ()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (nested(MAX_DEPTH + 1), (3, MAX_DEPTH + 1)),
        ("[" * 900, (3, MAX_DEPTH + 1)),
        ("{a: " * 5000, (3, MAX_DEPTH * 4 + 1)),
        ("- " * 5000, (3, MAX_DEPTH * 2 + 1)),
        ("? " * 5000, (3, MAX_DEPTH * 2 + 1)),
        (f"- &a {nested(MAX_DEPTH - 1)}\n- [*a]", (4, 4)),
        ("- &a0 []\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 1000)), (2 + MAX_DEPTH, 9)),
    ],
)
def test_depth_beyond_the_limit_stops_the_reading(text: str, at: tuple[int, int]) -> None:
    assert read(f"a: 1\n---\n{text}") == ([{"a": 1}], [("too-deep", *at)])


def test_depth_that_libyaml_itself_refuses() -> None:
    """Newer ones look no further than a thousand brackets ahead."""
    documents, [(code, line, _)] = read("a: 1\n---\n" + "[" * 100_000)
    assert (documents, code, line) == ([{"a": 1}], "too-deep", 3)


# --- syntax errors

TABS = "indent with spaces: YAML does not allow tabs there"
COLON = "a text with ': ' in it is quoted; the keys of a mapping start in one column"


@pytest.mark.parametrize(
    ("text", "at", "related", "hint"),
    [
        ("a:\n\tb: 1\n", (2, 1), (), TABS),
        ("\ta: 1\n", (1, 1), (), TABS),
        ("a: 1\n\tb: 2\n", (2, 1), (("began here", Span(F, 1, 4)),), TABS),
        ("a: b: c\n", (1, 5), (), COLON),
        ("a: 1\n b: 2\n", (2, 3), (), COLON),
        ("é: @x\n", (1, 4), (), "a value cannot start with @: quote it"),
        ("a: %x\n", (1, 4), (), "a value cannot start with %: quote it"),
        ("- `x\n", (1, 3), (), "a value cannot start with `: quote it"),
        ("a: 'x\nb: 1\n", (3, 1), (("began here", Span(F, 1, 4)),), "a quotation mark is not closed"),
        (
            'a: "x\\q"\n',
            (1, 6),
            (("began here", Span(F, 1, 4)),),
            "in double quotes a backslash is written twice; single quotes take it as it is",
        ),
        (
            "a: [1, 2\nb: 1\n",
            (2, 2),
            (("began here", Span(F, 1, 4)),),
            "a bracket [ is not closed, or a comma is missing",
        ),
        ("a: {x: 1\n", (2, 1), (("began here", Span(F, 1, 4)),), "a brace { is not closed, or a comma is missing"),
        ("a: * b\n", (1, 5), (("began here", Span(F, 1, 4)),), "a text that starts with * is quoted"),
        ("a: & b\n", (1, 5), (("began here", Span(F, 1, 4)),), "a text that starts with & is quoted"),
        ("a: |x\n", (1, 5), (("began here", Span(F, 1, 4)),), "a text that starts with | or > is quoted"),
        ("a: !e!x 1\n", (1, 4), (), 'a text that starts with "!" is quoted'),
        (
            'a: "x" y\n',
            (1, 8),
            (("began here", Span(F, 1, 1)),),
            "the keys of a mapping start in one column; quotes go around the whole of a text",
        ),
        ("- 1\nb: 2\n", (2, 1), (("began here", Span(F, 1, 1)),), "the items of a list start in one column"),
        ("a: 1\nb\nc: 2\n", (3, 1), (("began here", Span(F, 2, 1)),), "a key is followed by a colon and a space"),
        ("%x: 1\n", (1, 3), (("began here", Span(F, 1, 1)),), "a text that starts with % is quoted"),
        ("%YAML 3.0\n---\na: 1\n", (1, 1), (), ""),
    ],
)
def test_a_syntax_error_has_its_place_and_what_to_do(
    text: str, at: tuple[int, int], related: tuple[object, ...], hint: str
) -> None:
    documents, (problem,) = read_documents(F, text)
    assert (documents, problem.code, problem.at, problem.related, problem.hint) == (
        [],
        "yaml-syntax",
        Span(F, *at),
        related,
        hint,
    )


def test_a_syntax_error_in_libyaml_s_words() -> None:
    assert [p.message for p in read_documents(F, "a: 'x")[1]] == [
        "while scanning a quoted scalar, found unexpected end of stream"
    ]


def test_what_stands_before_a_syntax_error_is_kept(both_parsers: None) -> None:
    assert read("a: 1\n---\nb: .inf\nb: 2\n---\nc: @\n---\nd: 1\n") == (
        [{"a": 1}, {"b": ".inf"}],
        [("not-a-number", 3, 4), ("duplicate-key", 4, 1, ("first", 3, 1)), ("yaml-syntax", 6, 4)],
    )


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\x00", "U+0000"),
        ("\x1b", "U+001B"),
        ("\x7f", "U+007F"),
        ("\x9f", "U+009F"),
        ("\ud800", "U+D800"),
        ("\ufffe", "U+FFFE"),
    ],
)
def test_forbidden_characters_are_one_problem_and_hide_no_other(character: str, name: str, both_parsers: None) -> None:
    text = f"a: 1\n---\r\nb: é{character}\nc: '{character}'\nc: 2\n"
    documents, problems = read_documents(F, text)
    assert [d.data for d in documents] == [{"a": 1}, {"b": "é\ufffd", "c": "\ufffd"}]
    assert [briefly(p) for p in problems] == [("yaml-syntax", 3, 5), ("duplicate-key", 5, 1, ("first", 4, 1))]
    assert (problems[0].message, problems[0].more) == (f"the character {name} is not allowed in YAML", 1)


def test_a_forbidden_character_far_below_does_not_double_what_was_read_before(both_parsers: None) -> None:
    assert read(f"a: .inf\n---\nb: {'x' * 100_000}\n---\nc: \x01\n") == (
        [{"a": ".inf"}, {"b": "x" * 100_000}, {"c": "\ufffd"}],
        [("yaml-syntax", 5, 4), ("not-a-number", 1, 4)],
    )


@given(st.text(alphabet=st.sampled_from("ab1.e-:?[]{},#&*!|>'\"%@`<~\\ \n\t\r\x00é\ud800"), max_size=60))
def test_no_text_raises(text: str) -> None:
    documents, problems = read_documents(F, text)
    for index in range(3):
        for path, span in locate(F, text, index, [(), ("a",), (0, KEY), ("a", 0, "b")]).items():
            assert span.file == F, path
    assert all(p.at is not None and p.at.line >= 1 and p.at.column >= 1 for p in problems)
    assert all(d.at.line >= 1 for d in documents)


# --- properties

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = texts | st.integers(-(10**30), 10**30) | st.booleans() | st.none()
plain = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20
)


@given(st.lists(plain, min_size=1, max_size=3), st.booleans(), st.booleans())
def test_what_safe_dump_quotes_is_read_back(values: list[object], flow: bool, unicode: bool) -> None:
    text = yaml.safe_dump_all(
        values, default_style='"', default_flow_style=flow, allow_unicode=unicode, explicit_start=True
    )
    documents, problems = read_documents(F, text)
    assert problems == []
    assert [(d.index, exact(d.data)) for d in documents] == [(n, exact(value)) for n, value in enumerate(values)]


@st.composite
def shared(draw: st.DrawFn) -> object:
    """Data with the same collection in several places, which safe_dump writes with anchors and aliases."""
    pool = draw(
        st.lists(st.lists(scalars, max_size=3) | st.dictionaries(texts, plain, max_size=3), min_size=1, max_size=3)
    )
    leaf = st.sampled_from(pool) | scalars
    inner = st.lists(leaf, max_size=4) | st.dictionaries(texts, leaf, max_size=4)
    return draw(st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))


def composed(node: yaml.Node, path: NodePath = (), key: yaml.Node | None = None) -> Iterator[tuple[NodePath, Span]]:
    """Every path of a node and where PyYAML's own composer sees it."""

    def span(at: yaml.Node) -> Span:
        return Span(F, at.start_mark.line + 1, at.start_mark.column + 1)

    yield path, span(node)
    if key is not None:
        yield (*path, KEY), span(key)
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from composed(value, (*path, name.value), name)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from composed(value, (*path, position))


@given(shared(), st.sampled_from([None, True, False]), st.sampled_from([None, '"', "'"]))
def test_locate_agrees_with_compose(data: object, flow: bool | None, style: str | None) -> None:
    text = yaml.safe_dump_all([1, data, 2], default_flow_style=flow, default_style=style, explicit_start=True, width=30)
    _, root, _ = yaml.compose_all(text, Loader=yaml.SafeLoader)
    expected = dict(composed(root))
    assert locate(F, text, 1, expected) == expected
    for path, span in expected.items():
        assert locate(F, text, 1, [path]) == {path: span}, "alone, with nothing else wanted"


# --- places

PLACES = """\
# a comment
kind: RateCard
spec:
  defaults: &d
    price: 1
    tags: [x, y]
  rates:
    - <<: *d
      product: a
    - {product: b, <<: [{price: 2}, *d]}
    - *d
  "1": one
  copy: *d
"""


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ((), (2, 1)),
        ((KEY,), (2, 1)),
        (("kind",), (2, 7)),
        (("kind", KEY), (2, 1)),
        (("spec",), (4, 3)),
        (("spec", KEY), (3, 1)),
        (("spec", "rates", 0), (8, 7)),
        (("spec", "rates", 0, "product"), (9, 16)),
        (("spec", "rates", 1, "product", KEY), (10, 8)),
        (("spec", "1"), (12, 8)),
        # through an alias: the anchor's content, but the key that was written here
        (("spec", "copy"), (4, 13)),
        (("spec", "copy", KEY), (13, 3)),
        (("spec", "copy", "tags", 1), (6, 15)),
        (("spec", "rates", 2, "price", KEY), (5, 5)),
        # through a merge: the merged content
        (("spec", "rates", 0, "price"), (5, 12)),
        (("spec", "rates", 0, "price", KEY), (5, 5)),
        (("spec", "rates", 0, "tags", 0), (6, 12)),
        (("spec", "rates", 1, "price"), (10, 33)),
        (("spec", "rates", 1, "tags"), (6, 11)),
        # missing: where the path gets lost
        (("nothing",), (2, 1)),
        (("spec", "nothing"), (3, 1)),
        (("spec", "nothing", KEY), (3, 1)),
        (("spec", "nothing", 3, "at all"), (3, 1)),
        (("spec", "rates", 7), (7, 3)),
        (("spec", "rates", "x"), (7, 3)),
        (("spec", "rates", 0, "colour"), (8, 7)),
        (("spec", "rates", 2, "colour"), (11, 7)),
        (("spec", "copy", "colour"), (13, 3)),
        (("kind", "x"), (2, 7)),
        (("spec", 1), (3, 1)),
    ],
)
def test_the_place_of_a_path(path: NodePath, at: tuple[int, int], both_parsers: None) -> None:
    assert locate(F, PLACES, 0, [path]) == {path: Span(F, *at)}


@pytest.mark.parametrize(
    ("text", "index", "path", "at"),
    [
        ("a: 1\n---\n---\n  a: 2\n", 2, ("a",), (4, 6)),
        ("a: 1\n---\na: 2\n", 0, ("a",), (1, 4)),
        ("a: 1\n", 1, ("a",), (1, 1)),
        ("a: 1\nb: @\n", 0, ("a",), (1, 4)),
        ("a: 1\nb: @\n", 0, ("b",), (1, 1)),
        ("a: \x01\nb: 2\n", 0, ("b",), (2, 4)),
        ("a: {x: 1}\na: {x: 2, y: 3}\n", 0, ("a", "x"), (1, 8)),
        ("a: {x: 1}\na: {x: 2, y: 3}\n", 0, ("a", "y"), (1, 1)),
        ("? [a]\n: {b: 1}\nb: 2\n", 0, ("b",), (3, 4)),
        ("a: &a {b: *a, <<: *a, c: 1}\n", 0, ("a", "b", "b", "c"), (1, 26)),
        ("a: &a {<<: *a}\n", 0, ("a", "x"), (1, 1)),
        ("a: *x\n", 0, ("a",), (1, 4)),
        ("a: {b: {<<: {c: 1}}, <<: {d: {c: 2}}}\n", 0, ("a", "d", "c"), (1, 34)),
        ("a: {<<: [{b: 1}, {b: 2, c: 3}]}\n", 0, ("a", "c"), (1, 28)),
        ("a: {<<: [{b: 1}, {b: 2, c: 3}]}\n", 0, ("a", "b"), (1, 14)),
        ("&k a: {*k : 1}\n", 0, ("a", "a"), (1, 13)),
        ("a: {'<<': {b: 1}}\n", 0, ("a", "<<", "b"), (1, 15)),
    ],
)
def test_the_place_in_an_unusual_text(text: str, index: int, path: NodePath, at: tuple[int, int]) -> None:
    assert locate(F, text, index, [path]) == {path: Span(F, *at)}


def test_a_missing_key_below_many_merges_is_found_missing_at_once() -> None:
    lines = ["m0: &m0 {a: 1}"] + [f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}" for n in range(1, 90)]
    assert locate(F, "\n".join(lines), 0, [("m89", "x"), ("m89", "a")]) == {
        ("m89", "x"): Span(F, 90, 1),
        ("m89", "a"): Span(F, 1, 13),
    }
