"""A PayPal of our own: its API as far as we use it, which checks what it is asked, and its signature with a key of the test's."""

import base64
import itertools
import json
import zlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

CLIENT, SECRET, WEBHOOK = "client-1", "the-secret", "8PT597110X687430L"
NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)
CERTS = "/v1/notifications/certs/"


def private_key(size=2048):
    return rsa.generate_private_key(65537, size)


def certificate(key, since=NOW - timedelta(days=30), until=NOW + timedelta(days=30)):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "messageverificationcerts.paypal.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(since).not_valid_after(until)
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM)


def elliptic_certificate():
    return certificate(ec.generate_private_key(ec.SECP256R1()))


def signed(body, key, cert_url, at=NOW, webhook=WEBHOOK, id_="69cd13f0-d67a-11e5-baa3-778b53f4ae55"):
    sent = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    message = f"{id_}|{sent}|{webhook}|{zlib.crc32(body)}".encode()
    return {
        "paypal-transmission-id": id_,
        "paypal-transmission-time": sent,
        "paypal-transmission-sig": base64.b64encode(key.sign(message, padding.PKCS1v15(), SHA256())).decode(),
        "paypal-cert-url": cert_url,
        "paypal-auth-algo": "SHA256withRSA",
    }


class PayPalServer:
    """What it knows, and how it behaves; a test changes it as it likes."""

    def __init__(self):
        self.numbers = itertools.count(1)
        self.tokens, self.token_life, self.tokens_given = set(), 32_400, 0
        self.orders, self.captures, self.refunds, self.batches = {}, {}, {}, {}
        self.replies = {}
        self.certificates = {}
        self.asked = []
        self.capture_status = "COMPLETED"
        self.capture_refusal = ""
        self.lose = 0
        self.fail = None

    async def handle(self, request):
        body = await request.read()
        self.asked.append((request.method, request.path, body, request.headers))
        status, answer = self.answer(request, body)
        if self.lose and status < 300 and request.method == "POST" and "oauth2" not in request.path:
            self.lose -= 1
            request.transport.abort()
        if isinstance(answer, bytes):
            return web.Response(status=status, body=answer)
        return web.json_response(answer, status=status)

    def answer(self, request, body):
        path, method = request.path, request.method
        if path.startswith(CERTS):
            found = self.certificates.get(path.removeprefix(CERTS))
            return (200, found) if found else (404, b"")
        if path == "/v1/oauth2/token":
            return self.token(request, body)
        if self.fail:
            return self.fail
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {"error": "invalid_token", "error_description": "Token signature verification failed"}
        if method == "GET":
            return self.read(path.strip("/").split("/"))
        key = request.headers.get("PayPal-Request-Id")
        if (key, path) in self.replies:
            return self.replies[key, path]
        status, answer = self.write(path.strip("/").split("/"), json.loads(body))
        if key and status < 300:
            self.replies[key, path] = status, answer
        return status, answer

    def token(self, request, body):
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("Authorization") != basic or body != b"grant_type=client_credentials":
            return 401, {"error": "invalid_client", "error_description": f"Client Authentication failed for {SECRET}"}
        self.tokens_given += 1
        token = f"A21AA{self.tokens_given}"
        self.tokens.add(token)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self.token_life, "scope": "all"}

    def id(self, prefix):
        return f"{prefix}{next(self.numbers):013d}"

    def read(self, parts):
        shelf = {"orders": self.orders, "refunds": self.refunds, "payouts": self.batches}.get(parts[-2], {})
        found = shelf.get(parts[-1])
        return (
            (200, found)
            if found
            else refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "Specified resource ID does not exist.")
        )

    def write(self, parts, words):
        match parts:
            case ["v2", "checkout", "orders"]:
                return self.open(words)
            case ["v2", "checkout", "orders", order, "capture"]:
                return self.capture(order)
            case ["v2", "payments", "captures", capture, "refund"]:
                return self.refund(capture, words)
            case ["v1", "payments", "payouts"]:
                return self.pay_out(words)
        return refusal(404, "RESOURCE_NOT_FOUND", "", "No such path.")

    def open(self, words):
        (unit,) = words["purchase_units"]
        check(unit["amount"])
        id_ = self.id("ORD")
        page = f"https://www.paypal.example/checkoutnow?token={id_}"
        rel, status = ("payer-action", "PAYER_ACTION_REQUIRED") if "payment_source" in words else ("approve", "CREATED")
        links = [{"href": f"https://api.paypal.example/{id_}", "rel": "self"}, {"href": page, "rel": rel}]
        self.orders[id_] = {
            "id": id_,
            "status": status,
            "intent": words["intent"],
            "purchase_units": [unit],
            "links": links,
        }
        return 201, self.orders[id_]

    def approve(self, order):
        """What the payer does on PayPal's page."""
        self.orders[order]["status"] = "APPROVED"

    def capture(self, id_):
        order = self.orders.get(id_)
        if order is None:
            return refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "No such order.")
        if order["status"] == "COMPLETED":
            return refusal(422, "UNPROCESSABLE_ENTITY", "ORDER_ALREADY_CAPTURED", "Order already captured.")
        if order["status"] != "APPROVED":
            return refusal(422, "UNPROCESSABLE_ENTITY", "ORDER_NOT_APPROVED", "Payer has not yet approved the Order.")
        if self.capture_refusal:
            page = {"href": f"https://www.paypal.example/again?token={id_}", "rel": "redirect"}
            return refusal(422, "UNPROCESSABLE_ENTITY", self.capture_refusal, "The instrument was declined.", page)
        unit = order["purchase_units"][0]
        capture = {
            "id": self.id("CAP"), "status": self.capture_status, "amount": unit["amount"], "custom_id": unit["custom_id"],
            "supplementary_data": {"related_ids": {"order_id": id_}},
        }  # fmt: skip
        unit["payments"] = {"captures": [capture], "refunds": []}
        order["status"] = "COMPLETED"
        self.captures[capture["id"]] = order, capture
        return 201, order

    def refund(self, id_, words):
        if id_ not in self.captures:
            return refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "No such capture.")
        order, capture = self.captures[id_]
        check(words["amount"])
        assert words["amount"]["currency_code"] == capture["amount"]["currency_code"]
        payments = order["purchase_units"][0]["payments"]
        given = sum(Decimal(one["amount"]["value"]) for one in payments["refunds"])
        if given + Decimal(words["amount"]["value"]) > Decimal(capture["amount"]["value"]):
            return refusal(422, "UNPROCESSABLE_ENTITY", "REFUND_AMOUNT_EXCEEDED", "More than was captured.")
        made = {
            "id": self.id("REF"), "status": "COMPLETED", "amount": words["amount"], "custom_id": words["custom_id"],
            "links": [{"rel": "up", "href": f"https://api.paypal.example/v2/payments/captures/{id_}"}],
        }  # fmt: skip
        payments["refunds"].append(made)
        self.refunds[made["id"]] = made
        return 201, made

    def pay_out(self, words):
        (item,) = words["items"]
        check({"value": item["amount"]["value"], "currency_code": item["amount"]["currency"]})
        ours = words["sender_batch_header"]["sender_batch_id"]
        for id_, batch in self.batches.items():
            if batch["batch_header"]["sender_batch_header"]["sender_batch_id"] == ours:
                link = {"href": f"https://api.paypal.example/v1/payments/payouts/{id_}", "rel": "self"}
                return refusal(400, "USER_BUSINESS_ERROR", "", "Duplicate sender_batch_id.", link)
        header = {
            "payout_batch_id": self.id("BAT"),
            "batch_status": "PENDING",
            "sender_batch_header": words["sender_batch_header"],
        }
        self.batches[header["payout_batch_id"]] = {
            "batch_header": header,
            "items": [
                {"payout_batch_id": header["payout_batch_id"], "transaction_status": "PENDING", "payout_item": item}
            ],
        }
        return 201, {"batch_header": header}

    def sent(self, method, path):
        return [(json.loads(body), headers) for asked, at, body, headers in self.asked if (asked, at) == (method, path)]


def check(amount):
    """Amounts are text, in the currency's decimals: PayPal refuses others."""
    places = 0 if amount["currency_code"] in ("JPY", "HUF", "TWD") else 2
    assert isinstance(amount["value"], str)
    assert -Decimal(amount["value"]).as_tuple().exponent == places


def refusal(status, name, issue, description, *links):
    details = [{"issue": issue, "description": description}] if issue else []
    return status, {"name": name, "message": description, "details": details, "links": list(links)}
