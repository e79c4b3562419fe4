"""The words of every notification, in English and Chinese. `{...}` are `Words`: what the details say, for people to read."""

from collections.abc import Mapping
from typing import Final

from marketplace.core.i18n import pick, say_money, say_time
from marketplace.core.money import Money, to_minor
from marketplace.notifications import (
    dispute_texts,
    engagement_texts,
    milestone_texts,
    money_texts,
    parcel_texts,
    subscription_texts,
)
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind

TEXTS: Final[Mapping[Kind, Mapping[str, tuple[str, str]]]] = {
    **money_texts.TEXTS,
    **parcel_texts.TEXTS,
    **dispute_texts.TEXTS,
    **subscription_texts.TEXTS,
    **engagement_texts.TEXTS,
    **milestone_texts.TEXTS,
    Kind.OUTBID: {
        "en": ("You have been outbid", "Someone bid more on “{title}”. The price is now {amount}."),
        "zh": ("您的出价已被超过", "有人对“{title}”出价更高，当前价格为 {amount}。"),
    },
    Kind.LEADING_AGAIN: {
        "en": ("You lead again", "A bid on “{title}” was taken back. You lead at {amount}."),
        "zh": ("您再次领先", "“{title}”的一个出价已被撤回，您以 {amount} 领先。"),
    },
    Kind.AUCTION_LOST: {
        "en": ("Auction ended", "“{title}” went to someone else."),
        "zh": ("拍卖已结束", "“{title}”已由他人拍得。"),
    },
    Kind.AUCTION_STARTED: {
        "en": ("Auction is running", "“{title}” takes bids until {until}."),
        "zh": ("拍卖已开始", "“{title}”现已开始竞拍，截止时间：{until}。"),
    },
    Kind.AUCTION_ENDING_SOON: {
        "en": ("Ending soon", "“{title}” ends at {until}."),
        "zh": ("拍卖即将结束", "“{title}”将于 {until} 结束。"),
    },
    Kind.AUCTION_CANCELLED: {
        "en": ("Auction cancelled", "“{title}” was cancelled. {reason}"),
        "zh": ("拍卖已取消", "“{title}”已被取消。{reason}"),
    },
    Kind.SECOND_CHANCE_OFFER: {
        "en": ("A second chance", "“{title}” is yours for {amount} if you accept by {until}."),
        "zh": ("第二次机会", "如果您在 {until} 之前接受，即可以 {amount} 购得“{title}”。"),
    },
    Kind.HOLD_RELEASED: {
        "en": ("Money is free again", "{amount} that was held for “{title}” is free again in your wallet."),
        "zh": ("资金已解冻", "为“{title}”冻结的 {amount} 已退回您的钱包可用余额。"),
    },
    Kind.BID_DROPPED: {
        "en": (
            "Your bid no longer counts",
            "Your bid of {amount} on “{title}” would have led again, but your wallet does not cover it any more.",
        ),
        "zh": ("您的出价已失效", "您对“{title}”的出价 {amount} 本可重新领先，但您的钱包余额已不足。"),
    },
    Kind.BIDDING_SUSPENDED: {
        "en": ("You may not bid for now", "Too many of your wins were not paid for. You may bid again from {until}."),
        "zh": ("您已被暂停出价", "您有多次中标未付款，{until} 之后方可再次出价。"),
    },
    Kind.STRIKE_LIFTED: {
        "en": ("A strike was lifted", "A win that was not paid for is no longer counted against you."),
        "zh": ("未付款记录已撤销", "一次未付款的中标记录已被撤销，不再计入。"),
    },
    Kind.BID_RECEIVED: {
        "en": ("New bid", "“{title}” stands at {amount} after {count} bids."),
        "zh": ("新的出价", "“{title}”已有 {count} 次出价，当前价格为 {amount}。"),
    },
    Kind.BID_RETRACTED: {
        "en": ("A bid was taken back", "A bid on “{title}” was taken back. The price is now {amount}."),
        "zh": ("出价已撤回", "“{title}”的一个出价已被撤回，当前价格为 {amount}。"),
    },
    Kind.LOT_SOLD: {
        "en": ("Sold", "“{title}” was sold for {amount}."),
        "zh": ("已售出", "“{title}”已以 {amount} 售出。"),
    },
    Kind.LOT_UNSOLD: {
        "en": ("Not sold", "“{title}” ended without a sale."),
        "zh": ("未售出", "“{title}”已结束，未能售出。"),
    },
    Kind.SECOND_CHANCE_CLOSED: {
        "en": ("Second-chance offer closed", "The second-chance offer was {reason}."),
        "zh": ("第二次机会已结束", "第二次机会的结果：{reason}。"),
    },
    Kind.STOCK_LOW: {
        "en": ("Stock is running low", "“{title}”: {count} left to sell."),
        "zh": ("库存不足", "“{title}”仅剩 {count} 件可售。"),
    },
    Kind.REVIEW_RECEIVED: {
        "en": ("New review", "“{title}” was reviewed: {count} of 5."),
        "zh": ("新的评价", "“{title}”收到一条评价：{count} 分（满分 5 分）。"),
    },
    Kind.GIG_APPROVED: {
        "en": ("Your gig is published", "“{title}” was approved and can be ordered."),
        "zh": ("服务已上架", "“{title}”已通过审核，现在可以下单。"),
    },
    Kind.GIG_REJECTED: {
        "en": ("Your gig was not approved", "“{title}” is not shown. {reason} Mend it, then publish it again."),
        "zh": ("服务未通过审核", "“{title}”未能上架。{reason} 请修改后重新发布。"),
    },
    Kind.REVIEW_REPLIED: {
        "en": ("The seller replied", "The seller replied to your review of “{title}”."),
        "zh": ("卖家已回复", "卖家回复了您对“{title}”的评价。"),
    },
    Kind.CLIENT_REVIEWED: {
        "en": ("You were reviewed", "The seller of “{title}” rated you as a client: {count} of 5."),
        "zh": ("您收到评价", "“{title}”的卖家对您作为客户的评分：{count} 分（满分 5 分）。"),
    },
    Kind.AUCTION_WON: {
        "en": ("It is yours", "You bought “{title}” for {amount}. Please pay by {until}."),
        "zh": ("恭喜您购得", "您以 {amount} 购得“{title}”，请在 {until} 之前付款。"),
    },
    Kind.WON_AND_PAID: {
        "en": ("It is yours, and paid", "You bought “{title}” for {amount}, paid with the money that was held for it."),
        "zh": ("恭喜您购得，款项已付", "您以 {amount} 购得“{title}”，已用冻结的资金付款。"),
    },
    Kind.PAYMENT_OVERDUE: {
        "en": ("You did not pay in time", "“{title}” was not paid for in time and is no longer yours."),
        "zh": ("您未按时付款", "“{title}”未按时付款，已不再为您保留。"),
    },
    Kind.SALE_UNPAID: {
        "en": ("The buyer did not pay", "“{title}” was not paid for in time."),
        "zh": ("买家未付款", "“{title}”的买家未按时付款。"),
    },
    Kind.BOOKS_BROKEN: {
        "en": (
            "The books do not agree",
            "{count} new breaks; payouts are paused until staff have closed them. First: {reason}",
        ),
        "zh": ("账目不一致", "发现 {count} 处新的不一致；在工作人员处理完之前，提现已暂停。首项：{reason}"),
    },
    Kind.NEW_LOGIN: {
        "en": (
            "New sign-in",
            "Your account was signed in to on a new device ({user_agent}) from {address}. If that was not you, change your password.",
        ),
        "zh": (
            "新设备登录",
            "您的账户在新设备（{user_agent}）上登录，地址为 {address}。如非本人操作，请立即修改密码。",
        ),
    },
    Kind.PASSWORD_CHANGED: {
        "en": (
            "Password changed",
            "The password of your account was changed. If that was not you, reset it now and write to support.",
        ),
        "zh": ("密码已修改", "您的账户密码已修改。如非本人操作，请立即重置密码并联系客服。"),
    },
    Kind.SECOND_FACTOR_CHANGED: {
        "en": ("Second factor changed", "Signing in with a second factor was turned {reason}."),
        "zh": ("两步验证已更改", "您的账户的两步验证状态：{reason}。"),
    },
    Kind.TOKEN_REUSED: {
        "en": (
            "A device was signed out",
            "A sign-in token of yours was used twice, from {address}: somebody may have a copy. That device was signed out.",
        ),
        "zh": ("设备已登出", "您的登录令牌被重复使用（地址 {address}），可能已被他人复制。该设备已登出。"),
    },
    Kind.SOCIAL_LINKED: {
        "en": ("Sign-in linked", "Your account can now be signed in to with {reason}."),
        "zh": ("已关联登录方式", "您的账户现在可以通过 {reason} 登录。"),
    },
    Kind.ROLE_CHANGED: {
        "en": ("Role changed", "Your role is now: {reason}."),
        "zh": ("角色已更改", "您的角色现为：{reason}。"),
    },
    Kind.ACCOUNT_RESTORED: {
        "en": ("Account restored", "Your account is open again."),
        "zh": ("账户已恢复", "您的账户已恢复使用。"),
    },
}

