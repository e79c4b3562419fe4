"""The desk's pages: the queue, one case, and what a moderator does with it."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, structs
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from marketplace.admin.desk import effect, reading
from marketplace.admin.desk.render import page
from marketplace.admin.staff import SET_UP_FIRST, actor_id, second_factor_missing
from marketplace.core import clock
from marketplace.core.errors import DomainError, NotFound
from marketplace.core.money import to_minor, to_text
from marketplace.disputes.queries import staff as queries
from marketplace.disputes.schemas.disputes import DisputeOut
from marketplace.disputes.service import archives, deciding, previewing, talking
from marketplace.disputes.states import ProposalStatus, Side

HOME: Final = "/admin/desk/"

TABS: Final = {
    "staff": ("To decide", "awaits=staff"),
    "mine": ("Mine", "mine=true&is_open=true"),
    "free": ("Nobody's", "awaits=staff&mine=false"),
    "late": ("Late", "overdue=true&is_open=true"),
    "open": ("All open", "is_open=true"),
    "over": ("Over", "is_open=false&ordering=-created_at"),
}
"""Each view of the queue: its name, and what it asks of the list."""

SAID: Final = {
    "taken": "The case is yours.",
    "let-go": "The case is nobody's now.",
    "said": "Said.",
    "asked": "Asked. The case waits for their answer.",
    "decided": "Decided.",
}
QUICK: Final = ("buyer", "half", "seller", "claim", "proposal")
"""Divisions that one button makes: all to a side, half each (the odd cent is the buyer's), what was claimed, what was proposed."""


class Decision(Struct, frozen=True):
    """What a moderator has in mind, as they typed it."""

    buyer_amount: str = ""
    seller_amount: str = ""
    reason: str = ""


async def queue(request: Request) -> Response:
    """The disputes, the most urgent first."""
    view = request.query_params.get("view", "staff")
    if view not in TABS:
        raise NotFound
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] in ("search", "cursor") and pair[1]]
    asked = [tuple(one.split("=")) for one in TABS[view][1].split("&")]
    found = await reading.queue([*asked, *pairs], actor_id(request), f"{HOME}?view={view}")  # type: ignore[list-item]
    return page(
        request, "queue.html", tabs=TABS, view=view, queue=found, search=request.query_params.get("search", ""),
        counts=await reading.counts(actor_id(request)), none_left=request.query_params.get("said") == "none-left",
    )  # fmt: skip


async def take_next(request: Request) -> Response:
    """The most urgent case that nobody has is this moderator's, and shown."""
    taken = await deciding.take_next(actor_id(request))
    return RedirectResponse(f"{HOME}{taken}/?said=taken" if taken else f"{HOME}?said=none-left", status_code=303)


async def evidence(request: Request) -> Response:
    """The evidence pack, as it is or for the decision that is asked for, to keep."""
    taken = await _taken(request)
    return Response(taken.pack.text, media_type="application/json", headers=_as_file(f"{taken.name}.json"))


async def evidence_files(request: Request) -> Response:
    """The same with a summary and the files."""
    taken = await _taken(request)
    return StreamingResponse(
        archives.zipped(taken), media_type="application/zip", headers=_as_file(f"{taken.name}.zip")
    )


async def _taken(request: Request) -> archives.Taken:
    asked = request.query_params.get("decision", "")
    if asked and not (asked.isascii() and asked.isdecimal() and len(asked) <= 2):
        raise NotFound
    return await archives.take_along(_dispute(request), actor_id(request), int(asked) if asked else None)


def _as_file(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}


async def case(request: Request) -> Response:
    """Everything about one of them on one page."""
    return await _case(request, said=SAID.get(request.query_params.get("said", "")))


async def take(request: Request) -> Response:
    over = _text(request, "over") == "yes"
    return await _do(request, lambda dispute, actor: deciding.take(dispute, actor, over=over), "taken")


async def let_go(request: Request) -> Response:
    return await _do(request, deciding.let_go, "let-go")


async def say(request: Request) -> Response:
    body, internal = _words(request), _text(request, "internal") == "yes"
    return await _do(
        request, lambda dispute, actor: talking.say_as_staff(dispute, actor, body, internal=internal), "said"
    )


async def ask(request: Request) -> Response:
    side, days, body = _text(request, "side"), _text(request, "days"), _words(request)
    if side not in list(Side) or not (days.isdecimal() and len(days) <= 2) or not 1 <= int(days) <= 30:
        return await _case(request, wrong="Say whom to ask, and for how many days: 1 to 30.", status=400)
    return await _do(request, lambda dispute, actor: talking.ask(dispute, actor, Side(side), int(days), body), "asked")


