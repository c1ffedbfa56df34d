"""Which account is taken for an environment's: by its mark, and by what `pricebook.yaml` remembers."""

import pytest

from pricebook.apply.target import AccountMark, check_account
from pricebook.problem import Rejected

ONE, OTHER = "00000000000000a1", "00000000000000b2"


@pytest.mark.parametrize(
    ("remembered", "mark", "said"),
    [
        (None, "", None),
        (None, f"production/{ONE}", None),
        (None, f"sandbox/{ONE}", "this account is marked as acme/sandbox, and acme/production was asked for"),
        (ONE, f"production/{ONE}", None),
        (ONE, f"sandbox/{ONE}", None),  # two environments of one account, because somebody wrote so
        (ONE, "", f"this account bears no mark, and production is remembered as {ONE}"),
        (
            ONE,
            f"production/{OTHER}",
            f"this account is {OTHER}, marked as acme/production; production is remembered as {ONE}",
        ),
        (
            ONE,
            f"sandbox/{OTHER}",
            f"this account is {OTHER}, marked as acme/sandbox; production is remembered as {ONE}",
        ),
    ],
)
def test_what_is_refused(remembered: str | None, mark: str, said: str | None) -> None:
    if said is None:
        check_account("acme", "production", remembered, mark)
        return
    with pytest.raises(Rejected) as rejected:
        check_account("acme", "production", remembered, mark)
    (problem,) = rejected.value.problems
    assert (problem.code, problem.message) == ("wrong-account", said)
    assert "pricebook --env production account --mark" in problem.hint


def test_a_mark_is_read_as_it_was_written() -> None:
    for environment in ("production", "a/b", "§"):
        assert AccountMark.read(AccountMark(environment, ONE).text) == AccountMark(environment, ONE)
    assert [AccountMark.read(text) for text in ("", "x", "/", "x/", "/x")] == [None] * 5
