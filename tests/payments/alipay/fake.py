"""An Alipay of our own behind real HTTP: it verifies our signature, signs its answers, and keeps trades, refunds and transfers."""

import base64
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from litestar import Request, Response, post

APP_ID = "2021000000000001"
OURS = rsa.generate_private_key(65537, 2048)
ALIPAYS = rsa.generate_private_key(65537, 2048)


def sign(content: bytes, key: rsa.RSAPrivateKey = ALIPAYS) -> str:
    return base64.b64encode(key.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


def check(parameters: dict[str, str]) -> dict[str, Any]:
    """The content of a request of ours. Raises InvalidSignature."""
    signed = dict(parameters)
    signature = signed.pop("sign")
    content = "&".join(f"{name}={signed[name]}" for name in sorted(signed) if signed[name])
    OURS.public_key().verify(base64.b64decode(signature), content.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert signed["sign_type"] == "RSA2" and signed["app_id"] == APP_ID and signed["charset"] == "utf-8"
    return dict(msgspec.json.decode(signed["biz_content"]))


class Failed(Exception):
    def __init__(self, sub_code: str, code: str = "40004") -> None:
        self.sub_code, self.code = sub_code, code


class FakeAlipay:
    def __init__(self) -> None:
        self.trades: dict[str, dict[str, Any]] = {}
        self.refunds: dict[tuple[str, str], str] = {}
        self.transfers: dict[str, dict[str, Any]] = {}
        self.methods: list[str] = []
        self.last: dict[str, str] = {}
        self.fail: Failed | None = None
        self.slow_refunds = False
        self.transfer_status = "SUCCESS"
        self.render: Callable[[str, bytes], bytes] = self.signed

    @staticmethod
    def signed(node: str, content: bytes) -> bytes:
        return b'{"%s": %s, "alipay_cert_sn": "x", "sign":"%s"}' % (node.encode(), content, sign(content).encode())

    def open_page(self, address: str) -> dict[str, Any]:
        """The payer opens the page: the trade begins."""
        parameters = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        assert parameters["method"] == "alipay.trade.page.pay"
        content = check(parameters)
        self.last = parameters
        assert content["product_code"] == "FAST_INSTANT_TRADE_PAY"
        self.begin(content)
        return content

    def begin(self, content: dict[str, Any]) -> None:
        number = f"2026{len(self.trades):024}"
        trade = {"out_trade_no": content["out_trade_no"], "trade_no": number, "trade_status": "WAIT_BUYER_PAY",
                 "total_amount": content["total_amount"], "buyer_pay_amount": "0.00"}  # fmt: skip
        self.trades.setdefault(content["out_trade_no"], trade)

    def pay(self, number: str) -> None:
        self.trades[number] |= {"trade_status": "TRADE_SUCCESS", "send_pay_date": "2026-11-20 21:00:00"}

    def answer(self, method: str, content: dict[str, Any]) -> dict[str, Any]:
        if self.fail is not None:
            failed, self.fail = self.fail, None
            raise failed
        return getattr(self, method.replace("alipay.", "").replace(".", "_"))(content)  # type: ignore[no-any-return]

    def _trade(self, content: dict[str, Any]) -> dict[str, Any]:
        if content["out_trade_no"] not in self.trades:
            raise Failed("ACQ.TRADE_NOT_EXIST")
        return self.trades[content["out_trade_no"]]

    def trade_precreate(self, content: dict[str, Any]) -> dict[str, Any]:
        if self.trades.get(content["out_trade_no"], {}).get("trade_status") == "TRADE_SUCCESS":
            raise Failed("ACQ.TRADE_HAS_SUCCESS")
        self.begin(content)
        return {"out_trade_no": content["out_trade_no"], "qr_code": f"https://qr.alipay.com/{content['out_trade_no']}"}

    def trade_query(self, content: dict[str, Any]) -> dict[str, Any]:
        return self._trade(content)

    def trade_close(self, content: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(content)
        if trade["trade_status"] != "WAIT_BUYER_PAY":
            raise Failed("ACQ.TRADE_STATUS_ERROR")
        trade["trade_status"] = "TRADE_CLOSED"
        return {"out_trade_no": trade["out_trade_no"], "trade_no": trade["trade_no"]}

    def trade_refund(self, content: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(content)
        number, request = content["out_trade_no"], content["out_request_no"]
        if trade["trade_status"] not in ("TRADE_SUCCESS", "TRADE_CLOSED"):
            raise Failed("ACQ.TRADE_STATUS_ERROR")
        if (number, request) in self.refunds:
            if Decimal(self.refunds[number, request]) != Decimal(content["refund_amount"]):
                raise Failed("ACQ.DISCORDANT_REPEAT_REQUEST")
            change = "N"
        else:
            given = sum((Decimal(a) for (n, _), a in self.refunds.items() if n == number), Decimal(0))
            if given + Decimal(content["refund_amount"]) > Decimal(trade["total_amount"]):
                raise Failed("ACQ.REASON_TRADE_REFUND_FEE_ERR")
            self.refunds[number, request] = content["refund_amount"]
            if given + Decimal(content["refund_amount"]) == Decimal(trade["total_amount"]):
                trade["trade_status"] = "TRADE_CLOSED"
            change = "N" if self.slow_refunds else "Y"
        total = sum(Decimal(a) for (n, _), a in self.refunds.items() if n == number)
        return {"out_trade_no": number, "trade_no": trade["trade_no"], "fund_change": change, "refund_fee": str(total)}

    def trade_fastpay_refund_query(self, content: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(content)
        amount = self.refunds.get((content["out_trade_no"], content["out_request_no"]))
        if amount is None:
            return {}
        status = {} if self.slow_refunds else {"refund_status": "REFUND_SUCCESS"}
        return {"out_trade_no": trade["out_trade_no"], "out_request_no": content["out_request_no"],
                "refund_amount": amount, "total_amount": trade["total_amount"], **status}  # fmt: skip

    def fund_trans_uni_transfer(self, content: dict[str, Any]) -> dict[str, Any]:
        assert (content["product_code"], content["biz_scene"]) == ("TRANS_ACCOUNT_NO_PWD", "DIRECT_TRANSFER")
        if content["payee_info"]["identity"] == "nobody@example.com":
            raise Failed("PAYEE_NOT_EXIST")
        made = {"out_biz_no": content["out_biz_no"], "order_id": f"2026{len(self.transfers):010}",
                "status": self.transfer_status, "payee": content["payee_info"], "trans_amount": content["trans_amount"]}  # fmt: skip
        kept = self.transfers.setdefault(content["out_biz_no"], made)
        return {name: kept[name] for name in ("out_biz_no", "order_id", "status")}

    def fund_trans_common_query(self, content: dict[str, Any]) -> dict[str, Any]:
        if content["out_biz_no"] not in self.transfers:
            raise Failed("ORDER_NOT_EXIST")
        return {k: v for k, v in self.transfers[content["out_biz_no"]].items() if k != "payee"}

    def handlers(self) -> list[Any]:
        @post("/gateway.do", status_code=200)
        async def gateway(request: Request[Any, Any, Any]) -> Response[bytes]:
            assert request.headers["content-type"] == "application/x-www-form-urlencoded;charset=utf-8"
            parameters = dict(request.query_params) | dict(parse_qsl((await request.body()).decode()))
            method = parameters["method"]
            content = check(parameters)
            self.last = parameters
            self.methods.append(method)
            try:
                said = {"code": "10000", "msg": "Success"} | self.answer(method, content)
            except Failed as failed:
                said = {"code": failed.code, "msg": "No", "sub_code": failed.sub_code, "sub_msg": "不可以/no"}
            node = method.replace(".", "_") + "_response"
            return Response(self.render(node, msgspec.json.encode(said)), media_type="text/html;charset=utf-8")

        return [gateway]


def notice(
    trade: dict[str, Any], sent_at: datetime, key: rsa.RSAPrivateKey = ALIPAYS, **changes: str
) -> dict[str, str]:
    """A notice of the trade, signed. `sent_at` in Shanghai's time."""
    form = {
        "notify_id": "n-1", "notify_type": "trade_status_sync", "notify_time": sent_at.strftime("%Y-%m-%d %H:%M:%S"),
        "app_id": APP_ID, "charset": "utf-8", "version": "1.0", "subject": "一件 物品 & more", **trade, **changes,
    }  # fmt: skip
    content = "&".join(f"{name}={form[name]}" for name in sorted(form))
    return form | {"sign_type": "RSA2", "sign": sign(content.encode(), key)}


def as_body(form: dict[str, str]) -> bytes:
    return urlencode(form).encode()
