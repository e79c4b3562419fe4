"""The words for work and for custom offers, in English and Chinese; see `texts`."""

from collections.abc import Mapping
from typing import Final

from marketplace.notifications.kinds import Kind

TEXTS: Final[Mapping[Kind, Mapping[str, tuple[str, str]]]] = {
    Kind.WORK_PAID: {
        "en": ("Paid", "Order {number}, “{title}”, has been paid: {amount}. Please accept it once you know what you need."),
        "zh": ("已付款", "订单 {number}（“{title}”）已付款 {amount}。了解所需信息后请接受订单。"),
    },
    Kind.REQUIREMENTS_AWAITED: {
        "en": (
            "The seller must know more",
            "Please answer {count} questions for order {number}, “{title}”. Without the answers it is given up on {until}.",
        ),
        "zh": ("卖家需要更多信息", "请为订单 {number}（“{title}”）回答 {count} 个问题；未回答的订单将于 {until} 取消。"),
    },
    Kind.REQUIREMENTS_ANSWERED: {
        "en": ("The questions are answered", "You can accept order {number}, “{title}”, until {until}."),
        "zh": ("问题已回答", "您可以在 {until} 之前接受订单 {number}（“{title}”）。"),
    },
    Kind.WORK_ACCEPTED: {
        "en": ("Accepted", "The seller has accepted order {number}, “{title}”. It is due on {until}."),
        "zh": ("订单已接受", "卖家已接受订单 {number}（“{title}”），交付期限：{until}。"),
    },
    Kind.WORK_STARTED: {
        "en": ("The work has begun", "The seller works on order {number}, “{title}”. It is due on {until}."),
        "zh": ("工作已开始", "卖家已开始处理订单 {number}（“{title}”），交付期限：{until}。"),
    },
    Kind.WORK_DELIVERED: {
        "en": (
            "Delivered",
            "Delivery {count} of order {number}, “{title}”, is there. If you say nothing, it is accepted on {until}.",
        ),
        "zh": ("已交付", "订单 {number}（“{title}”）的第 {count} 次交付已完成；若您未回应，将于 {until} 自动验收。"),
    },
    Kind.DELIVERY_REJECTED: {
        "en": ("Delivery rejected", "Delivery {count} of order {number}, “{title}”, was rejected: {reason} It is due on {until}."),
        "zh": ("交付被拒绝", "订单 {number}（“{title}”）的第 {count} 次交付被拒绝：{reason} 交付期限：{until}。"),
    },
    Kind.REVISION_REQUESTED: {
        "en": ("A revision", "The buyer of order {number}, “{title}”, asks for a revision: {reason} It is due on {until}."),
        "zh": ("要求修改", "订单 {number}（“{title}”）的买家要求修改：{reason} 交付期限：{until}。"),
    },
    Kind.WORK_LATE: {
        "en": ("Late", "Order {number}, “{title}”, was due on {until} and has not been delivered."),
        "zh": ("已逾期", "订单 {number}（“{title}”）应于 {until} 交付，目前尚未交付。"),
    },
    Kind.WORK_VERY_LATE: {
        "en": ("Very late", "Order {number}, “{title}”, was due on {until}. Its buyer may cancel it alone now."),
        "zh": ("严重逾期", "订单 {number}（“{title}”）应于 {until} 交付，买家现在可以单方面取消。"),
    },
    Kind.EXTENSION_REQUESTED: {
        "en": ("More days?", "The seller of order {number}, “{title}”, asks for {count} more days: {reason}"),
        "zh": ("申请延期", "订单 {number}（“{title}”）的卖家申请延期 {count} 天：{reason}"),
    },
    Kind.EXTENSION_ANSWERED: {
        "en": ("More days", "More days for order {number}, “{title}”: {reason}."),
        "zh": ("延期申请结果", "订单 {number}（“{title}”）的延期申请：{reason}。"),
    },
    Kind.CANCELLATION_REQUESTED: {
        "en": (
            "Cancel it?",
            "The other side of order {number}, “{title}”, asks to cancel it: {reason} If you say nothing, it is cancelled on {until}.",
        ),
        "zh": ("请求取消订单", "订单 {number}（“{title}”）的对方请求取消：{reason} 若您未回应，订单将于 {until} 取消。"),
    },
    Kind.CANCELLATION_ANSWERED: {
        "en": ("The request to cancel", "The request to cancel order {number}, “{title}”: {reason}."),
        "zh": ("取消请求结果", "取消订单 {number}（“{title}”）的请求：{reason}。"),
    },
    Kind.CUSTOM_OFFER_RECEIVED: {
        "en": ("An offer", "You have an offer for “{title}”: {amount}. It stands until {until}."),
        "zh": ("收到报价", "您收到“{title}”的定制报价：{amount}，有效期至 {until}。"),
    },
    Kind.CUSTOM_OFFER_COUNTERED: {
        "en": ("A counter-offer", "Your offer for “{title}” was answered with another: {amount}. It stands until {until}."),
        "zh": ("收到还价", "对方对“{title}”提出新的报价：{amount}，有效期至 {until}。"),
    },
    Kind.CUSTOM_OFFER_ANSWERED: {
        "en": ("The offer", "The offer for “{title}” over {amount}: {reason}."),
        "zh": ("报价结果", "“{title}”的报价 {amount}：{reason}。"),
    },
}  # fmt: skip
