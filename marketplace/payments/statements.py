"""A month's statement as a file: CSV for programs, PDF for people."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from marketplace.core.i18n import pick, say_time
from marketplace.core.money import to_text
from marketplace.core.papers import render, style, table, text
from marketplace.payments.printing import figure
from marketplace.payments.queries.statements import AccountMonth, EntryLine, MonthOfAccounts
from marketplace.payments.schemas.wallet import EntryType, Pocket

MOST_PRINTED: Final = 1_000
"""Entries in a PDF. Printing them takes seconds; whoever has more wants a table."""
HEAD: Final = (
    "account",
    "date",
    "type",
    "details",
    "order_id",
    "payment_id",
    "payout_id",
    "amount",
    "balance",
    "currency",
)
BOM: Final = "\ufeff"
"""Spreadsheets take a file for Latin-1 without it."""
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")

P, T = Pocket, EntryType


class Words(Struct, frozen=True):
    title: str
    holder: str
    month: str
    until: str
    amounts: str
    summary: tuple[str, str, str, str, str]
    head: tuple[str, str, str, str, str]
    opening: str
    closing: str
    total: str
    page: str
    pockets: dict[Pocket, str]
    types: dict[EntryType, str]


WORDS: Final = {
    "en": Words(
        "Account statement", "Account holder", "Month", "As of", "All amounts in {}",
        ("Account", "Opening balance", "In", "Out", "Closing balance"),
        ("Date (UTC)", "Entry", "Details", "Amount", "Balance"), "Opening balance", "Closing balance", "Total",
        "Page {} of {}",
        {
            P.AVAILABLE: "Wallet", P.HELD: "Held for bids", P.PENDING_EARNINGS: "Earnings, not cleared",
            P.CLEARED_EARNINGS: "Earnings, cleared", P.OWED: "Owed to us",
        },
        {
            T.DEPOSIT: "Deposit", T.PAYMENT: "Payment", T.REFUND: "Refund", T.HOLD: "Held", T.HOLD_RELEASED: "Released",
            T.EARNING: "Earned", T.CLEARING: "Cleared", T.PAYOUT: "Payout", T.PAYOUT_BACK: "Payout, come back",
            T.DEBT: "Debt settled", T.CHARGEBACK: "Chargeback", T.CORRECTION: "Correction", T.OTHER: "Other",
        },
    ),
    "zh": Words(
        "账户对账单", "账户持有人", "月份", "截至", "金额单位：{}", ("账户", "期初余额", "收入", "支出", "期末余额"),
        ("日期（UTC）", "类型", "说明", "金额", "余额"), "期初余额", "期末余额", "合计", "第 {} 页，共 {} 页",
        {
            P.AVAILABLE: "钱包", P.HELD: "竞拍冻结", P.PENDING_EARNINGS: "待结算收入", P.CLEARED_EARNINGS: "已结算收入",
            P.OWED: "欠款",
        },
        {
            T.DEPOSIT: "充值", T.PAYMENT: "付款", T.REFUND: "退款", T.HOLD: "冻结", T.HOLD_RELEASED: "解冻",
            T.EARNING: "收入", T.CLEARING: "结算", T.PAYOUT: "提现", T.PAYOUT_BACK: "提现退回", T.DEBT: "偿还欠款",
            T.CHARGEBACK: "拒付", T.CORRECTION: "更正", T.OTHER: "其他",
        },
    ),
}  # fmt: skip


def csv_head() -> str:
    return BOM + csv_lines([HEAD])


def csv_opening(account: AccountMonth, month: MonthOfAccounts) -> str:
    return _balance(account, month, "opening_balance", month.period.start, account.opening)


def csv_closing(account: AccountMonth, month: MonthOfAccounts) -> str:
    return _balance(account, month, "closing_balance", month.period.until, account.closing)


def _balance(account: AccountMonth, month: MonthOfAccounts, what: str, at: datetime, minor: int) -> str:
    balance = to_text(minor, month.currency)
    return csv_lines([(account.pocket, at.isoformat(), what, "", "", "", "", "", balance, month.currency)])


def csv_entries(account: AccountMonth, currency: str, entries: Iterable[EntryLine]) -> str:
    return csv_lines(
        (
            account.pocket, one.at.isoformat(), one.type, safe(one.details), one.order_id, one.payment_id, one.payout_id,
            to_text(one.amount, currency), to_text(one.balance, currency), currency,
        )
        for one in entries
    )  # fmt: skip


def csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def safe(words: str) -> str:
    """People's own words as a cell that no spreadsheet takes for a formula."""
    return f"'{words}" if words.lstrip(" ").startswith(FORMULAS) else words


def print_statement(
    holder: str, month: MonthOfAccounts, entries: Sequence[Sequence[EntryLine]], language: str
) -> bytes:
    """The PDF; work for a thread. `entries` are those of each account, in the order of the accounts."""
    words, currency = pick(WORDS, language), month.currency
    when = (
        month.period.month
        if month.period.is_over
        else f"{month.period.month} ({words.until} {say_time(month.period.until, language)})"
    )
    flow: list[Flowable] = [
        text(words.title, style(18, bold=True)),
        Spacer(0, 4 * mm),
        text(f"{words.holder}: {holder}"),
        text(f"{words.month}: {when}"),
        Spacer(0, 6 * mm),
        text(words.amounts.format(currency), style(7.5, grey=True)),
        table(words.summary, _summary(words, month, entries), (5, 3, 3, 3, 3), 1),
    ]
    for account, lines in zip(month.accounts, entries, strict=True):
        if lines:
            rows = [_row(words, one, currency) for one in lines]
            flow += [
                Spacer(0, 8 * mm),
                text(words.pockets[account.pocket], style(12, bold=True)),
                table(
                    words.head,
                    [
                        ("", words.opening, "", "", figure(account.opening, currency)),
                        *rows,
                        ("", words.closing, "", "", figure(account.closing, currency)),
                    ],
                    (4, 3, 5, 3, 3),
                    3,
                ),
            ]
    return render(f"{words.title} {month.period.month} {currency}", holder, flow, words.page.format)


def _summary(words: Words, month: MonthOfAccounts, entries: Sequence[Sequence[EntryLine]]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    totals = [0, 0, 0, 0]
    for account, lines in zip(month.accounts, entries, strict=True):
        came = sum(one.amount for one in lines if one.amount > 0)
        went = sum(one.amount for one in lines if one.amount < 0)
        figures = (account.opening, came, went, account.closing)
        assert account.opening + came + went == account.closing, "a statement's entries are the difference"
        totals = [total + one for total, one in zip(totals, figures, strict=True)]
        rows.append((words.pockets[account.pocket], *(figure(one, month.currency) for one in figures)))
    rows.append((words.total, *(figure(one, month.currency) for one in totals)))
    return rows


def _row(words: Words, one: EntryLine, currency: str) -> Sequence[str]:
    at = one.at.strftime("%Y-%m-%d %H:%M")
    return at, words.types[one.type], one.details, figure(one.amount, currency), figure(one.balance, currency)
