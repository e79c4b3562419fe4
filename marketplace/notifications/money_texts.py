"""The words for orders and for money, in English and Chinese; see `texts`."""

from collections.abc import Mapping
from typing import Final

from marketplace.notifications.kinds import Kind

TEXTS: Final[Mapping[Kind, Mapping[str, tuple[str, str]]]] = {
    Kind.ORDER_PLACED: {
        "en": ("Order placed", "Order {number} for “{title}” over {amount} has been placed and waits for payment."),
        "zh": ("订单已提交", "订单 {number}（“{title}”，{amount}）已提交，等待付款。"),
    },
    Kind.PAYMENT_RECEIVED: {
        "en": ("Payment received", "You paid {amount} for order {number}, “{title}”. The seller has been told."),
        "zh": ("付款成功", "您已为订单 {number}（“{title}”）支付 {amount}，我们已通知卖家。"),
    },
    Kind.SALE_PAID: {
        "en": ("Paid", "Order {number}, “{title}”, has been paid: {amount}. Please send it."),
        "zh": ("已付款", "订单 {number}（“{title}”）已付款 {amount}，请尽快发货。"),
    },
    Kind.ORDER_SHIPPED: {
        "en": ("On its way", "Order {number}, “{title}”, has been sent. {reason}"),
        "zh": ("已发货", "订单 {number}（“{title}”）已发货。{reason}"),
    },
    Kind.ORDER_DELIVERED: {
        "en": ("Delivered", "Order {number}, “{title}”, is said to have arrived. Please confirm that you have it."),
        "zh": ("已送达", "订单 {number}（“{title}”）已送达，请确认收货。"),
    },
    Kind.ORDER_COMPLETED: {
        "en": ("Received", "The buyer has received order {number}, “{title}”."),
        "zh": ("买家已收货", "买家已收到订单 {number}（“{title}”）。"),
    },
    Kind.ORDER_CANCELLED: {
        "en": ("Order cancelled", "Order {number}, “{title}”, was cancelled. {reason}"),
        "zh": ("订单已取消", "订单 {number}（“{title}”）已取消。{reason}"),
    },
    Kind.ORDER_REFUNDED: {
        "en": ("Refund", "{amount} of order {number}, “{title}”, is being given back. {reason}"),
        "zh": ("退款", "订单 {number}（“{title}”）正在退款 {amount}。{reason}"),
    },
    Kind.REFUND_FAILED: {
        "en": ("A refund came back", "A refund of {amount} could not be sent to you. It is in your wallet now."),
        "zh": ("退款未能到账", "{amount} 的退款未能原路退回，现已存入您的钱包。"),
    },
    Kind.ORDER_FROZEN: {
        "en": ("Money is frozen", "The money of order {number}, “{title}”, stays where it is for now. {reason}"),
        "zh": ("资金已冻结", "订单 {number}（“{title}”）的资金暂时冻结。{reason}"),
    },
    Kind.ORDER_UNFROZEN: {
        "en": ("Money is free to move", "The money of order {number}, “{title}”, is no longer frozen. {reason}"),
        "zh": ("资金已解除冻结", "订单 {number}（“{title}”）的资金已解除冻结。{reason}"),
    },
    Kind.MONEY_RELEASED: {
        "en": ("Money released", "{amount} of order {number} is yours; you can take it out once it has cleared."),
        "zh": ("款项已放行", "订单 {number} 的 {amount} 已归您所有，结算期过后即可提现。"),
    },
    Kind.MONEY_CLEARED: {
        "en": ("Money cleared", "{amount} of order {number} can be taken out now."),
        "zh": ("款项可提现", "订单 {number} 的 {amount} 现已可以提现。"),
    },
    Kind.PAYMENT_FAILED: {
        "en": ("Payment failed", "Your payment of {amount} did not go through. You can try again in another way."),
        "zh": ("付款失败", "您的 {amount} 付款未成功，请换一种方式重试。"),
    },
    Kind.PAYMENT_RETURNED: {
        "en": ("Payment returned", "{amount} of yours came in when nothing was due any more. It is on its way back."),
        "zh": ("款项退回", "我们收到您的 {amount}，但已无应付款项，款项正在退回。"),
    },
    Kind.DEPOSIT_MADE: {
        "en": ("Money in your wallet", "{amount} has been added to your wallet."),
        "zh": ("钱包已充值", "{amount} 已存入您的钱包。"),
    },
    Kind.PAYOUT_PAID: {
        "en": ("Payout sent", "{amount} has been sent to you."),
        "zh": ("提现已汇出", "{amount} 已汇出给您。"),
    },
    Kind.PAYOUT_FAILED: {
        "en": ("Payout not made", "A payout of {amount} was not made; the money is back with us. {reason}"),
        "zh": ("提现未成功", "{amount} 的提现未成功，款项已退回您的账户余额。{reason}"),
    },
    Kind.CHARGEBACK_OPENED: {
        "en": (
            "A payment is disputed",
            "The buyer's bank takes {amount} of order {number} back until that is decided.",
        ),
        "zh": ("付款被拒付", "买家的银行对订单 {number} 的 {amount} 提出拒付，款项在裁定前被收回。"),
    },
    Kind.CHARGEBACK_CLOSED: {
        "en": ("A dispute is decided", "The bank's dispute about order {number} is {reason}."),
        "zh": ("拒付已裁定", "订单 {number} 的拒付结果：{reason}。"),
    },
    Kind.PAYOUT_METHOD_CHANGED: {
        "en": (
            "Where your money goes has changed",
            "{reason} among the places your payouts may go to. If that was not you, change your password and write to support.",
        ),
        "zh": ("收款方式已更改", "收款方式变更：{reason}。如非本人操作，请立即修改密码并联系客服。"),
    },
}
