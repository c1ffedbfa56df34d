"""Input that is no manifest, no table, no project: it is refused in a sentence, quickly, and nothing hangs or grows."""

import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pricebook.manifest.load import load
from pricebook.problem import Problem, Rejected
from pricebook.project.project import read_project
from pricebook.span import Span

PROJECT = 'namespace: acme\nmanifests: [catalog]\nenvironments: {local: {store: "sqlite:///pricebook.db"}}\n'
TABLES = "put long rate lists in a CSV table with rates_from"
UTF8 = "save it as UTF-8"
CARD = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: tokens}
spec: {name: Tokens, aggregation_type: COUNT, property_filters: [{name: model}], group_keys: [[model]]}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: input}
spec: {name: Input, type: USAGE, billable_metric: tokens, pricing_group_key: [model]}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: llm}
spec:
  name: LLM
  rates_from:
    - table: prices.csv
      columns: {product: product, pricing_group_values: [model], price: usd}
      defaults: {starting_at: 2025-01-01, currency: USD}
"""
NAMED = Span("catalog/card.yaml", 17, 14)
"""Where the card names its table."""
HEADER = "product,model,usd\n"

Write = Callable[[str | bytes], list[Problem]]


def refused(root: Path) -> list[Problem]:
    """What is wrong with the project; nothing when it can be loaded."""
    try:
        load(read_project(root))
    except Rejected as rejected:
        return list(rejected.problems)
    return []


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose catalogue is empty."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    (tmp_path / "catalog").mkdir()
    return tmp_path


@pytest.fixture
def manifest(root: Path) -> Write:
    """Write the one manifest of the project, and say what is wrong with it."""

    def write(content: str | bytes) -> list[Problem]:
        (root / "catalog/a.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
        return refused(root)

    return write


@pytest.fixture
def table(root: Path) -> Write:
    """Write the one table of the project, and say what is wrong with it."""

    def write(content: str | bytes) -> list[Problem]:
        (root / "catalog/card.yaml").write_text(CARD)
        (root / "catalog/prices.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return refused(root)

    return write


# --- manifests


def test_aliases_that_stand_for_millions_of_nodes(manifest: Write) -> None:
    # Counting ends at a4, the first that is too many: whoever went on to a9 would have ten thousand million to count.
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    message = 'the aliases of this file stand for more than 1,000,000 nodes, the last is that of "a4"'
    assert manifest("\n".join(lines)) == [Problem("alias-bomb", message, Span("catalog/a.yaml", 6, 45), TABLES)]


def test_a_file_of_200_megabytes_is_not_read(root: Path) -> None:
    (root / "catalog/a.yaml").touch()
    os.truncate(root / "catalog/a.yaml", 200_000_000)
    tracemalloc.start()
    try:
        message = "the file has 200,000,000 bytes, the limit is 67,108,864"
        assert refused(root) == [Problem("too-large", message, Span("catalog/a.yaml"), TABLES)]
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            b"\x7fELF\x02\x01\0\0",
            Problem("binary", "the file is binary: it has a NUL byte", Span("catalog/a.yaml", 1, 7)),
        ),
        (CARD.encode("utf-16"), Problem("encoding", "the file is in UTF-16", Span("catalog/a.yaml"), UTF8)),
        (
            "# größer\n".encode("latin-1"),
            Problem("encoding", "the byte 0xF6 is not UTF-8", Span("catalog/a.yaml", 1, 5), UTF8),
        ),
    ],
    ids=["binary", "utf-16", "latin-1"],
)
def test_a_manifest_that_is_no_text(manifest: Write, content: bytes, problem: Problem) -> None:
    assert manifest(content) == [problem]


def test_of_150_bad_rates_100_are_shown(manifest: Write) -> None:
    rates = "".join(f"    - {{product: inptu, starting_at: 2025-01-01, price: {n}}}\n" for n in range(150))
    problems = manifest(CARD.partition("  rates_from:")[0] + "  rates:\n" + rates)
    more = Problem("more", "50 more bad rates of this card are not listed", Span("catalog/a.yaml", 16, 3), more=50)
    related = (("there", Span("catalog/a.yaml", 8, 18)),)
    hint, message = 'did you mean "input"?', 'product "inptu" does not exist'
    assert problems == [
        *(
            Problem("unknown-reference", message, Span("catalog/a.yaml", line, 17), hint, related)
            for line in range(17, 117)
        ),
        more,
    ]


def test_a_project_without_manifests(root: Path) -> None:
    hint = "a manifest starts with: apiVersion: pricebook/v1"
    assert refused(root) == [Problem("no-manifest", "there is no manifest in catalog", None, hint)]
    (root / "catalog/a.yaml").write_text("# nothing yet\n---\n")
    assert refused(root) == [Problem("no-manifest", "there is no manifest in catalog", None, hint)]
    (root / "pricebook.yaml").write_text(PROJECT.replace("manifests: [catalog]\n", ""))
    (root / "catalog/a.yaml").write_text("on: push\njobs: {}\n")
    assert refused(root) == [Problem("no-manifest", "there is no manifest in this project", None, hint)]


def test_a_broken_manifest_is_not_taken_for_somebody_elses_file(root: Path) -> None:
    (root / "pricebook.yaml").write_text(PROJECT.replace("manifests: [catalog]\n", ""))
    (root / "catalog/card.yaml").write_text(CARD.partition("---")[0])
    (root / "catalog/theirs.yaml").write_text("{{ template }}: [\n")
    (root / "catalog/ours.yaml").write_text('apiVersion: pricebook/v1\nkind: Product\nmetadata: {name: "a}\n')
    assert [(p.code, p.at) for p in refused(root)] == [("yaml-syntax", Span("catalog/ours.yaml", 4, 1))]


def test_manifests_that_are_no_files(root: Path) -> None:
    (root / "catalog/folder.yaml").mkdir()
    (root / "catalog/link.yaml").symlink_to("nowhere.yaml")
    os.mkfifo(root / "catalog/pipe.yaml")
    assert refused(root) == [
        Problem(
            "missing-file",
            '"catalog/link.yaml" is a link to "nowhere.yaml", which is not there',
            Span("catalog/link.yaml"),
        ),
        Problem(
            "unreadable-file",
            '"catalog/pipe.yaml" cannot be read: it is a pipe or a device, not a file',
            Span("catalog/pipe.yaml"),
        ),
    ]


def test_a_file_that_is_named_twice_is_read_once(root: Path) -> None:
    (root / "pricebook.yaml").write_text(
        PROJECT.replace("[catalog]", "[catalog, catalog/a.yaml, ./catalog/../catalog]")
    )
    (root / "catalog/a.yaml").write_text(CARD.partition("---")[0])
    assert refused(root) == []


def test_a_folder_that_is_named_but_not_there(root: Path) -> None:
    (root / "catalog").rmdir()
    assert refused(root) == [Problem("missing-file", 'there is no file "catalog"', Span("catalog"))]


def test_files_and_folders_that_may_not_be_read() -> None:
    with TemporaryDirectory() as name:  # below tmp_path nobody else may go
        root = Path(name)
        root.chmod(0o755)
        (root / "pricebook.yaml").write_text(PROJECT)
        (root / "catalog/zone").mkdir(parents=True)
        (root / "catalog/card.yaml").write_text(CARD)
        (root / "catalog/prices.csv").write_text(HEADER)
        (root / "catalog/secret.yaml").write_text("# nothing")
        assert refused(root) == []
        for closed in ("prices.csv", "secret.yaml", "zone"):
            (root / "catalog" / closed).chmod(0)
        with as_nobody():
            problems = refused(root)
        (root / "catalog/zone").chmod(0o755)
    assert problems == [
        Problem("no-permission", '"catalog/prices.csv" may not be read', NAMED),
        Problem("no-permission", '"catalog/secret.yaml" may not be read', Span("catalog/secret.yaml")),
        Problem("no-permission", '"catalog/zone" may not be read', Span("catalog/zone")),
    ]


@contextmanager
def as_nobody() -> Iterator[None]:
    """Not root, whom no file mode stops."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


