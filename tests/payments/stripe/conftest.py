import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments.providers.base import Charge
from marketplace.payments.providers.stripe.provider import Stripe
from tests.payments.listening import listening

KEY = "sk_test_0123456789abcdef"
SECRET, OLD_SECRET = "whsec_new", "whsec_old"
REFUSED_CARD = "pm_card_chargeCustomerFail"
NEEDS_3DS, NEEDS_3DS_THEN_REFUSED = "4000002500003155", "4000008400001629"


@pytest.fixture(scope="session")
def localstripe():
    program = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("serve.py")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{int(program.stdout.readline())}"
    finally:
        program.terminate()
        program.wait(10)


class Front:
    """Stands before localstripe: remembers what was asked, can lose an answer, and gives it what it lacks of Stripe.

    That is the idempotency keys: the first answer again for the same words, an error for others.
    """

    def __init__(self, upstream):
        self.upstream = httpx.AsyncClient(base_url=upstream)
        self.asked = []
        self.lose = 0
        self.answers = {}

    async def handle(self, request):
        body = await request.read()
        key = request.headers.get("Idempotency-Key")
        self.asked.append((request.method, request.path, body.decode(), dict(request.headers)))
        status, content = await self.answer(request, key, body)
        if self.lose and status == 200:
            self.lose -= 1
            request.transport.abort()
        return web.Response(status=status, body=content, content_type="application/json")

    async def answer(self, request, key, body):
        words = (request.path, body)
        if key in self.answers:
            before, answer = self.answers[key]
            if before != words:
                return (
                    400,
                    b'{"error": {"type": "idempotency_error", "message": "Keys are for one set of parameters."}}',
                )
            return answer
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        answer = await self.upstream.request(request.method, request.path_qs, content=body, headers=headers)
        result = answer.status_code, answer.content
        is_begun = answer.status_code != 401 and b"Unexpected " not in answer.content
        if key and is_begun:  # what is refused before it is begun binds no key
            self.answers[key] = words, result
        return result

    def keys(self, path):
        return [
            headers.get("Idempotency-Key") for method, at, _, headers in self.asked if (method, at) == ("POST", path)
        ]


@pytest.fixture
async def front(localstripe):
    front = Front(localstripe)
    async with front.upstream, listening(front.handle) as address:
        await front.upstream.delete("/_config/data")
        front.address = address
        yield front


@pytest.fixture
def stripe(front):
    """The provider, with localstripe behind `front`."""
    return Stripe(KEY, front.address, (SECRET, OLD_SECRET))


@pytest.fixture
async def card(front):
    """Make a card at localstripe; its token."""

    async def make(number):
        form = {
            "type": "card",
            "card[number]": number,
            "card[exp_month]": 12,
            "card[exp_year]": 2040,
            "card[cvc]": "123",
        }
        answer = await front.upstream.post("/v1/payment_methods", data=form, headers={"Authorization": f"Bearer {KEY}"})
        return answer.json()["id"]

    return make


class Script:
    """A server that says what a test wrote for it, in turn: Stripe's answers that localstripe has not."""

    def __init__(self):
        self.answers = []
        self.asked = []

    async def handle(self, request):
        self.asked.append((request.method, request.path_qs, (await request.read()).decode(), dict(request.headers)))
        if not self.answers:
            return web.json_response({"error": {"message": "The script is over."}}, status=500)
        status, body = self.answers.pop(0)
        if body is None:
            request.transport.abort()
        return web.json_response(body, status=status)


@pytest.fixture
async def script():
    script = Script()
    async with listening(script.handle) as script.address:
        yield script


@pytest.fixture
def scripted(script):
    return Stripe(KEY, script.address, (SECRET,))


@pytest.fixture
async def mailbox():
    """Where webhooks are delivered: an address, and what came."""
    came = asyncio.Queue()

    async def take(request):
        headers = {name.lower(): value for name, value in request.headers.items()}
        await came.put((headers, await request.read()))
        return web.Response()

    async with listening(take) as address:
        yield address, came


def charge(minor=2500, currency="USD", **change):
    values = {"payment_id": uuid7(), "amount": Money(minor, currency), "description": "Order ORD-20260102-ABC123"}
    return Charge(**(values | change))


async def listed(front, what):
    """What localstripe has of it, as it says."""
    answer = await front.upstream.get(f"/v1/{what}", headers={"Authorization": f"Bearer {KEY}"})
    return answer.json()["data"]


async def authenticate(front, reference, client_secret, success):
    """What the payer does on the bank's page."""
    await front.upstream.post(
        f"/v1/payment_intents/{reference}/_authenticate",
        data={"client_secret": client_secret, "success": str(success).lower()},
        headers={"Authorization": f"Bearer {KEY}"},
    )
