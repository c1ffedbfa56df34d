"""Usage files: three forms of the same quantities, and everything that is wrong with them at once."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pricebook.catalog.usage import Quantity, SeatChange
from pricebook.manifest.load import load
from pricebook.problem import Rejected
from pricebook.project.project import read_project
from pricebook.project.usage_file import CustomerUsage, read_usage

ROOT = Path(__file__).resolve().parents[2]
CATALOG = load(read_project(ROOT / "examples" / "starter-plan")).catalog

CSV = """\
customer,product,subscription,timestamp,period,quantity,seats,model,seat_id
acme,input-tokens,,2025-10-05T14:30:00.250Z,,1000000,,large,ada
acme,output-tokens,,,2025-10,0.5,,small,
,output-tokens,,,2025-10-06,1e3,,small,
acme,,seats,2025-10-07,,,ada bob,,
"""
JSONL = """\
{"customer": "acme", "product": "input-tokens", "timestamp": "2025-10-05T14:30:00.250Z", "quantity": 1000000,\
 "group_values": {"model": "large", "seat_id": "ada"}}

{"customer": "acme", "product": "output-tokens", "period": "2025-10", "quantity": 0.5,\
 "group_values": {"model": "small"}}
{"product": "output-tokens", "period": "2025-10-06", "quantity": "1000", "group_values": {"model": "small"}}
{"customer": "acme", "subscription": "seats", "timestamp": "2025-10-07", "seats": ["ada", "bob"]}
"""
YAML = """\
- customer: acme
  product: input-tokens
  timestamp: 2025-10-05T14:30:00.250Z
  quantity: 1000000
  group_values: {model: large, seat_id: ada}