# --- tables


def test_a_table_that_holds(table: Write) -> None:
    assert table(HEADER + "input,small,0.01\r\n\r\ninput,large,$0.02\n") == []


def test_a_table_without_a_column_that_the_card_names(table: Write) -> None:
    related = (("named here", Span("catalog/card.yaml", 18, 73)),)
    missing = Problem(
        "missing-column",
        'the table has no column "usd"',
        Span("catalog/prices.csv"),
        "columns: product, model, eur",
        related,
    )
    assert table("product,model,eur\n") == [missing]
    assert table("product;model;usd\n")[-1].hint == (
        "the table seems to have another delimiter: say delimiter under rates_from"
    )


def test_11_000_bad_rows_are_counted_and_20_are_shown(table: Write) -> None:
    rows = "".join(f"input,m{n},{n if n % 2 else 'x'}\n" for n in range(22_000))
    shown = [
        Problem("amount", '"x" is not a number', Span("catalog/prices.csv", line, 10 + (line > 11)))
        for line in range(2, 2 + 40, 2)
    ]
    more = Problem("more", "10,980 more bad rows of this table are not listed", Span("catalog/prices.csv"), more=10_980)
    assert table(HEADER + rows) == [*shown, more]


def test_a_product_that_is_wrong_is_told_once_and_not_by_each_of_its_rows(root: Path) -> None:
    (root / "catalog/card.yaml").write_text(CARD.replace("type: USAGE", "type: USAGEE"))
    (root / "catalog/prices.csv").write_text(HEADER + "".join(f"input,m{i},0.1\n" for i in range(50)))
    assert [(problem.code, str(problem.at)) for problem in refused(root)] == [
        ("not-a-choice", "catalog/card.yaml:9:27")
    ]