REASONS: Final[Mapping[str, Mapping[str, str]]] = {
    "on": {"en": "on", "zh": "已开启"},
    "off": {"en": "off", "zh": "已关闭"},
    "accepted": {"en": "accepted", "zh": "已接受"},
    "declined": {"en": "declined", "zh": "已拒绝"},
    "expired": {"en": "not answered in time", "zh": "已过期"},
    "cancelled": {"en": "it was cancelled", "zh": "已取消"},
    "unpaid": {"en": "it was not paid", "zh": "未付款"},
    "card_declined": {"en": "the card was declined", "zh": "银行卡被拒"},
    "insufficient_funds": {"en": "there is too little money", "zh": "余额不足"},
    "expired_card": {"en": "the card has expired", "zh": "银行卡已过期"},
    "requires_action": {"en": "it must be approved by you", "zh": "需要您确认"},
    "not_paid": {"en": "it was not paid", "zh": "未付款"},
    "provider_refused": {"en": "the payment method was refused", "zh": "付款方式被拒"},
    "provider_error": {"en": "the payment provider could not do it", "zh": "支付机构处理失败"},
    "won": {"en": "decided for you", "zh": "您已胜诉"},
    "lost": {"en": "decided against you", "zh": "您已败诉"},
    "withdrawn": {"en": "withdrawn", "zh": "已撤回"},
    "deleted by its seller": {"en": "Its seller took it down.", "zh": "卖家已将其下架。"},
    "removed by staff": {"en": "It was removed by staff.", "zh": "已由工作人员移除。"},
    "The seller's account was banned.": {"en": "The seller's account was banned.", "zh": "卖家账户已被封禁。"},
    "The seller has left.": {"en": "The seller has left.", "zh": "卖家已注销账户。"},
}


