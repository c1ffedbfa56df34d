"""One answer to whether a plan is applied as it is, for every format."""

import pytest

from pricebook.plan.hazard import Hazard
from pricebook.view.decision import decide
from pricebook.workflow.policy import Obstacle

UP = (Hazard.MAGNITUDE, 8)
LIMIT = Obstacle("price-increase-limit", 2, approval=False, people=())
SIGNED = Obstacle("credit-cut", 1, approval=True, people=("ada", "grace"))


@pytest.mark.parametrize(
    ("hazards", "obstacles", "state", "sentence"),
    [
        ([], [], "applied", "Applied as it is: nothing stands against it."),
        (
            [UP],
            [],
            "refused",
            "Refused as it is: MAGNITUDE (8 changes). When all of it is meant: --allow MAGNITUDE.",
        ),
        ([], [SIGNED], "approval", "Needs an approval by ada or grace: credit-cut. Nothing else stands against it."),
        (
            [],
            [LIMIT],
            "refused",
            "Refused as it is: price-increase-limit (2 findings). Mend what the findings say, or let somebody sign a"
            " waiver.",
        ),
        (
            [UP],
            [LIMIT, SIGNED],
            "refused",
            "Refused as it is: MAGNITUDE (8 changes), price-increase-limit (2 findings). When all of it is meant:"
            " --allow MAGNITUDE. Mend what the findings say, or let ada or grace sign a waiver. It also needs an"
            " approval by ada or grace: credit-cut.",
        ),
    ],
)
def test_what_stands_against_a_plan(
    hazards: list[tuple[Hazard, int]], obstacles: list[Obstacle], state: str, sentence: str
) -> None:
    found = decide(hazards, obstacles, stale=False, steps=True)
    assert (found.state, found.sentence) == (state, sentence)
    assert found.rules == tuple(one.rule for one in obstacles)
    assert found.head + found.rest == sentence


def test_a_stale_plan_is_stale_whatever_else_stands_against_it() -> None:
    assert decide([UP], [LIMIT], stale=True, steps=True).state == "stale"


def test_where_there_is_nothing_to_apply() -> None:
    assert decide([], [], stale=False, steps=False).state == "nothing"
    found = decide([], [LIMIT], stale=False, steps=False)
    assert (found.state, found.rules) == ("refused", ("price-increase-limit",))