def test_bad_rows_of_all_kinds(table: Write) -> None:
    rows = [
        "input,small",
        "input,small,0.01,extra",
        "input,,0.01",
        "outptu,small,0.01",
        "input,a,",  # no such price
        "outptu,large,0.01",
        "input, b,0.01",
        "input,b,-0.01",
        "input,c,€0.01",
        "input,d,1e-40",
        'input,e,"1,5"',
        "input,f,nan",
    ]
    at = "catalog/prices.csv"
    assert table(HEADER + "\n".join(rows) + "\n") == [
        Problem("row-width", "2 cells, but the header has 3", Span(at, 2, 1)),
        Problem("row-width", "4 cells, but the header has 3", Span(at, 3, 1)),
        Problem("missing-value", "no value for pricing group key model", Span(at, 4, 7)),
        Problem("unknown-reference", 'product "outptu" does not exist (in 2 rows)', Span(at, 5, 1), "products: input"),
        Problem("white-space", '" b" has white space around it: usage says "b"', Span(at, 8, 7), "remove it"),
        Problem("out-of-range", '"-0.01": a price is not negative', Span(at, 9, 9)),
        Problem(
            "currency-mismatch",
            '"€0.01" is in EUR, but the table\'s numbers are in USD',
            Span(at, 10, 9),
            "say the table's currency under defaults",
        ),
        Problem(
            "too-precise",
            '"1e-40" has more digits than can be carried',
            Span(at, 11, 9),
            "at most 17 significant digits and 30 decimal places",
        ),
        Problem(
            "amount",
            '"1,5" is not a number',
            Span(at, 12, 9),
            'numbers: {decimal: ","} under rates_from reads a decimal comma',
        ),
        Problem("amount", '"nan" is not a number', Span(at, 13, 9)),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            (HEADER + "input,größe,1\n").encode("latin-1"),
            Problem("encoding", "the byte 0xF6 is not UTF-8", Span("catalog/prices.csv", 2, 9), UTF8),
        ),
        (
            HEADER.encode() + b"input,a\0b,1\n",
            Problem("binary", "the file is binary: it has a NUL byte", Span("catalog/prices.csv", 2, 8)),
        ),
        (
            HEADER.encode("utf-16"),
            Problem("encoding", "the file is in UTF-16", Span("catalog/prices.csv"), "save it as UTF-8"),
        ),
        (
            HEADER.encode() + b"".join(b"input,%d,1\n" % n for n in range(100_000)) + b"input,gr\xf6\xdfe,1\n",
            Problem("encoding", "the byte 0xF6 is not UTF-8", Span("catalog/prices.csv", 100_002, 9), UTF8),
        ),
        (b"", Problem("empty-table", '"catalog/prices.csv" has no header line', Span("catalog/prices.csv"))),
        (
            b"\xef\xbb\xbf",
            Problem("empty-table", '"catalog/prices.csv" has no header line', Span("catalog/prices.csv")),
        ),
        (
            b"product,model,usd,usd\n",
            Problem("duplicate-column", 'column "usd" stands twice', Span("catalog/prices.csv"), "which one is meant?"),
        ),
        (
            HEADER.encode() + b'input,"small,1\n',
            Problem(
                "csv-syntax",
                "unexpected end of data",
                Span("catalog/prices.csv", 2),
                "a quotation mark is not closed; inside of a quoted cell it is written twice",
            ),
        ),
    ],
    ids=["latin-1", "nul", "utf-16", "latin-1 far below", "empty", "only a mark", "column twice", "open quote"],
)
def test_a_table_that_cannot_be_read(table: Write, content: bytes, problem: Problem) -> None:
    assert table(content) == [problem]


