"""A sheet never exceeds its budget, and never leaves anything out without saying how much."""

from hypothesis import given
from hypothesis import strategies as st

from pricebook.format.budget import Sheet, size

lines = st.text("aé日", max_size=12)


blocks = st.lists(st.lists(lines, min_size=1, max_size=3), max_size=12)


@given(st.integers(0, 300), st.integers(0, 300), blocks, st.integers(0, 9))
def test_a_list_is_whole_or_says_what_is_left_out(budget: int, share: int, items: list[list[str]], most: int) -> None:
    sheet, total = Sheet(budget), len(items)

    def more(n: int) -> tuple[str, str]:
        return "", f"and {n} more"

    shown = sheet.add_list(["head"], items, total, more, share=share, most=most, foot=("foot",))
    assert size(sheet.lines) == budget - sheet.left <= min(budget, share)
    if not sheet.lines:
        assert shown == 0
        return
    told = [line for item in items[:shown] for line in item]
    rest = ["", f"and {total - shown} more"] if shown < total else []
    assert sheet.lines == ["head", *told, *rest, "foot"]
    assert shown <= most


@given(st.integers(0, 60), st.lists(st.lists(lines, max_size=3), max_size=8))
def test_lines_are_added_together_or_not_at_all(budget: int, blocks: list[list[str]]) -> None:
    sheet, kept = Sheet(budget), list[str]()
    for block in blocks:
        if sheet.add(*block):
            kept += block
    assert sheet.lines == kept
    assert size(kept) == budget - sheet.left <= budget


def test_the_text_ends_with_a_line_end() -> None:
    sheet = Sheet(10)
    sheet.add("a", "b")
    assert sheet.text == "a\nb\n"
