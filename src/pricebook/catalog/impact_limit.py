"""How far bills may move: of a plan by the project's policy, of a migration by its guard. What is not said is not
limited."""

from pricebook.catalog.field import Percent
from pricebook.catalog.model import Model


class ImpactLimits(Model):
    """How far bills may move, as `--impact` finds."""

    max_customer_increase: Percent | None = None
    """How much more any customer may pay."""
    max_total_change: Percent | None = None
    """How much the bills of all customers together may change, up or down."""
    min_coverage: Percent | None = None
    """How much of the usage events must at least be readable and of somebody who is billed."""

    @property
    def of_bills(self) -> bool:
        """Whether it says how far bills may move at all."""
        return self.max_customer_increase is not None or self.max_total_change is not None
