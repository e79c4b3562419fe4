"""An OpenID Connect provider, a WeChat and a QQ of our own, behind real HTTP."""

import asyncio
import contextlib
import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import msgspec
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from litestar import Litestar, Request, Response, get, post
from litestar.response import Redirect

SECRET = "the-client-secret"
CLIENT = "client-1"


class Idp:
    """What the provider knows and how it behaves; a test changes it as it likes."""

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        self.kid = "k1"
        self.person = {"sub": "person-1", "email": "Ada@Example.com", "email_verified": True, "name": "Ada Lovelace"}
        self.in_token = True
        self.codes = {}
        self.change = {}
        self.algorithm = "RS256"
        self.fail = None
        self.issuer = ""
        self.calls = []

    def jwk(self):
        algorithm = (
            jwt.algorithms.RSAAlgorithm if isinstance(self.key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
        )
        return {
            **algorithm.to_jwk(self.key.public_key(), as_dict=True),
            "kid": self.kid,
            "alg": self.algorithm,
            "use": "sig",
        }

    def rotate(self, kid, elliptic=False):
        self.key = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 2048)
        self.kid, self.algorithm = kid, "ES256" if elliptic else "RS256"

    def id_token(self, nonce, key=None, algorithm=None):
        now = int(time.time())
        person = self.person if self.in_token else {"sub": self.person["sub"]}
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
            **person,
            **self.change,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, key or self.key, algorithm=algorithm or self.algorithm, headers={"kid": self.kid})

    def authorize(self, url):
        """What a person who agrees causes: (code, state) in the redirect."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return code, query["state"]


def routes(idp):
    @get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, str]:
        return {
            "issuer": idp.issuer, "authorization_endpoint": f"{idp.issuer}/authorize", "token_endpoint": f"{idp.issuer}/token",
            "jwks_uri": f"{idp.issuer}/jwks", "userinfo_endpoint": f"{idp.issuer}/userinfo",
        }  # fmt: skip

    @get("/authorize")
    async def agreed(request: Request) -> Redirect:
        """The page on which a person agrees, as if they had."""
        code, state = idp.authorize(str(request.url))
        return Redirect(f"{request.query_params['redirect_uri']}?{urlencode({'code': code, 'state': state})}")

    @get("/jwks")
    async def jwks() -> dict[str, list]:
        idp.calls.append("jwks")
        return {"keys": [idp.jwk()]}

    @post("/token", status_code=200)
    async def token(request: Request) -> Response:
        if idp.fail:
            return Response({"error": "down"}, status_code=idp.fail)
        form = await request.form()
        asked = idp.codes.pop(form["code"], None)
        challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        basic = request.headers.get("authorization", "")
        if (
            not asked
            or not basic.startswith("Basic ")
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return Response({"error": "invalid_grant"}, status_code=400)
        return Response({"access_token": "at", "token_type": "Bearer", "id_token": idp.id_token(asked["nonce"])})

    @get("/userinfo")
    async def userinfo(request: Request) -> dict[str, object]:
        assert request.headers["authorization"] == "Bearer at"
        return idp.person | idp.change

    @get("/sns/oauth2/access_token")
    async def wechat_token(request: Request) -> Response:
        query = request.query_params
        if idp.codes.pop(query["code"], None) is None or query["secret"] != SECRET or query["appid"] != CLIENT:
            return as_text({"errcode": 40029, "errmsg": "invalid code"})
        return as_text({"access_token": "wx-at", "openid": "wx-open", "expires_in": 7200})

    @get("/sns/userinfo")
    async def wechat_person() -> Response:
        return as_text({"openid": "wx-open", "nickname": "小 明", "errcode": 0} | idp.change)

    @get("/oauth2.0/token")
    async def qq_token(request: Request) -> Response:
        query = request.query_params
        if idp.codes.pop(query["code"], None) is None or query["client_secret"] != SECRET:
            return as_text({"error": 100020, "error_description": "code is reused"})
        return as_text({"access_token": "qq-at"})

    @get("/oauth2.0/me")
    async def qq_me() -> Response:
        return as_text({"client_id": CLIENT, "openid": "qq-open", "unionid": "qq-union"} | idp.change)

    @get("/user/get_user_info")
    async def qq_person() -> Response:
        return as_text({"ret": 0, "nickname": "Q"})

    return [discovery, agreed, jwks, token, userinfo, wechat_token, wechat_person, qq_token, qq_me, qq_person]


def as_text(body):
    """These two answer JSON as text/plain."""
    return Response(msgspec.json.encode(body), media_type="text/plain")


@contextlib.asynccontextmanager
async def running(idp):
    """The provider, served on a free port."""
    server = uvicorn.Server(
        uvicorn.Config(
            Litestar(routes(idp), openapi_config=None),
            host="127.0.0.1",
            port=0,
            log_level="error",
            lifespan="off",
            log_config=None,
        )
    )
    server.capture_signals = contextlib.nullcontext
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    idp.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield idp
    finally:
        server.should_exit = True
        await task
