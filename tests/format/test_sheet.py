"""A comment never exceeds its budget, and never leaves anything out without saying how much."""

from hypothesis import given
from hypothesis import strategies as st

from pricebook.format.markdown import Comment, size

lines = st.text("aé日", max_size=12)


blocks = st.lists(st.lists(lines, min_size=1, max_size=3), max_size=12)


@given(st.integers(0, 300), st.integers(0, 300), blocks, st.integers(0, 9))
def test_a_list_is_whole_or_says_what_is_left_out(budget: int, share: int, items: list[list[str]], most: int) -> None:
    comment, total = Comment(budget), len(items)

    def more(n: int) -> tuple[str, str]:
        return "", f"and {n} more"

    shown = comment.add_list(["head"], items, total, more, share=share, most=most, foot=("foot",))
    assert size(comment.lines) == budget - comment.left <= min(budget, share)
    if not comment.lines:
        assert shown == 0
        return
    told = [line for item in items[:shown] for line in item]
    rest = ["", f"and {total - shown} more"] if shown < total else []
    assert comment.lines == ["head", *told, *rest, "foot"]
    assert shown <= most


@given(st.integers(0, 60), st.lists(st.lists(lines, max_size=3), max_size=8))
def test_lines_are_added_together_or_not_at_all(budget: int, blocks: list[list[str]]) -> None:
    comment, kept = Comment(budget), list[str]()
    for block in blocks:
        if comment.add(*block):
            kept += block
    assert comment.lines == kept
    assert size(kept) == budget - comment.left <= budget


def test_the_text_ends_with_a_line_end() -> None:
    comment = Comment(10)
    comment.add("a", "b")
    assert comment.text == "a\nb\n"
