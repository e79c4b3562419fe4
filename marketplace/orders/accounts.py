"""The ledger's accounts of an order and of the people in it."""

from marketplace.ledger.chart import Account
from marketplace.ledger.states import AccountKind
from marketplace.orders.fulfilment import LockedOrder

K = AccountKind


def escrow(order: LockedOrder) -> Account:
    return Account(K.ESCROW, order.currency, order.id)


def pending(order: LockedOrder) -> Account:
    return Account(K.SELLER_PENDING, order.currency, order.seller)


def available(order: LockedOrder) -> Account:
    return Account(K.SELLER_AVAILABLE, order.currency, order.seller)


def debt(order: LockedOrder) -> Account:
    return Account(K.SELLER_NEGATIVE, order.currency, order.seller)


def fee(currency: str) -> Account:
    return Account(K.PLATFORM_FEE, currency)


def tax(currency: str) -> Account:
    return Account(K.TAX_PAYABLE, currency)


def buyers_wallet(order: LockedOrder) -> Account:
    return Account(K.WALLET_AVAILABLE, order.currency, order.buyer)
