"""The words for subscriptions, in English and Chinese; see `texts`."""

from collections.abc import Mapping
from typing import Final

from marketplace.notifications.kinds import Kind

TEXTS: Final[Mapping[Kind, Mapping[str, tuple[str, str]]]] = {
    Kind.SUBSCRIPTION_STARTED: {
        "en": (
            "Your subscription has begun",
            "“{title}” is yours until {until}, and is renewed then. You paid {amount}.",
        ),
        "zh": ("订阅已开始", "“{title}”有效期至 {until}，届时将自动续订。您已支付 {amount}。"),
    },
    Kind.SUBSCRIPTION_RENEWED: {
        "en": ("Your subscription was renewed", "“{title}” goes on until {until}. You paid {amount}."),
        "zh": ("订阅已续订", "“{title}”已续订至 {until}。您已支付 {amount}。"),
    },
    Kind.SUBSCRIPTION_UPGRADED: {
        "en": ("Your plan has changed", "You have “{title}” now, until {until}. You paid {amount}."),
        "zh": ("套餐已升级", "您现已使用“{title}”，有效期至 {until}。您已支付 {amount}。"),
    },
    Kind.SUBSCRIPTION_UNPAID: {
        "en": (
            "Your subscription could not be renewed",
            "{amount} for “{title}” could not be taken: {reason}. The next try is on {until}; you can name another payment "
            "method until then.",
        ),
        "zh": (
            "订阅续费失败",
            "“{title}”的续费 {amount} 未能扣款：{reason}。系统将于 {until} 重试，您可在此之前更换付款方式。",
        ),
    },
    Kind.SUBSCRIPTION_ENDING: {
        "en": ("Your subscription will end", "“{title}” ends on {until}. Until then you can let it go on."),
        "zh": ("订阅即将结束", "“{title}”将于 {until} 结束，在此之前您可以恢复续订。"),
    },
    Kind.SUBSCRIPTION_ENDED: {
        "en": ("Your subscription has ended", "“{title}” has ended: {reason}."),
        "zh": ("订阅已结束", "“{title}”已结束：{reason}。"),
    },
}
