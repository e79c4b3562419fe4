import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as ser

from marketplace.payments.providers import alipay
from marketplace.payments.providers.alipay.provider import Alipay
from tests.payments.alipay.fake import ALIPAYS, APP_ID, OURS, FakeAlipay
from tests.payments.serving import Lossy, served

OUR_PEM = OURS.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()).decode()
ALIPAYS_DER = base64.b64encode(
    ALIPAYS.public_key().public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
).decode()


@pytest.fixture
def fake() -> FakeAlipay:
    return FakeAlipay()


@pytest.fixture
async def line(fake: FakeAlipay, configure: Any) -> AsyncIterator[Lossy]:
    async with served(fake.handlers()) as (url, line):
        configure(
            alipay_app_id=APP_ID, alipay_private_key=OUR_PEM, alipay_public_key=ALIPAYS_DER,
            alipay_gateway=f"{url}/gateway.do",
        )  # fmt: skip
        yield line


@pytest.fixture
def provider(line: Lossy) -> Alipay:
    made = alipay.make()
    assert made is not None
    return made
