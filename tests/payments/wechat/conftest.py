from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as ser

from marketplace.payments.providers import wechat
from marketplace.payments.providers.wechat.provider import WeChatPay
from tests.payments.serving import Lossy, served
from tests.payments.wechat.fake import API_KEY, APP, MCH, NEW, NEW_SERIAL, OLD, OLD_SERIAL, OURS, SERIAL, FakeWeChat


def public_pem(key: Any) -> str:
    return str(key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo).decode())


@pytest.fixture
def fake() -> FakeWeChat:
    return FakeWeChat()


@pytest.fixture
async def line(fake: FakeWeChat, configure: Any, tmp_path: Any) -> AsyncIterator[Lossy]:
    ours = tmp_path / "apiclient_key.pem"
    ours.write_bytes(OURS.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()))
    (tmp_path / "old.pem").write_text(public_pem(OLD))
    async with served(fake.handlers()) as (url, line):
        configure(
            wechat_mch_id=MCH, wechat_app_id=APP, wechat_serial=SERIAL, wechat_private_key=ours, wechat_api_v3_key=API_KEY,
            wechat_platform_keys=f"{OLD_SERIAL}={tmp_path / 'old.pem'};{NEW_SERIAL}={public_pem(NEW)}",
            wechat_api_base=url,
        )  # fmt: skip
        yield line


@pytest.fixture
def provider(line: Lossy) -> WeChatPay:
    made = wechat.make()
    assert made is not None
    return made
