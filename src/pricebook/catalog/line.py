"""What a line of an invoice is for: the one list of kinds, for bills and for the scenarios that expect them."""

from typing import Literal

LineKind = Literal[
    "usage",
    "composite",
    "subscription",
    "scheduled",
    "commit_purchase",
    "true_up",
    "applied",
    "conversion",
    "rounding",
]
"""The vendor's types of line items ("applied" is its applied_commit_or_credit, "conversion" its cpu_conversion), a
true-up told apart, and the rounding to the cent, which is ours."""
