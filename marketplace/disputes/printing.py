"""The evidence of a dispute on paper: what a person reads first. The pack beside it has all of it, for programs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from marketplace.core.money import to_text
from marketplace.core.papers import render, style, table, text
from marketplace.disputes.packs import Pack
from marketplace.disputes.queries.evidence import File

MOST: Final = 500
"""Of a list, in print. Printing takes a thread's time, and the pack has the rest."""
Row = dict[str, Any]


def print_evidence(number: str, pack: Pack, files: Sequence[File]) -> bytes:
    """The PDF. The same pack and files give the same bytes. Work for a thread."""
    known: Row = msgspec.json.decode(pack.text)
    title = f"Evidence {number}"
    flow = [
        text(title, style(16, bold=True)), Spacer(0, 2 * mm),
        text(f"SHA-256 of pack.json: {pack.sha256}", style(7.5, grey=True)), Spacer(0, 4 * mm),
        *_claim(known), *_order(known), *_work(known), *_money(known), *_said(known), *_files(files), *_history(known),
    ]  # fmt: skip
    return render(title, "Marketplace", flow, "Page {} of {}".format)


def _claim(known: Row) -> Iterable[Flowable]:
    dispute = known["dispute"]
    amounts = f"Claimed for the buyer: {_money_of(known, dispute['claim_minor'])}. In escrow then: {_money_of(known, dispute['held_minor'])}."
    yield from _section("The dispute")
    yield text(f"Opened by the {dispute['opened_by']} on {_at(dispute['created_at'])}: {_words(dispute['reason'])}.")
    yield text(amounts)
    yield Spacer(0, 2 * mm)
    yield text(dispute["description"])
    if dispute["appeal"]:
        yield from _section("The appeal")
        yield text(dispute["appeal"])


def _order(known: Row) -> Iterable[Flowable]:
    yield from _section("The order")
    lines = [
        (
            str(line["quantity"]),
            " ".join(filter(None, (line["title"], line["variant"]))),
            _amount(known, line["subtotal_minor"]),
        )
        for line in known["lines"]
    ]
    yield table(("Quantity", "What", known["order"]["currency"]), lines, (15, 120, 30), 2)
    if sent := known.get("shipments"):
        yield from _section("Parcels")
        rows = [
            (f"{one['carrier'] or 'By hand'} {one['tracking_number']}", _at(one["shipped_at"]), _at(one["delivered_at"]), _at(one["confirmed_at"]))
            for one in sent
        ]  # fmt: skip
        yield table(("Carrier", "Sent", "Arrived", "Confirmed"), rows, (60, 35, 35, 35), 9)
    if back := known.get("returns"):
        yield from _section("Returns")
        yield table(
            ("Asked", "Stands", "Reason", "Answer"),
            [(_at(one["created_at"]), _words(one["status"]), one["reason"], one["answer"]) for one in back],
            (30, 25, 60, 50), 9,
        )  # fmt: skip


def _work(known: Row) -> Iterable[Flowable]:
    work = known.get("work")
    if not work:
        return
    yield from _section("The work")
    allowed = "as many as are asked for" if work["revisions_allowed"] is None else str(work["revisions_allowed"])
    yield text(
        f"To be delivered within {work['delivery_days']} days and {work['extended_days']} more, due {_at(work['due_at'])}. "
        f"Revisions: {work['revisions_used']} of {allowed}."
    )
    if work["requirements"]:
        asked = [
            (one["question"], " ".join(filter(None, (one["answer"], *one["chosen"])))) for one in work["requirements"]
        ]
        yield table(("Asked before", "Answer"), asked, (70, 95), 9)
    for one in work["deliveries"]:
        yield Spacer(0, 2 * mm)
        yield text(f"Delivery {one['version']}, {_at(one['created_at'])}: {_words(one['status'])}", style(bold=True))
        yield text(one["message"])
        for file in one["files"]:
            yield text(f"{file['name']} ({file['bytes']} bytes), SHA-256 {file['sha256']}", style(7.5, grey=True))
        if one["answer"]:
            yield text(f"The buyer: {one['answer']}")
    if work["requests"]:
        rows = [
            (_at(one["created_at"]), f"{_words(one['kind'])}, by the {one['asked_by']}", one["reason"], f"{_words(one['status'])} {one['answer']}")
            for one in work["requests"]
        ]  # fmt: skip
        yield table(("Asked", "What", "Reason", "Answer"), rows, (32, 38, 50, 45), 9)


def _money(known: Row) -> Iterable[Flowable]:
    rows = [
        *((_at(one["created_at"]), f"Paid ({one['provider']}, {_words(one['status'])})", _amount(known, one["amount_minor"])) for one in known["payments"]),
        *((_at(one["created_at"]), f"Refund ({_words(one['status'])}): {one['reason']}", _amount(known, one["amount_minor"])) for one in known["refunds"]),
    ]  # fmt: skip
    if rows:
        yield from _section("The money")
        yield table(("When (UTC)", "What", known["order"]["currency"]), rows, (35, 100, 30), 2)


def _said(known: Row) -> Iterable[Flowable]:
    if known["messages"]:
        yield from _section("What was said")
    for one in known["messages"][:MOST]:
        yield text(f"{_who(known, one['author'])}, {_at(one['at'])}", style(8, bold=True))
        yield text(one["body"])
        yield Spacer(0, 2 * mm)
    if len(known["messages"]) > MOST:
        yield text(f"And {len(known['messages']) - MOST} more, which are in pack.json.")
    if known["proposals"]:
        yield from _section("What was proposed")
        rows = [
            (_at(one["created_at"]), _who(known, one["proposer"]), one["message"], _words(one["status"]), _amount(known, one["buyer_minor"]), _amount(known, one["seller_minor"]))
            for one in known["proposals"][:MOST]
        ]  # fmt: skip
        yield table(("When (UTC)", "By", "Words", "Stands", "Buyer", "Seller"), rows, (32, 20, 45, 25, 22, 22), 4)


def _files(files: Sequence[File]) -> Iterable[Flowable]:
    if files:
        yield from _section("Files")
        yield table(
            ("Name", "Bytes", "SHA-256"),
            [(one.name.removeprefix("files/"), str(one.byte_size), one.sha256) for one in files], (70, 20, 80), 9,
        )  # fmt: skip


def _history(known: Row) -> Iterable[Flowable]:
    yield from _section("What happened to the order")
    rows = [
        (_at(one["at"]), _words(one["to_status"]), _who(known, one["actor"]), one["note"])
        for one in known["history"][:MOST]
    ]
    yield table(("When (UTC)", "Stands", "By", "Why"), rows, (35, 35, 25, 70), 9)


def _section(title: str) -> Iterable[Flowable]:
    return [Spacer(0, 5 * mm), text(title, style(11, bold=True)), Spacer(0, 2 * mm)]


def _who(known: Mapping[str, Any], user_id: str | None) -> str:
    if user_id is None:
        return "The house"
    order = known["order"]
    return {order["buyer"]: "Buyer", order["seller"]: "Seller"}.get(user_id, "Staff")


def _amount(known: Row, minor: int) -> str:
    return to_text(minor, known["order"]["currency"])


def _money_of(known: Row, minor: int) -> str:
    return f"{_amount(known, minor)} {known['order']['currency']}"


def _at(value: str | None) -> str:
    return "" if value is None else value[:16].replace("T", " ")


def _words(value: str) -> str:
    return value.replace("_", " ")
