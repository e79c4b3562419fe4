import pytest

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments.providers.base import Charge
from marketplace.payments.providers.paypal import certificates, client
from marketplace.payments.providers.paypal.provider import PayPal
from tests.payments.listening import listening
from tests.payments.paypal.server import CLIENT, SECRET, WEBHOOK, PayPalServer


@pytest.fixture
async def server():
    server = PayPalServer()
    certificates._known.clear()  # a port may be used again
    client._tokens.clear()
    async with listening(server.handle) as server.address:
        yield server


@pytest.fixture
def paypal(server):
    return PayPal(CLIENT, SECRET, WEBHOOK, server.address)


def charge(minor=2500, currency="USD", **change):
    values = {
        "payment_id": uuid7(), "amount": Money(minor, currency), "description": "Order ORD-20260102-ABC123",
        "return_url": "https://shop.example/orders/1",
    }  # fmt: skip
    return Charge(**(values | change))
