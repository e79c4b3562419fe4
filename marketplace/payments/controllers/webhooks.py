from typing import Any, Final

from litestar import Controller, Request, Response, post
from litestar.status_codes import HTTP_200_OK

from marketplace.payments.service import webhooks

MOST_BYTES: Final = 262_144
OPEN: Final = {"public": True, "exclude_from_auth": True, "limit": None, "refuses": (404, 413)}
"""Whoever signs is the provider, whatever else the request brings; providers call from few addresses, and often."""

Raw = Request[Any, Any, Any]


async def take(provider: str, request: Raw) -> Response[bytes]:
    """Take the bytes as they came, for they are what was signed."""
    headers = dict(request.headers)
    if "x-stripe-signature" in headers:  # the API's documents call it so
        headers.setdefault("stripe-signature", headers["x-stripe-signature"])
    reply = await webhooks.receive(provider, headers, await request.body())
    return Response(reply.body, media_type=reply.media_type, status_code=HTTP_200_OK)


class WebhookController(Controller):
    path = "/payments"
    tags = ("Webhooks of providers",)
    opt = OPEN
    request_max_body_size = MOST_BYTES

    @post(["/webhook", "/stripe-webhook"], operation_id="takeStripeWebhook", status_code=HTTP_200_OK)
    async def stripe(self, request: Raw) -> Response[bytes]:
        """An event of Stripe's, signed in `Stripe-Signature`."""
        return await take("stripe", request)

    @post("/paypal-webhook", operation_id="takePaypalWebhook", status_code=HTTP_200_OK)
    async def paypal(self, request: Raw) -> Response[bytes]:
        """An event of PayPal's, signed in `PayPal-Transmission-Sig`."""
        return await take("paypal", request)

    @post("/webhook/alipay", operation_id="takeAlipayWebhook", status_code=HTTP_200_OK)
    async def alipay(self, request: Raw) -> Response[bytes]:
        """A notice of Alipay's: a signed form."""
        return await take("alipay", request)

    @post("/webhook/wechat", operation_id="takeWechatWebhook", status_code=HTTP_200_OK)
    async def wechat(self, request: Raw) -> Response[bytes]:
        """A notice of WeChat Pay's, signed in `Wechatpay-Signature`."""
        return await take("wechat", request)

    @post("/webhook/sandbox", operation_id="takeSandboxWebhook", status_code=HTTP_200_OK)
    async def sandbox(self, request: Raw) -> Response[bytes]:
        """An event of the sandbox's, signed in `Sandbox-Signature`."""
        return await take("sandbox", request)
