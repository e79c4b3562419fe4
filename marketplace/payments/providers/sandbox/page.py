"""The payer's page, as a bank's or a wallet's would be: to approve or decline a payment, or to choose a card. It needs no script."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, StrictUndefined, Template
from litestar import MediaType, Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from marketplace.core import i18n
from marketplace.core.config import settings
from marketplace.core.edge.limits import count_request
from marketplace.core.errors import NotFound
from marketplace.payments.providers.base import ProviderRefused, State
from marketplace.payments.providers.sandbox import charges, magic, things
from marketplace.payments.providers.sandbox.words import WORDS

Asked: TypeAlias = Request[Any, Any, Any]

TEMPLATE: Final = Path(__file__).with_name("page.html")
PATH: Final = "/sandbox/pay/{reference:str}"
# The address holds the payer's secret: it is not told to the next page, nor kept.
HEADERS: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
MOST_FIELDS: Final = 10
TONES: Final[Mapping[str, str]] = {"succeeded": "good", "failed": "bad", "cancelled": "bad"}
METHODS: Final = [
    (token, course) for token, course in magic.METHODS.items() if not course.lost and token != magic.SAMPLE
]
"""Those a payer may choose. Whose answer is lost stays out: the payer's browser is not who calls a provider."""


async def sandbox_only(_: ASGIConnection[Any, Any, Any, Any], __: BaseRouteHandler) -> None:
    """A guard: what belongs to the sandbox does not exist where there is none."""
    if not settings().has_sandbox_payments:
        raise NotFound


@get(PATH, include_in_schema=False, opt={"public": True}, guards=[sandbox_only, count_request])
async def show(request: Asked, reference: FromPath[str]) -> Response[str]:
    key = request.query_params.get("key", "")
    try:
        charge = await charges.shown(reference, key)
    except NotFound:
        return _nothing(request)
    return _page(request, charge, key)


@post(PATH, include_in_schema=False, opt={"public": True}, guards=[sandbox_only, count_request], status_code=200)
async def decide(request: Asked, reference: FromPath[str]) -> Response[str]:
    """What the payer chose. Sent twice, or after somebody else's answer, it changes nothing."""
    form = await _form(request)
    key, deed = form.get("key", ""), form.get("do", "")
    try:
        if deed == "pay":
            await charges.pay(reference, key, form.get("method", ""))
        elif deed in ("approve", "decline"):
            await charges.answer(reference, key, approved=deed == "approve")
        charge = await charges.shown(reference, key)
    except (NotFound, ProviderRefused):
        return _nothing(request)
    done = deed in ("approve", "decline") or charge["state"] not in charges.OPEN
    target = charge["return_url"] if done and _leads_back(charge) and _is_here(request, charge["return_url"]) else ""
    here = f"/sandbox/pay/{reference}?key={key}"
    return Response("", status_code=303, headers=HEADERS | {"location": target or here}, media_type=MediaType.HTML)


async def _form(request: Asked) -> dict[str, str]:
    try:
        return dict(parse_qsl((await request.body()).decode("ascii", "replace"), max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


def _leads_back(charge: Mapping[str, Any]) -> bool:
    """Not where a code was scanned: the shop is open on another screen."""
    return bool(charge["return_url"]) and charge["action_kind"] != "qr"


def _is_here(request: Asked, url: str) -> bool:
    """Whether an address is one of the host that was asked: a form may not lead elsewhere, a link may."""
    parts, ours = urlsplit(url), urlsplit(settings().public_url)
    return url.startswith("/") or (parts.scheme == ours.scheme and parts.netloc == request.headers.get("host"))


def _page(request: Asked, charge: Mapping[str, Any], key: str) -> Response[str]:
    language = i18n.negotiate(request.headers.get("accept-language"))
    say = WORDS[language]
    state, code = charge["state"], charge["failure_code"]
    onward = state not in charges.OPEN and _leads_back(charge)
    return _answer(
        200,
        language=language, say=say, charge=charge, key=key, methods=METHODS,
        amount=i18n.say_money(things.money_of(charge), language),
        message=say.get(code) or say[state], tone="bad" if code else TONES.get(state, ""),
        back=charge["return_url"] if state != State.REQUIRES_ACTION and _leads_back(charge) else "",
        onward=charge["return_url"] if onward else "",
    )  # fmt: skip


def _nothing(request: Asked) -> Response[str]:
    language = i18n.negotiate(request.headers.get("accept-language"))
    say = WORDS[language]
    return _answer(
        404, language=language, say=say, charge=None, key="", methods=[], amount="", message=say["unknown"], tone="bad",
        back="", onward="",
    )  # fmt: skip


def _answer(status: int, **values: Any) -> Response[str]:
    headers = HEADERS | {"content-language": values["language"], "vary": "accept-language"}
    return Response(_template().render(values), status_code=status, headers=headers, media_type=MediaType.HTML)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text("utf-8"))


PAGES: list[ControllerRouterHandler] = [show, decide]
