from marketplace.core.errors import Conflict, NotFound, Unprocessable, ValidationFailed


class PlanNotFound(ValidationFailed):
    code = "unknown_plan"
    default_message = "There is no such plan."


class PlanNotInCurrency(Unprocessable):
    """`details.currencies` are those it is sold in."""

    code = "plan_not_in_currency"
    default_message = "This plan is not sold in that currency."


class NoSubscription(NotFound):
    code = "no_subscription"
    default_message = "You have no subscription."


class AlreadySubscribed(Conflict):
    code = "already_subscribed"
    default_message = "You have this plan already."


class NotActive(Conflict):
    """`details.status` says how it stands."""

    code = "subscription_not_active"
    default_message = "That needs a subscription that is paid up."


class NotCancelling(Conflict):
    code = "not_cancelling"
    default_message = "Your subscription is not about to end."