async def preview(request: Request) -> Response:
    """Show what a split would do to the books, before anything is done."""
    wanted = _decision(request)
    try:
        wanted = await _filled(request, wanted)
        seen = await previewing.preview(_dispute(request), actor_id(request), wanted.buyer_amount, wanted.seller_amount)
    except DomainError as refusal:
        return await _case(request, wrong=_told(refusal), status=refusal.status_code, decision=wanted)
    return await _case(request, decision=wanted, effect=effect.of(seen))


async def decide(request: Request) -> Response:
    wanted = _decision(request)
    if len(wanted.reason) < 10:
        return await _case(
            request, wrong="Give the reason: both sides read it. At least 10 characters.", status=400, decision=wanted
        )
    return await _do(
        request,
        lambda dispute, actor: deciding.resolve(
            dispute, actor, wanted.buyer_amount, wanted.seller_amount, wanted.reason
        ),
        "decided",
        wanted,
    )


async def _do(
    request: Request, deed: Callable[[UUID, UUID], Awaitable[Any]], said: str, decision: Decision | None = None
) -> Response:
    """Do it and go back to the case; what is refused is said there."""
    dispute_id = _dispute(request)
    try:
        await deed(dispute_id, actor_id(request))
    except DomainError as refusal:
        return await _case(request, wrong=_told(refusal), status=refusal.status_code, decision=decision)
    return RedirectResponse(f"{HOME}{dispute_id}/?said={said}", status_code=303)


async def _case(request: Request, *, status: int = 200, **more: Any) -> Response:
    dispute_id, viewer = _dispute(request), actor_id(request)
    shown = await queries.get_case(dispute_id, viewer)
    background = await reading.background(dispute_id, viewer)
    return page(
        request, "case.html", status=status, case=shown, background=background, me=viewer, overdue=shown.due_at is not None and shown.due_at < clock.now(),
        **{"said": None, "wrong": None, "effect": None, "decision": None} | more,
    )  # fmt: skip


async def _filled(request: Request, wanted: Decision) -> Decision:
    """With what a button says, and the rest for a side that was left empty."""
    quick = _text(request, "quick")
    if quick not in QUICK and bool(wanted.buyer_amount) == bool(wanted.seller_amount):
        return wanted
    shown = await queries.get_case(_dispute(request), actor_id(request))
    currency, held = shown.currency, to_minor(shown.order.held_amount, shown.currency)
    if quick in QUICK:
        buyer = _quickly(quick, shown, held)
    elif wanted.buyer_amount:
        buyer = to_minor(wanted.buyer_amount, currency, "buyer_amount")
    else:
        buyer = held - to_minor(wanted.seller_amount, currency, "seller_amount")
    if not 0 <= buyer <= held:
        return wanted
    return structs.replace(wanted, buyer_amount=to_text(buyer, currency), seller_amount=to_text(held - buyer, currency))


def _quickly(quick: str, shown: DisputeOut, held: int) -> int:
    """What the buyer gets of what is held, in minor units."""
    if quick == "proposal":
        proposed = next((one for one in shown.proposals if one.status is ProposalStatus.OPEN), None)
        return min(held, to_minor(proposed.buyer_amount, shown.currency)) if proposed else held
    claimed = min(held, to_minor(shown.requested_amount, shown.currency))
    return {"buyer": held, "half": held - held // 2, "seller": 0, "claim": claimed}[quick]


def _dispute(request: Request) -> UUID:
    dispute_id: UUID = request.path_params["dispute_id"]
    return dispute_id


def _text(request: Request, name: str) -> str:
    """A field of the form."""
    value = request.state.form.get(name, "")
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def _words(request: Request) -> str:
    body = _text(request, "message")
    if not 1 <= len(body) <= 5000:
        raise EmptyMessage
    return body


class EmptyMessage(DomainError):
    status_code = 400
    code = "validation_error"
    default_message = "Write something, 5,000 characters at most."


def _decision(request: Request) -> Decision:
    buyer, seller = _text(request, "buyer_amount"), _text(request, "seller_amount")
    return Decision(buyer, seller, _text(request, "reason")[:2000])


def _told(refusal: DomainError) -> str:
    fields = " ".join(f"{name}: {' '.join(found)}" for name, found in refusal.fields.items())
    held = f" In escrow: {refusal.details['held']}." if "held" in refusal.details else ""
    return f"{refusal.message}{held} {fields}".strip()


def guarded(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """For staff with a second factor; and what was refused on the way is a page, too."""

    async def run(request: Request) -> Response:
        if second_factor_missing(request):
            return page(request, "refused.html", status=403, message=SET_UP_FIRST)
        try:
            if request.method == "POST":
                # The check of the CSRF token has read it already, if the token came with it.
                request.state.form = request.scope.get("form") or await request.form()
            return await endpoint(request)
        except DomainError as refusal:
            return page(request, "refused.html", status=refusal.status_code, message=_told(refusal))

    return run
