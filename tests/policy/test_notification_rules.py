"""What is said of notifications beside the examples of their rules: each thing that can never be sent, or always is."""

from pathlib import Path

import pytest
from project_bench import Bench

from pricebook.policy.sample import SAMPLE
from pricebook.problem import Rejected


def linted(spec: str, folder: Path, sample: str = SAMPLE) -> list[tuple[str, str]]:
    """The rules that have something to say of a notification beside the sample, and what."""
    manifest = "---\napiVersion: pricebook/v1\nkind: ThresholdNotification\nmetadata: {name: n}\n"
    found = Bench(folder).lint(f"{sample}{manifest}spec: {{name: N, {spec}}}\n")
    return [(problem.code, problem.message) for problem in found if problem.subject.startswith("threshold")]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("alert_type: spend_threshold_reached, threshold: $50.00", []),
        (
            "alert_type: spend_threshold_reached, threshold: 50, credit_type: points",
            [("unreached-notification", "no usage is priced in points")],
        ),
        (
            "alert_type: spend_threshold_reached, threshold: $1.00, group_values: [{key: region}]",
            [("unreached-notification", "region is a group key of no metric that usage is priced by")],
        ),
        ("alert_type: spend_threshold_reached, threshold: $1.00, group_values: [{key: model, value: small}]", []),
        (
            "alert_type: invoice_total_reached, threshold: 50, credit_type: points",
            [("unreached-notification", "no invoices are in points")],
        ),
        (
            "alert_type: low_remaining_seat_balance_reached, threshold: 0, seat_filter: {seat_group_key: seat}",
            [("unreached-notification", "no package has seats that are told by seat")],
        ),
        (
            "alert_type: low_remaining_commit_balance_reached, threshold: $1.00",
            [("untriggered-notification", "no package grants commits or recurring commits")],
        ),
        (
            "alert_type: low_remaining_contract_credit_balance_reached, threshold: 1, credit_type: points",
            [("untriggered-notification", "no package grants points; usd is what they grant")],
        ),
        (
            "alert_type: low_remaining_contract_credit_balance_reached, threshold: $5.00",
            [
                (
                    "notified-from-the-start",
                    "package starter grants $5.00 in all, and the threshold is $5.00",
                )
            ],
        ),
        ("alert_type: low_remaining_days_for_contract_credit_segment_reached, threshold: 7", []),
        (
            "alert_type: low_remaining_days_for_contract_credit_segment_reached, threshold: 31",
            [
                (
                    "notified-from-the-start",
                    "package starter grants for at most 30 days at a time, and the threshold is 31",
                )
            ],
        ),
    ],
)
def test_what_is_never_or_always_sent(spec: str, found: list[tuple[str, str]], tmp_path: Path) -> None:
    points = "---\napiVersion: pricebook/v1\nkind: PricingUnit\nmetadata: {name: points}\nspec: {name: Points}\n"
    assert linted(spec, tmp_path, SAMPLE + points) == found


def test_two_that_are_the_same_are_told_whatever_their_names(tmp_path: Path) -> None:
    spec = "alert_type: spend_threshold_reached, threshold: $50.00"
    other = "---\napiVersion: pricebook/v1\nkind: ThresholdNotification\nmetadata: {name: a}\n"
    assert [code for code, _ in linted(spec, tmp_path, f"{SAMPLE}{other}spec: {{name: A, {spec}}}\n")] == [
        "same-notification"
    ]


@pytest.mark.parametrize("threshold", ["-5", "-$5.00"])
def test_below_zero_there_is_no_threshold(threshold: str, tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        linted(f"alert_type: spend_threshold_reached, threshold: {threshold}", tmp_path)
    assert [problem.message for problem in caught.value.problems] == [
        f"{'-500' if '$' in threshold else threshold} is less than 0"
    ]
