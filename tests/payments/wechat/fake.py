"""A WeChat Pay of our own behind real HTTP: it verifies our signatures, signs its answers, and keeps trades, refunds, bills."""

import base64
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from litestar import HttpMethod, Request, Response, route

MCH, APP, SERIAL = "1900000001", "wx0000000000000001", "444F4864EA9B34415"
API_KEY = "0123456789abcdef0123456789abcdef"
OURS = rsa.generate_private_key(65537, 2048)
OLD, NEW = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)
OLD_SERIAL, NEW_SERIAL = "7132D72A03E93CDDF8C03BBD1F37EEDF", "PUB_KEY_ID_0119000000012026"
SCHEME = "WECHATPAY2-SHA256-RSA2048 "


def signed(body: bytes, at: float, key: rsa.RSAPrivateKey = OLD, serial: str = OLD_SERIAL) -> dict[str, str]:
    """The headers with which WeChat Pay signs a body."""
    timestamp, nonce = str(int(at)), secrets.token_hex(16)
    content = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    signature = base64.b64encode(key.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()
    return {
        "wechatpay-timestamp": timestamp, "wechatpay-nonce": nonce, "wechatpay-signature": signature,
        "wechatpay-serial": serial,
    }  # fmt: skip


def a_notice(event_type: str, content: Mapping[str, Any], key: str = API_KEY, **resource: str) -> bytes:
    nonce, data = secrets.token_hex(6), event_type.split(".")[0].lower()
    sealed = AESGCM(key.encode()).encrypt(nonce.encode(), msgspec.json.encode(content), data.encode())
    return msgspec.json.encode({
        "id": "EV-1", "create_time": "2026-11-20T21:30:00+08:00", "resource_type": "encrypt-resource",
        "event_type": event_type, "summary": "支付成功", "resource": {
            "original_type": data, "algorithm": "AEAD_AES_256_GCM", "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": data, "nonce": nonce,
        } | resource,
    })  # fmt: skip


class Failed(Exception):
    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code


class FakeWeChat:
    def __init__(self) -> None:
        self.trades: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.bills: dict[str, dict[str, Any]] = {}
        self.nonces: set[str] = set()
        self.targets: list[str] = []
        self.key, self.serial, self.signs_at = OLD, OLD_SERIAL, 0.0
        self.fail: Failed | None = None
        self.alter: tuple[bytes, bytes] = (b"", b"")
        self.unsigned = False
        self.refund_status = "PROCESSING"
        self.bill_state = "WAIT_USER_CONFIRM"

    def check(self, request: Request[Any, Any, Any], body: bytes) -> None:
        """Raises InvalidSignature."""
        said = request.headers["authorization"]
        assert said.startswith(SCHEME)
        parts = dict(re.findall(r'(\w+)="([^"]*)"', said))
        assert (parts["mchid"], parts["serial_no"]) == (MCH, SERIAL)
        assert abs(int(parts["timestamp"]) - time.time()) < 300
        assert parts["nonce_str"] not in self.nonces
        self.nonces.add(parts["nonce_str"])
        query = request.scope["query_string"].decode()
        target = request.scope["raw_path"].decode().partition("?")[0] + (f"?{query}" if query else "")
        content = f"{request.method}\n{target}\n{parts['timestamp']}\n{parts['nonce_str']}\n".encode() + body + b"\n"
        OURS.public_key().verify(base64.b64decode(parts["signature"]), content, padding.PKCS1v15(), hashes.SHA256())
        self.targets.append(f"{request.method} {target}")

    def pay(self, number: str) -> None:
        self.trades[number] |= {"trade_state": "SUCCESS", "transaction_id": "4200002026"}

    def answer(self, request: Request[Any, Any, Any], body: bytes) -> tuple[int, Any]:
        if self.fail is not None:
            failed, self.fail = self.fail, None
            raise failed
        content = msgspec.json.decode(body) if body else {}
        match [request.method, *request.scope["path"].strip("/").split("/")[1:]]:
            case ["POST", "pay", "transactions", "native" | "h5" as kind]:
                return 200, self.order(kind, content)
            case ["GET", "pay", "transactions", "out-trade-no", number]:
                assert request.query_params["mchid"] == MCH
                return 200, self.known(self.trades, number, "ORDER_NOT_EXIST")
            case ["POST", "pay", "transactions", "out-trade-no", number, "close"]:
                assert content == {"mchid": MCH}
                trade = self.known(self.trades, number, "ORDER_NOT_EXIST")
                if trade["trade_state"] == "SUCCESS":
                    raise Failed(400, "ORDERPAID")
                trade["trade_state"] = "CLOSED"
                return 204, None
            case ["POST", "refund", "domestic", "refunds"]:
                return 200, self.refund(content)
            case ["GET", "refund", "domestic", "refunds", number]:
                return 200, self.known(self.refunds, number, "RESOURCE_NOT_EXISTS")
            case ["POST", "fund-app", "mch-transfer", "transfer-bills"]:
                return 200, self.transfer(content, request.headers.get("wechatpay-serial", ""))
            case ["GET", "fund-app", "mch-transfer", "transfer-bills", "out-bill-no", number]:
                return 200, self.known(self.bills, number, "NOT_FOUND")
        raise Failed(404, "NO_SUCH_THING")

    @staticmethod
    def known(things: dict[str, dict[str, Any]], number: str, otherwise: str) -> dict[str, Any]:
        if number not in things:
            raise Failed(404, otherwise)
        return things[number]

    def order(self, kind: str, content: dict[str, Any]) -> dict[str, str]:
        number = content["out_trade_no"]
        assert (content["appid"], content["mchid"]) == (APP, MCH) and content["notify_url"].startswith("https://")
        if self.trades.get(number, {}).get("trade_state") in ("SUCCESS", "CLOSED"):
            raise Failed(400, "ORDERPAID" if self.trades[number]["trade_state"] == "SUCCESS" else "ORDER_CLOSED")
        if self.orders.setdefault(number, content) != content:
            raise Failed(400, "INVALID_REQUEST")
        self.trades.setdefault(number, {
            "out_trade_no": number, "appid": APP, "mchid": MCH, "trade_state": "NOTPAY", "trade_state_desc": "未支付",
            "amount": {"total": content["amount"]["total"], "currency": "CNY", "payer_currency": "CNY"},
        })  # fmt: skip
        if kind == "h5":
            return {"h5_url": f"https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id={number}"}
        return {"code_url": f"weixin://wxpay/bizpayurl?pr={number[:8]}"}

    def refund(self, content: dict[str, Any]) -> dict[str, Any]:
        trade = self.known(self.trades, content["out_trade_no"], "RESOURCE_NOT_EXISTS")
        number, amount = content["out_refund_no"], content["amount"]
        assert amount["total"] == trade["amount"]["total"]
        if number in self.refunds:
            if self.refunds[number]["amount"]["refund"] != amount["refund"]:
                raise Failed(400, "INVALID_REQUEST")
            return self.refunds[number]
        given = sum(r["amount"]["refund"] for r in self.refunds.values() if r["out_trade_no"] == trade["out_trade_no"])
        if trade["trade_state"] not in ("SUCCESS", "REFUND") or given + amount["refund"] > amount["total"]:
            raise Failed(400, "INVALID_REQUEST")
        trade["trade_state"] = "REFUND"
        self.refunds[number] = {
            "refund_id": f"5030{len(self.refunds):024}", "out_refund_no": number, "out_trade_no": trade["out_trade_no"],
            "status": self.refund_status, "amount": amount | {"payer_refund": amount["refund"]},
        }  # fmt: skip
        return self.refunds[number]

    def transfer(self, content: dict[str, Any], serial: str) -> dict[str, Any]:
        assert content["appid"] == APP and content["transfer_scene_report_infos"]
        if "user_name" in content:
            key = {OLD_SERIAL: OLD, NEW_SERIAL: NEW}[serial]
            oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
            content["user_name"] = key.decrypt(base64.b64decode(content["user_name"]), oaep).decode()
        if content["openid"] == "nobody":
            raise Failed(400, "ACCOUNT_NOT_EXIST")
        number = content["out_bill_no"]
        if number in self.bills and self.bills[number]["transfer_amount"] != content["transfer_amount"]:
            raise Failed(400, "ALREADY_EXISTS")
        bill = self.bills.setdefault(number, {
            "out_bill_no": number, "mch_id": MCH, "appid": APP, "transfer_bill_no": f"13{len(self.bills):010}",
            "state": self.bill_state, "transfer_amount": content["transfer_amount"], "openid": content["openid"],
            "user_name": content.get("user_name", ""),
        })  # fmt: skip
        more = {"package_info": f"affffddafdfafddffda=={number}"} if bill["state"] == "WAIT_USER_CONFIRM" else {}
        return {name: bill[name] for name in ("out_bill_no", "transfer_bill_no", "state")} | more

    def handlers(self) -> list[Any]:
        @route("/v3/{rest:path}", http_method=[HttpMethod.GET, HttpMethod.POST], status_code=200)
        async def api(request: Request[Any, Any, Any]) -> Response[bytes]:
            body = await request.body()
            self.check(request, body)
            try:
                status, said = self.answer(request, body)
            except Failed as failed:
                status, said = failed.status, {"code": failed.code, "message": "不可以"}
            content = b"" if said is None else msgspec.json.encode(said)
            headers = {} if self.unsigned else signed(content, self.signs_at or time.time(), self.key, self.serial)
            old, new = self.alter
            return Response(
                content.replace(old, new) if old else content, status_code=status, headers=headers,
                media_type="application/json",
            )  # fmt: skip

        return [api]
