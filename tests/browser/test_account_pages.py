"""Where mailed links and other services lead, in a real browser."""

import asyncio
import email
import json
import os
import re
import socket
from email.policy import default as policy
from pathlib import Path

import pyotp
import pytest
from selenium.webdriver.common.keys import Keys

from marketplace.accounts.passwords import hashed
from marketplace.accounts.service import second_factor
from marketplace.core import db
from tests import instances, servers
from tests.accounts.providers import CLIENT, SECRET, Idp, running
from tests.conftest import BASE_REDIS_URL, BASE_URL, DATABASE
from tests.eventually import eventually
from tests.factories import a_user

PASSWORD = "correct horse battery"
NEW = "another staple entirely"


async def ada():
    return await a_user(
        email="ada@example.com", username="ada", password_hash=await hashed(PASSWORD, "ada@example.com")
    )


def links_to(address):
    """The links in the letters to this address, oldest first; the instance writes them into the folder the tests share."""
    found = []
    for path in sorted((Path(os.environ["MARKETPLACE_HOME"]) / "mail").glob("*.eml")):
        letter = email.message_from_bytes(path.read_bytes(), policy=policy)
        if letter["To"] == address:
            found += re.findall(r"/#/\S+\?token=\S+", letter.get_body(("plain",)).get_content())
    return found


async def test_a_forgotten_password_is_set_anew(server, window):
    await ada()
    before = len(links_to("ada@example.com"))
    page = window(server.url)
    page.press("Sign in", "header")
    page.press("Forgotten your password?")
    page.type("E-mail", "ada@example.com")
    page.press("Send the link")
    await eventually(lambda: len(links_to("ada@example.com")) > before)
    page.driver.get(server.url + links_to("ada@example.com")[-1])
    page.driver.refresh()
    page.wait(lambda: "Set a new password" in page.find("main").text)
    assert "token" not in page.driver.current_url
    page.driver.get("about:blank")
    page.driver.get(server.url + links_to("ada@example.com")[-1])
    page.type("Password", "short")
    page.press("Set the password")
    page.wait(lambda: "10 characters or more" in page.find("main").text)
    page.type("Password", NEW)
    page.press("Set the password")
    page.wait(lambda: "Your password is set" in page.find("main").text)
    page.sign_in("ada@example.com", NEW)
    assert page.complaints() == []


async def test_a_new_account_verifies_its_address(server, window):
    page = window(server.url)
    page.press("Sign in", "header")
    page.press("New here? Create an account")
    page.type("Public name", "grace")
    page.type("E-mail", "grace@example.com")
    page.type("Password", PASSWORD)
    page.keys(Keys.ENTER)
    await eventually(lambda: bool(links_to("grace@example.com")))
    page.driver.get(server.url + links_to("grace@example.com")[-1])
    page.press("Verify my address")
    page.wait(lambda: "Your address is verified" in page.find("main").text)


async def test_the_second_factor_is_asked_for(server, window):
    user = await ada()
    enrolment = await second_factor.begin(user.id, "ada")
    app = pyotp.TOTP(enrolment.secret)
    await second_factor.confirm(user.id, app.now())
    await db.execute("UPDATE second_factors SET last_step = 0")
    page = window(server.url)
    page.press("Sign in", "header")
    page.type("E-mail", "ada@example.com")
    page.type("Password", PASSWORD)
    page.keys(Keys.ENTER)
    page.find("input[name=code]")
    page.type("Code of your authenticator app", app.now())
    page.keys(Keys.ENTER)
    page.wait(lambda: not page._all("dialog"), "the dialog stayed open")
    assert "ada" in page.find("header").text


@pytest.fixture
def servers_apart(_database):
    """A PostgreSQL and a Redis database that no other instance uses."""
    with (
        servers.database(BASE_URL, f"{DATABASE}_social") as database_url,
        servers.redis_database(BASE_REDIS_URL) as redis_url,
    ):
        yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


@pytest.fixture
async def with_provider(servers_apart):
    """(instance that knows a provider, the provider)"""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    async with running(Idp()) as idp:
        local = {
            "kind": "oidc",
            "issuer": idp.issuer,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "trust_email": True,
        }
        environ = servers_apart | {
            "MARKETPLACE_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "MARKETPLACE_SOCIAL_PROVIDERS": json.dumps({"local": local}),
        }
        instance = await asyncio.to_thread(instances.serve, "--no-demo", "--port", port, environ=environ)
        try:
            yield instance, idp
        finally:
            await asyncio.to_thread(instance.terminate)


async def test_an_account_of_another_service_signs_in(with_provider, window):
    instance, idp = with_provider

    def in_the_browser():  # in a thread: the provider lives on this test's loop
        page = window(instance.url)
        page.press("Sign in", "header")
        page.press("Continue with local")
        page.wait(lambda: "user-" in page.find("header").text, "never came back signed in")
        assert page.driver.current_url.startswith(f"{instance.url}/#/")
        begged = window(f"{instance.url}/social-login?state=s&code=c")
        begged.wait(lambda: "Sign in" in begged.find("header").text)
        return page.complaints()

    assert await asyncio.to_thread(in_the_browser) == []
    assert idp.calls == ["jwks"]
