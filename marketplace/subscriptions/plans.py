"""The plans on offer: a setting of the platform, so that staff change them as any other. What was bought is a snapshot."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from marketplace.core import platform
from marketplace.core.errors import ValidationFailed
from marketplace.core.i18n import pick
from marketplace.core.money import AmountText, Currency, Money, to_minor
from marketplace.subscriptions.errors import PlanNotFound, PlanNotInCurrency

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,47}$", examples=["premium_monthly"])]


class Price(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For one period, tax included."""

    currency: Currency
    amount: AmountText

    def __post_init__(self) -> None:
        try:
            to_minor(self.amount, self.currency)
        except ValidationFailed as error:
            raise ValueError(error.message) from None


class Features(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`premium`: the higher limit of requests, and premium streams."""

    premium: bool = False


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rank` orders plans: a change to a higher one, or to a longer period of the same, is an upgrade."""

    id: Slug
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    name_zh: Annotated[str, Meta(max_length=100)] = ""
    rank: Annotated[int, Meta(ge=0, le=1000)]
    months: Annotated[int, Meta(ge=1, le=36, description="Calendar months of a period.")]
    prices: Annotated[list[Price], Meta(min_length=1, max_length=50)]
    features: Features = Features()

    def price(self, currency: str | None) -> Money:
        """In this currency, or in the plan's first. Raises PlanNotInCurrency."""
        for price in self.prices:
            if currency in (None, price.currency):
                return Money(to_minor(price.amount, price.currency), price.currency)
        raise PlanNotInCurrency(currencies=[price.currency for price in self.prices])

    def called(self, language: str) -> str:
        return pick({"en": self.name, "zh": self.name_zh or self.name}, language)


class Terms(Struct, frozen=True, kw_only=True):
    """What is bought: a period of `months` calendar months at `price_minor`."""

    plan: str
    plan_name: str
    premium: bool
    price_minor: int
    months: int


def terms_of(plan: Plan, currency: str, language: str) -> Terms:
    """Of a plan as it is offered now. Raises PlanNotInCurrency."""
    return Terms(
        plan=plan.id, plan_name=plan.called(language), premium=plan.features.premium,
        price_minor=plan.price(currency).minor, months=plan.months,
    )  # fmt: skip


def _prices(usd: str, eur: str, cny: str) -> list[Price]:
    amounts = {"USD": usd, "EUR": eur, "CNY": cny}
    return [Price(currency=currency, amount=amount) for currency, amount in amounts.items()]


DEFAULTS: Final = [
    Plan(id="basic", name="Basic", name_zh="基础版", rank=1, months=1, prices=_prices("4.99", "4.99", "29.00")),
    Plan(
        id="premium_monthly", name="Premium, monthly", name_zh="高级版（月付）", rank=2, months=1,
        prices=_prices("14.99", "14.99", "98.00"), features=Features(premium=True),
    ),
    Plan(
        id="premium_yearly", name="Premium, yearly", name_zh="高级版（年付）", rank=2, months=12,
        prices=_prices("149.90", "149.90", "980.00"), features=Features(premium=True),
    ),
]  # fmt: skip
PLANS: platform.Setting[list[Plan]] = platform.define(
    "subscriptions.plans", Annotated[list[Plan], Meta(max_length=50)], DEFAULTS,
    "The plans on offer. Who has subscribed keeps their price until they change; a plan that is gone is renewed, but no longer sold.",
)  # fmt: skip
RETRY_DAYS: platform.Setting[list[int]] = platform.define(
    "subscriptions.retry_days", Annotated[list[Annotated[int, Meta(ge=1, le=60)]], Meta(min_length=1, max_length=8)],
    [1, 3, 7],
    "A renewal that failed is tried again so many days later, each counted from the first try; then the subscription expires.",
)  # fmt: skip


async def all_plans() -> list[Plan]:
    return sorted(await PLANS.value(), key=lambda plan: (plan.rank, plan.months))


async def get_plan(plan_id: str) -> Plan:
    """Raises PlanNotFound that names those there are."""
    plans = await all_plans()
    for plan in plans:
        if plan.id == plan_id:
            return plan
    known = ", ".join(plan.id for plan in plans)
    raise PlanNotFound(fields={"plan_id": [f"There is no such plan. Known: {known}."]})
