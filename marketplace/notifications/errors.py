from marketplace.core.errors import Unprocessable


class CriticalNotification(Unprocessable):
    """RULES: Messaging and notifications. Security and money cannot be turned off."""

    code = "critical_notification"
    default_message = "Notifications about security and money cannot be turned off."