def test_a_table_with_a_header_only_has_no_rates(table: Write) -> None:
    assert table(HEADER) == []


def test_rows_that_say_the_same_rate(table: Write) -> None:
    rows = "input,small,1\ninput,large,2\ninput,small,3\ninput,small,1\n"
    at, first = "catalog/prices.csv", (("first", Span("catalog/prices.csv", 2)),)
    message = "the same rate stands twice: input · model=small"
    assert table(HEADER + rows) == [
        Problem("duplicate-rate", message, Span(at, 4), "remove one", first),
        Problem("duplicate-rate", message, Span(at, 5), "remove one", first),
    ]


@pytest.mark.parametrize("name", ["../../outside.csv", "/etc/passwd", "link.csv"])
def test_a_table_outside_of_the_project(root: Path, name: str) -> None:
    (root / "catalog/card.yaml").write_text(CARD.replace("prices.csv", name))
    (root / "catalog/link.csv").symlink_to("/etc/passwd")
    message = f'table "{name}" is outside the project'
    assert refused(root) == [Problem("outside", message, NAMED, "keep tables below pricebook.yaml")]


def test_tables_that_are_no_files(root: Path) -> None:
    (root / "catalog/card.yaml").write_text(CARD)
    missing = Problem("missing-file", 'there is no file "catalog/prices.csv"', NAMED)
    assert refused(root) == [missing]
    (root / "catalog/price.csv").touch()
    assert refused(root) == [Problem("missing-file", missing.message, NAMED, 'did you mean "price.csv"?')]
    (root / "catalog/prices.csv").mkdir()
    assert refused(root) == [Problem("not-a-file", '"catalog/prices.csv" is a directory', NAMED)]
    (root / "catalog/prices.csv").rmdir()
    os.mkfifo(root / "catalog/prices.csv")
    message = '"catalog/prices.csv" cannot be read: it is a pipe or a device, not a file'
    assert refused(root) == [Problem("unreadable-file", message, NAMED)]


# --- the project file


