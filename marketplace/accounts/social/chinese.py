"""WeChat and QQ: OAuth 2 of their own making. No id_token, no PKCE, no address; the secret travels in the query."""

from typing import Any
from urllib.parse import urlencode

from marketplace.accounts.social.base import Attempt, Identity, SocialLoginFailed, text_of
from marketplace.accounts.social.http import call


class WeChat:
    """WeChat's login for websites (a QR code to scan). The `unionid` names a person across all apps of one owner."""

    trusts_email = False

    def __init__(self, name: str, *, client_id: str, client_secret: str, authorize_url: str, api_url: str) -> None:
        self.name = name
        self._id, self._secret = client_id, client_secret
        self._authorize, self._api = authorize_url, api_url.rstrip("/")

    async def authorization_url(self, attempt: Attempt) -> str:
        query = {
            "appid": self._id, "redirect_uri": attempt.redirect_uri, "response_type": "code",
            "scope": "snsapi_login", "state": attempt.state,
        }  # fmt: skip
        return f"{self._authorize}?{urlencode(query)}#wechat_redirect"

    async def identity_by_code(self, code: str, attempt: Attempt) -> Identity:
        grant = {"appid": self._id, "secret": self._secret, "code": code, "grant_type": "authorization_code"}
        answer = _without_error(await call("GET", f"{self._api}/sns/oauth2/access_token", params=grant), "errcode")
        access, openid = _required(answer, "access_token", 2000), _required(answer, "openid")
        who = {"access_token": access, "openid": openid, "lang": "zh_CN"}
        person = _without_error(await call("GET", f"{self._api}/sns/userinfo", params=who), "errcode")
        if person.get("openid") != openid:
            raise SocialLoginFailed
        return Identity(subject=text_of(person, "unionid") or openid, name=text_of(person, "nickname"))

    async def identity_by_id_token(self, id_token: str, attempt: Attempt) -> Identity:
        raise SocialLoginFailed("This service has no id_token. Send `code`.")


class QQ:
    """QQ Connect."""

    trusts_email = False

    def __init__(self, name: str, *, client_id: str, client_secret: str, authorize_url: str, api_url: str) -> None:
        self.name = name
        self._id, self._secret = client_id, client_secret
        self._authorize, self._api = authorize_url, api_url.rstrip("/")

    async def authorization_url(self, attempt: Attempt) -> str:
        query = {
            "response_type": "code", "client_id": self._id, "redirect_uri": attempt.redirect_uri,
            "scope": "get_user_info", "state": attempt.state,
        }  # fmt: skip
        return f"{self._authorize}?{urlencode(query)}"

    async def identity_by_code(self, code: str, attempt: Attempt) -> Identity:
        grant = {
            "grant_type": "authorization_code", "client_id": self._id, "client_secret": self._secret, "code": code,
            "redirect_uri": attempt.redirect_uri, "fmt": "json",
        }  # fmt: skip
        answer = _without_error(await call("GET", f"{self._api}/oauth2.0/token", params=grant), "error")
        access = _required(answer, "access_token", 2000)
        me = {"access_token": access, "unionid": "1", "fmt": "json"}
        who = _without_error(await call("GET", f"{self._api}/oauth2.0/me", params=me), "error")
        if who.get("client_id") != self._id:  # a token made for another app must open nothing here
            raise SocialLoginFailed
        openid = _required(who, "openid")
        wanted = {"access_token": access, "oauth_consumer_key": self._id, "openid": openid}
        person = _without_error(await call("GET", f"{self._api}/user/get_user_info", params=wanted), "ret")
        return Identity(subject=text_of(who, "unionid") or openid, name=text_of(person, "nickname"))

    async def identity_by_id_token(self, id_token: str, attempt: Attempt) -> Identity:
        raise SocialLoginFailed("This service has no id_token. Send `code`.")


def _without_error(answer: dict[str, Any], key: str) -> dict[str, Any]:
    """Errors come with status 200 and a number other than 0."""
    if answer.get(key):
        raise SocialLoginFailed
    return answer


def _required(answer: dict[str, Any], key: str, most: int = 255) -> str:
    found = text_of(answer, key, most)
    if not found:
        raise SocialLoginFailed
    return found
