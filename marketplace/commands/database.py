"""`migrate`, `reconcile`, `create-admin`: what is done to the database by hand or by a deployment."""

import asyncio
import getpass
import importlib
import os
import sys
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from marketplace.commands.checks import CheckFailed
from marketplace.commands.servers import needed_servers
from marketplace.core.config import settings

if TYPE_CHECKING:
    from marketplace.payments.reconciliation.running import Report


def migrate(_: Namespace) -> int:
    from marketplace.core import migrations

    with needed_servers():
        ran = asyncio.run(migrations.migrate())
    for name in ran:
        print(f"ran {name}")
    print("The database is up to date.")
    return 0


def reconcile(_: Namespace) -> int:
    """Exit 1 when something does not agree: an invariant, or a provider's record."""
    with needed_servers():
        report = asyncio.run(_reconcile())
    for one in report.found:
        print(f"BROKEN: {one}")
    compared = f"{report.checked} records of providers compared"
    if report.unheard:
        compared += f", {report.unheard} could not be: their provider does not answer"
    print(f"{len(report.found)} breaks; {compared}." if report.found else f"The books agree; {compared}.")
    return 1 if report.found else 0


async def _reconcile() -> "Report":
    importlib.import_module("marketplace.wiring")
    from marketplace.payments.reconciliation.running import reconcile

    async with current_database():
        return await reconcile()


def create_admin(args: Namespace) -> int:
    password = os.environ.get("MARKETPLACE_ADMIN_PASSWORD") or _ask_password()
    with needed_servers():
        print(asyncio.run(_create_admin(args.email, args.username, args.role, password)))
    return 0


async def _create_admin(email: str, username: str, role: str, password: str) -> str:
    importlib.import_module("marketplace.wiring")
    from marketplace.accounts.schemas.auth import Registration
    from marketplace.accounts.service.staff import create_staff
    from marketplace.accounts.states import Role
    from marketplace.core import bodies
    from marketplace.core.errors import DomainError

    body = msgspec.json.encode({"email": email, "username": username, "password": password})
    try:
        async with current_database():
            await create_staff(bodies.decode(body, Registration), Role(role))
    except DomainError as refusal:
        named = "; ".join(f"{field}: {' '.join(said)}" for field, said in refusal.fields.items())
        raise CheckFailed(named or refusal.message) from None
    return f"{username} <{email}> is now {role}. Sign in at /admin."


def _ask_password() -> str:
    if not sys.stdin.isatty():
        raise CheckFailed("Set MARKETPLACE_ADMIN_PASSWORD, or run this at a terminal to be asked for the password.")
    password = getpass.getpass("Password (10 characters or more): ")
    if getpass.getpass("Once more: ") != password:
        raise CheckFailed("The two passwords differ.")
    return password


@asynccontextmanager
async def current_database() -> AsyncIterator[None]:
    """The pool, on a database that is up to date."""
    from marketplace.core import db

    await bring_up_to_date()
    await db.connect()
    try:
        yield
    finally:
        await db.disconnect()


async def bring_up_to_date() -> None:
    """Migrate in development; in production that is a step of the deployment, so CheckFailed says to take it."""
    from marketplace.core import migrations

    missing = await migrations.pending()
    if missing and settings().env == "production":
        raise CheckFailed(f"{len(missing)} migrations have not run. Run `migrate` once, before everything else.")
    if missing:
        print(f"Bringing the database up to date ({len(missing)} steps)", flush=True)
        await migrations.migrate()