def test_no_project(tmp_path: Path) -> None:
    hint = "start one with: pricebook init"
    problem = Problem("no-project", f"there is no pricebook.yaml in {tmp_path} or above it", None, hint)
    assert refused(tmp_path) == [problem]
    os.mkfifo(tmp_path / "pricebook.yaml")
    assert refused(tmp_path) == [problem]
    assert [p.code for p in refused(tmp_path / "missing")] == ["no-project"]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", [Problem("empty", "pricebook.yaml is empty", Span("pricebook.yaml"), "see: pricebook init")]),
        ("# nothing\n", [Problem("empty", "pricebook.yaml is empty", Span("pricebook.yaml"), "see: pricebook init")]),
        ("- a\n", [Problem("type", "a list is not a mapping", Span("pricebook.yaml"))]),
        (
            "namespace: Acme Inc\nenvironments: {}\nmanifest: [a]\n",
            [
                Problem(
                    "name",
                    '"Acme Inc" has another form than ^[a-z0-9][a-z0-9_.-]*$',
                    Span("pricebook.yaml", 1, 12),
                    "lower-case letters, digits, _ . and -, starting with a letter or digit",
                ),
                Problem(
                    "empty", "a mapping is empty", Span("pricebook.yaml", 2, 15), "write something, or remove the field"
                ),
                Problem(
                    "unknown-field",
                    '"manifest" is not a field here',
                    Span("pricebook.yaml", 3, 1),
                    'did you mean "manifests"?',
                ),
            ],
        ),
        (
            PROJECT + "default_environment: locla\n",
            [
                Problem(
                    "unknown-reference",
                    'environment "locla" does not exist',
                    Span("pricebook.yaml", 4, 22),
                    'did you mean "local"?',
                )
            ],
        ),
        (
            PROJECT + "---\n" + CARD.partition("---")[0],
            [
                Problem(
                    "type",
                    "pricebook.yaml is one document; here begins another",
                    Span("pricebook.yaml", 5, 1),
                    "manifests stand in files of their own",
                )
            ],
        ),
    ],
    ids=["empty", "comment", "list", "wrong", "environment", "two documents"],
)
def test_a_bad_project_file(tmp_path: Path, text: str, problems: list[Problem]) -> None:
    (tmp_path / "pricebook.yaml").write_text(text)
    assert refused(tmp_path) == problems


def test_an_environment_that_is_not_there(root: Path) -> None:
    with pytest.raises(Rejected) as caught:
        read_project(root).environment("prod")
    assert caught.value.problems == (
        Problem("unknown-environment", 'environment "prod" does not exist', None, "environments: local"),
    )


def test_an_amount_with_a_comma_in_a_flow_mapping(manifest: Write) -> None:
    rate = "{product: input, pricing_group_values: {model: a}, starting_at: 2025-01-01, price: $1,040.00}"
    problems = manifest(CARD.partition("  rates_from:")[0] + f"  rates: [{rate}]\n")
    assert [(p.code, p.hint) for p in problems] == [("cut-amount", 'put the amount in quotes: "$1,040.00"')]


def test_a_table_that_leads_to_itself_is_refused_where_it_is_named(root: Path) -> None:
    (root / "catalog" / "card.yaml").write_text(CARD)
    (root / "catalog" / "prices.csv").symlink_to("again.csv")
    (root / "catalog" / "again.csv").symlink_to("prices.csv")
    (problem,) = refused(root)
    assert NAMED in (problem.at, *(related.at for related in problem.related))


def test_an_overlay_that_leads_to_itself_is_refused(root: Path) -> None:
    store = '{store: "sqlite:///pricebook.db", overlays: [more.yaml]}'
    (root / "pricebook.yaml").write_text(PROJECT.replace('{store: "sqlite:///pricebook.db"}', store))
    (root / "more.yaml").symlink_to("more.yaml")
    with pytest.raises(Rejected, match=r"more\.yaml"):
        load(read_project(root), environment="local")


@pytest.mark.parametrize(
    "address", ["https://[", "https://host:port", "https://.", "https://a..b", "https://host:99999", "ftp://host", "x"]
)
def test_an_address_that_is_none_is_refused_where_it_stands(root: Path, address: str) -> None:
    store = f"{{store: metronome, base_url: '{address}'}}"
    (root / "pricebook.yaml").write_text(PROJECT.replace('{store: "sqlite:///pricebook.db"}', store))
    (problem,) = refused(root)
    assert problem.at == Span("pricebook.yaml", 3, 52)