UNSOLD: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "reserve_not_met": {
        "en": ("Auction ended", "“{title}” ended below its reserve and was not sold."),
        "zh": ("拍卖已结束", "“{title}”未达保留价，未能售出。"),
    },
    "unsold": {
        "en": ("Auction ended", "“{title}” ended without a sale."),
        "zh": ("拍卖已结束", "“{title}”已结束，未能售出。"),
    },
}
"""To those who bid on what nobody bought: by outcome. Without a bid that counts it is `unsold`: all were taken back."""


def words(kind: Kind, details: Details, language: str | None) -> tuple[str, str]:
    """(title, message) of a notification."""
    reason = details.reason or ""
    texts = UNSOLD.get(reason, TEXTS[kind]) if kind == Kind.AUCTION_LOST else TEXTS[kind]
    title, message = pick(texts, language)
    said = {
        "title": details.title or "",
        "amount": _amount(details, language),
        "until": say_time(details.until, language) if details.until else "",
        "count": details.count or 0,
        "number": details.number or "",
        "reason": pick(REASONS.get(reason, {"en": reason}), language),
        "address": details.address or "?",
        "user_agent": details.user_agent or "?",
    }
    return title, message.format_map(said).strip()


def _amount(details: Details, language: str | None) -> str:
    if details.amount is None or details.currency is None:
        return ""
    return say_money(Money(to_minor(details.amount, details.currency), details.currency), language)
