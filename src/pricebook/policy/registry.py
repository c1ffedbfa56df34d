"""Every rule that pricebook brings, by id."""

from functools import cache

from pricebook.policy import (
    amount,
    balance,
    commitment,
    coverage,
    difference,
    hidden_change,
    limit,
    naming,
    outlier,
    tier,
    usage,
)
from pricebook.policy.rule import Rule


@cache
def rules() -> dict[str, Rule]:
    """All rules, in the order of their topics."""
    topics = (
        amount,
        outlier,
        tier,
        coverage,
        balance,
        commitment,
        difference,
        usage,
        naming,
        limit,
        hidden_change,
    )
    return {rule.id: rule for topic in topics for rule in topic.RULES}