- {customer: acme, product: output-tokens, period: 2025-10, quantity: 0.5, group_values: {model: small}}
- {product: output-tokens, period: 2025-10-06, quantity: 1000, group_values: {model: small}}
- {customer: acme, subscription: seats, timestamp: 2025-10-07, seats: [ada, bob]}
"""
LARGE, SMALL = (("model", "large"), ("seat_id", "ada")), (("model", "small"),)


def read(tmp_path: Path, name: str, text: str) -> dict[str, CustomerUsage]:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_usage(tmp_path / name, name, CATALOG, CATALOG.packages["team"])


def refused(tmp_path: Path, name: str, text: str) -> list[str]:
    with pytest.raises(Rejected) as caught:
        read(tmp_path, name, text)
    return [f"{p.code} {p.at}: {p.message}" + (f" ({p.hint})" if p.hint else "") for p in caught.value.problems]


@pytest.mark.parametrize(("name", "text"), [("u.csv", CSV), ("u.jsonl", JSONL), ("u.yaml", YAML)])
def test_three_forms_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    def at(day: int, hour: int = 0, minute: int = 0, micro: int = 0) -> datetime:
        return datetime(2025, 10, day, hour, minute, 0, micro, tzinfo=UTC)

    assert read(tmp_path, name, text) == {
        "": CustomerUsage([Quantity("output-tokens", SMALL, at(6), Decimal(1000))]),
        "acme": CustomerUsage(
            [
                Quantity("input-tokens", LARGE, at(5, 14, 30, 250_000), Decimal(1_000_000)),
                Quantity("output-tokens", SMALL, at(1), Decimal("0.5")),
            ],
            [SeatChange("seats", at(7), Decimal(2), ("ada", "bob"))],
        ),
    }


def test_an_empty_list_names_all_of_the_seats(tmp_path: Path) -> None:
    """The last one goes. An empty cell says nothing, and is refused as before."""
    found = read(tmp_path, "u.yaml", "- {subscription: seats, timestamp: 2025-10-07, seats: []}\n")
    assert found[""].seats == [SeatChange("seats", datetime(2025, 10, 7, tzinfo=UTC), Decimal(0))]
    assert refused(tmp_path, "u.csv", "subscription,timestamp,quantity,seats\nseats,2025-10-07,,\n") == [
        "missing-field u.csv:2:1: quantity is required"
    ]


def test_everything_wrong_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    lines = [
        "product,subscription,timestamp,period,quantity,model",
        "input-token,,2025-10-05,,1,large",
        "starter-fee,,2025-10-05,,1,",
        "input-tokens,,2025-10-05,,1,",
        'input-tokens,,"5 Oct",,1,large',
        "input-tokens,,2025-10-05,2025-10,1,large",
        "input-tokens,,,2025,1,large",
        'input-tokens,,2025-10-05,,"1,000",large',
        "input-tokens,,2025-10-05,,,large",
        "input-tokens,seats,2025-10-05,,1,large",
        ",seat,2025-10-05,,1,",
        ",seats,2025-10-05,,-1,",
        "input-tokens,,2025-10-05,,NaN,large",
        "input-tokens,,2025-10-05,,1e900,large",
        "input-tokens,,2025-10-05,,1",
        "input-tokens,,2025-10-05,,1,large ",
    ]
    assert refused(tmp_path, "u.csv", "\n".join(lines)) == [
        'unknown-reference u.csv:2:1: product "input-token" does not exist (did you mean "input-tokens"?)',
        'product-type u.csv:3:1: product "starter-fee" is SUBSCRIPTION; only USAGE products are used'
        " (a subscription's quantity is an entry with subscription instead of product)",
        'pricing-group-key u.csv:4:1: product "input-tokens" is priced by model (give model a value)',
        'instant u.csv:5:1: "5 Oct" is no instant (write 2025-10-05 or 2025-10-05T14:30:00Z)',
        "missing-field u.csv:6:1: an entry has either a timestamp or a period (timestamp: 2025-10-05T14:30:00Z)",
        'instant u.csv:7:1: "2025" is no period (a period is written 2025-10 or 2025-10-05)',
        'type u.csv:8:1: quantity "1,000" is not a number (digits, a point, and no separators)',
        "missing-field u.csv:9:1: quantity is required",
        "missing-field u.csv:10:1: an entry names either a product or a subscription"
        " (product for usage, subscription for a change of seats)",
        'unknown-key u.csv:11:1: none of the package\'s subscriptions has the key "seat" (did you mean "seats"?)',
        "out-of-range u.csv:12:1: quantity -1 is less than 0 (it is the quantity from then on, not a difference)",
        'type u.csv:13:1: quantity "NaN" is not a number (digits, a point, and no separators)',
        'too-precise u.csv:14:1: quantity "1e900" has more digits than can be carried',
        "row-width u.csv:15:1: 5 cells instead of 6",
        'blank u.csv:16:1: "large " has a blank around it (take it out; nothing would find it)',
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("u.txt", "", ['usage-format u.txt:1:1: "u.txt" is no usage file that is known']),
        ("u.csv", "", ["empty-table u.csv:1:1: the file is empty"]),
        ("u.csv", "product,product\n", ["duplicate-column u.csv:1:1: two columns have the same name"]),
        ("u.csv", "product,modell\ninput-tokens,x\n", ['missing-field u.csv:2:1: an entry has either']),
        ("u.jsonl", "[]\n{\n", ["type u.jsonl:1:1: the line is no object", "json-syntax u.jsonl:2:1: not JSON"]),
        ("u.jsonl", '{"product": "x", "price": 1}', ['unknown-field u.jsonl:1:1: "price" is not a field']),
        ("u.yaml", "a: 1\n", ["type u.yaml:1:1: a usage file is a list of entries"]),
        ("u.yaml", "- 1\n", ["type u.yaml:1:3: the entry is no mapping"]),
        (
            "u.yaml",
            "\n- {product: input-tokens, timestamp: 2025-10-05, quantity: 1, group_values: {model: a, modell: b}}\n",
            ['group-key u.yaml:2:3: "modell" is no group key of any product or metric'],
        ),
        (
            "u.yaml",
            "- {product: input-tokens, timestamp: 2025-10-05, quantity: 1, group_values: {model: 1}}\n",
            ["type u.yaml:1:3: group_values is not a mapping of text"],
        ),
        ("u.yaml", "- {customer: 1, product: x}\n", ['type u.yaml:1:3: customer "1" is not text']),
    ],
)  # fmt: skip
def test_what_is_no_usage_file(tmp_path: Path, name: str, text: str, expected: list[str]) -> None:
    found = refused(tmp_path, name, text)
    assert len(found) == len(expected)
    assert [f.startswith(e) for f, e in zip(found, expected, strict=True)] == [True] * len(found), found


def test_of_many_bad_entries_the_first_are_listed(tmp_path: Path) -> None:
    found = refused(tmp_path, "u.jsonl", "{}\n" * 30)
    assert len(found) == 21
    assert found[-1] == "more u.jsonl:1:1: 10 more bad entries of this file are not listed"
