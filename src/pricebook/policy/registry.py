"""Every rule that pricebook brings, by id."""

from functools import cache

from pricebook.policy import amount, balance, coverage, difference, limit, naming, tier, usage
from pricebook.policy.rule import Rule


@cache
def rules() -> dict[str, Rule]:
    """All rules, in the order of their topics."""
    topics = (amount, tier, coverage, balance, difference, usage, naming, limit)
    return {rule.id: rule for topic in topics for rule in topic.RULES}
