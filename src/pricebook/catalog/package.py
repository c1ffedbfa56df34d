"""Packages: reusable, time-relative contract terms. A package cannot be edited; every change is a new version.

What terms say alone is checked in their own modules, what they say of each other in `link`, what they say of other
nouns in `check`.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pricebook.catalog.alias import check_aliases
from pricebook.catalog.commit import Commit, Credit
from pricebook.catalog.condition import Condition, Every, Given, Not, bars, needs
from pricebook.catalog.field import Days
from pricebook.catalog.link import check_terms
from pricebook.catalog.model import Alias, CardName, Frequency, Lower, Noun, Text, Upper
from pricebook.catalog.override import Override, is_sold
from pricebook.catalog.recurring import RecurringCommit, RecurringCredit
from pricebook.catalog.reference import Kind
from pricebook.catalog.role import Role
from pricebook.catalog.schedule import ScheduledCharge
from pricebook.catalog.subscription import Subscription
from pricebook.catalog.term import Duration, Relative, RelativeDate
from pricebook.catalog.threshold import (
    THRESHOLDS,
    PrepaidBalanceThresholdConfiguration,
    SpendThresholdConfiguration,
    SpendTracker,
)
from pricebook.catalog.timeline import RateKey
from pricebook.catalog.violation import Path, Violation

_CAP = "discount_configuration.cap.amount"


class UsageStatementSchedule(Relative):
    """When usage is invoiced."""

    frequency: Frequency
    """WEEKLY, MONTHLY, QUARTERLY or ANNUAL."""
    day: Annotated[Literal["FIRST_OF_MONTH", "CONTRACT_START", "CUSTOM_DATE"], Upper] = "FIRST_OF_MONTH"
    """The day on which a period starts: FIRST_OF_MONTH, CONTRACT_START or CUSTOM_DATE."""
    invoice_generation_starting_at_offset: RelativeDate | None = None
    """When invoices start to be generated, counted from the start of the contract; when not given, with it. Used when
    earlier invoices are imported."""


class Package(Noun, Relative):
    """A standard set of contract terms, defined once and sold to many customers.

    It cannot be edited, its aliases included: contracts made on a version stay on it.
    """

    kind = Kind.PACKAGE
    amounts: ClassVar[tuple[str, ...]] = tuple(f"{name}.{_CAP}" for name in THRESHOLDS)
    forbidden: ClassVar[Mapping[str, tuple[str, str]]] = {
        **Relative.forbidden,
        "uniqueness_key": ("pricebook derives it from the package's name, version and content", "remove it"),
        "custom_fields": ("a package takes no custom fields", "its commits, credits, subscriptions and charges do"),
    }

    name: Annotated[Text, Role.COSMETIC]
    """The package's name; `{version}` in it becomes the version's number."""
    contract_name: Annotated[Text | None, Role.COSMETIC] = None
    """The name of contracts made on the package; `{version}` in it becomes the version's number."""
    aliases: tuple[Alias, ...] = ()
    """Names by which contracts find the package, each with a schedule; not exposed to end customers."""
    rate_card: CardName | None = None
    """The rate card, by our name; or use rate_card_alias."""
    rate_card_alias: Text | None = None
    """An alias of a rate card, looked up as of the start of each contract."""
    duration: Duration | None = None
    """How long contracts last; when not given, without end."""
    net_payment_terms_days: Days | None = None
    """Days until an invoice is due."""
    billing_provider: (
        Annotated[Literal["aws_marketplace", "azure_marketplace", "gcp_marketplace", "stripe", "netsuite"], Lower]
        | None
    ) = None
    """Who bills: aws_marketplace, azure_marketplace, gcp_marketplace, stripe or netsuite."""
    delivery_method: Annotated[Literal["direct_to_billing_provider", "aws_sqs", "tackle", "aws_sns"], Lower] | None = (
        None
    )
    """How the billing provider is reached: direct_to_billing_provider, aws_sqs, tackle or aws_sns."""
    usage_statement_schedule: UsageStatementSchedule | None = None
    """When usage is invoiced."""
    subscriptions: tuple[Subscription, ...] = ()
    """Recurring fees."""
    commits: Annotated[tuple[Commit, ...], Role.GRANTS] = ()
    """Amounts that the customer commits to."""
    credits: Annotated[tuple[Credit, ...], Role.GRANTS] = ()
    """Amounts given to the customer."""
    recurring_commits: Annotated[tuple[RecurringCommit, ...], Role.GRANTS] = ()
    """Commits made every period."""
    recurring_credits: Annotated[tuple[RecurringCredit, ...], Role.GRANTS] = ()
    """Credits granted every period."""
    multiplier_override_prioritization: Annotated[Literal["LOWEST_MULTIPLIER", "EXPLICIT"], Upper] = "LOWEST_MULTIPLIER"
    """LOWEST_MULTIPLIER applies the greatest discount; EXPLICIT goes by priority, the lowest first. TIERED overrides
    need EXPLICIT."""
    overrides: tuple[Override, ...] = ()
    """How prices and entitlements differ from the rate card."""
    scheduled_charges: Annotated[tuple[ScheduledCharge, ...], Role.CHARGES] = ()
    """Charges at points in time."""
    scheduled_charges_on_usage_invoices: Annotated[Literal["ALL"], Upper] | None = None
    """ALL puts scheduled and commit charges on the usage invoice that ends at their time; when not given, they stand on
    an invoice of their own."""
    spend_trackers: tuple[SpendTracker, ...] = ()
    """Counters of spend, for the caps of discounts."""
    spend_threshold_configuration: SpendThresholdConfiguration | None = None
    """Charges the customer whenever usage reaches an amount."""
    prepaid_balance_threshold_configuration: PrepaidBalanceThresholdConfiguration | None = None
    """Recharges a prepaid balance whenever it falls to an amount."""

    @property
    def recurring(self) -> Iterator[tuple[Path, RecurringCredit]]:
        """What is granted again and again, commits and credits, with where it stands."""
        for name in ("recurring_commits", "recurring_credits"):
            for index, term in enumerate(getattr(self, name)):
                yield (name, index), term

    @property
    def thresholds(self) -> Iterator[tuple[str, SpendThresholdConfiguration | PrepaidBalanceThresholdConfiguration]]:
        """Those that it has, with their fields."""
        return ((name, found) for name in THRESHOLDS if (found := getattr(self, name)) is not None)

    def sells(self, key: RateKey, tags: Collection[str], *, listed: bool, since: str = "") -> bool:
        """Whether contracts get, at any time, what a price of the card is for, `listed` if the card entitles it. Of
        dated overrides those count as standing that stand since an instant."""
        about = (override for override in self.overrides if override.is_about(key, tags))
        return is_sold(listed, about, lambda override: override.stands_from(since))

    @classmethod
    def unit_for(cls, path: str, data: Mapping[str, Any]) -> str | Violation:
        """The cap of a discount is in the unit of the spend tracker that it names."""
        found: Any = data
        for step in path.split(".")[:-1]:
            found = found.get(step) if isinstance(found, Mapping) else None
        alias = found.get("spend_tracker_alias") if isinstance(found, Mapping) else None
        trackers = data.get("spend_trackers")
        for tracker in trackers if isinstance(trackers, (list, tuple)) else ():
            if isinstance(tracker, Mapping) and tracker.get("alias") == alias:
                return super().unit_for(path, tracker)
        return super().unit_for(path, {})

    conditions: ClassVar[tuple[Condition, ...]] = (
        bars("rate_card_alias", Given("rate_card"), "{name} stands beside rate_card; a package has one or the other"),
        *(
            needs(
                "rate_card rate_card_alias",
                when,
                f"rate_card or rate_card_alias is required: {what} refer to its rates",
                "name the card, or one of its aliases",
            )
            for what, when in (
                ("subscriptions", Given("subscriptions")),
                ("overrides", Every((Not(Given("subscriptions")), Given("overrides")))),
            )
        ),
    )

    def rules(self) -> Iterator[Violation]:
        """Aliases and terms agree with each other."""
        yield from check_aliases(self.aliases)
        yield from check_terms(self)
