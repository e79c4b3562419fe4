"""The words for shipments and returns, in English and Chinese; see `texts`."""

from collections.abc import Mapping
from typing import Final

from marketplace.notifications.kinds import Kind

TEXTS: Final[Mapping[Kind, Mapping[str, tuple[str, str]]]] = {
    Kind.SHIPMENT_SENT: {
        "en": ("A part is on its way", "Shipment {count} of order {number}, “{title}”, has been sent. {reason}"),
        "zh": ("部分商品已发货", "订单 {number}（“{title}”）的第 {count} 个包裹已发货。{reason}"),
    },
    Kind.SHIPMENT_DELIVERED: {
        "en": ("A part has arrived", "Shipment {count} of order {number}, “{title}”, has arrived."),
        "zh": ("部分商品已送达", "订单 {number}（“{title}”）的第 {count} 个包裹已送达。"),
    },
    Kind.UNITS_CANCELLED: {
        "en": (
            "A part was called off",
            "{count} of order {number}, “{title}”, will not be sent; {amount} is being given back. {reason}",
        ),
        "zh": ("部分商品已取消", "订单 {number}（“{title}”）中的 {count} 件商品已取消，正在退款 {amount}。{reason}"),
    },
    Kind.RETURN_REQUESTED: {
        "en": (
            "A return is asked for",
            "The buyer of order {number} wants to send “{title}” back ({amount}). {reason}",
        ),
        "zh": ("买家申请退货", "订单 {number} 的买家申请退回“{title}”（{amount}）。{reason}"),
    },
    Kind.RETURN_APPROVED: {
        "en": ("Return approved", "“{title}” of order {number} may be sent back ({amount}). {reason}"),
        "zh": ("退货已同意", "订单 {number} 的“{title}”可以退回（{amount}）。{reason}"),
    },
    Kind.RETURN_REJECTED: {
        "en": ("Return refused", "The seller does not take “{title}” of order {number} back. {reason}"),
        "zh": ("退货被拒绝", "卖家不同意退回订单 {number} 的“{title}”。{reason}"),
    },
    Kind.RETURN_RECEIVED: {
        "en": ("Return received", "“{title}” of order {number} has come back to its seller. {reason}"),
        "zh": ("退货已收到", "卖家已收到订单 {number} 退回的“{title}”。{reason}"),
    },
    Kind.RETURN_CANCELLED: {
        "en": ("Return called off", "The buyer of order {number} keeps “{title}” after all. {reason}"),
        "zh": ("退货已取消", "订单 {number} 的买家决定保留“{title}”。{reason}"),
    },
}
