"""Passwords at rest: Argon2id, in threads, so that a hash (about 20 ms) never holds up the event loop.

The salt of an account is derived from its address, so that all accounts that claim one unproven address share it. One
computation then decides a login among any number of claims: neither the answer nor its time tells how many there are.
Salts of different addresses differ and nobody without the service's key can tell them in advance.
"""

import asyncio
import hmac
import os
import secrets
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from argon2 import Type, extract_parameters
from argon2.exceptions import InvalidHashError
from argon2.low_level import hash_secret

from marketplace.core.seal import derived_key

TIME_COST: Final = 2
MEMORY_KIB: Final = 19 * 1024
LANES: Final = 1
HASH_BYTES: Final = 32
SALT_BYTES: Final = 16
MOST_COMPUTATIONS: Final = 3
"""Old parameters or a rotated key may leave a few salts at one address; more are not tried."""
UNUSABLE: Final = "!"
"""The password of an account that has none, such as one made by social login. Nothing matches it."""

_slots = asyncio.Semaphore(max(2, os.cpu_count() or 2))


def normal(password: str) -> bytes:
    """NFKC, so that the same password typed on another keyboard is the same."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


async def hashed(password: str, email: str) -> str:
    """The hash of a password for the account with this address; with no address, under a random salt."""
    return await _compute(normal(password), address_salt(email) if email else secrets.token_bytes(SALT_BYTES))


async def hashed_apart(password: str) -> str:
    """The hash under a random salt."""
    return await hashed(password, "")


async def match(password: str, stored: Sequence[str], email: str) -> int | None:
    """Which of the stored hashes this password has; None for none of them.

    With nothing stored the same work is done for nothing, so that the time tells nothing.
    """
    groups: dict[str, list[int]] = {}
    for index, one in enumerate(stored):
        if one.startswith("$argon2id$"):
            groups.setdefault(one.rpartition("$")[0], []).append(index)
    if not groups:
        await hashed(password, email)
        return None
    secret, found = normal(password), None
    for indexes in list(groups.values())[:MOST_COMPUTATIONS]:
        computed = await _compute_like(stored[indexes[0]], secret)
        for index in indexes:
            if hmac.compare_digest(computed, stored[index]) and found is None:
                found = index
    return found


def is_current(stored: str, email: str) -> bool:
    """False if the hash has old parameters or another salt than the address's: hash anew at the next login."""
    return stored.rpartition("$")[0] == _prefix(email)


def address_salt(email: str) -> bytes:
    return hmac.digest(derived_key("password-salt"), email.encode(), sha256)[:SALT_BYTES]


def _prefix(email: str) -> str:
    """What a current hash for this address begins with: the scheme, its parameters and the salt."""
    salt = b64encode(address_salt(email)).decode().rstrip("=")
    return f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p={LANES}${salt}"


async def _compute(
    secret: bytes, salt: bytes, time: int = TIME_COST, memory: int = MEMORY_KIB, lanes: int = LANES
) -> str:
    async with _slots:
        raw = await asyncio.to_thread(hash_secret, secret, salt, time, memory, lanes, HASH_BYTES, Type.ID)
    return raw.decode()


async def _compute_like(stored: str, secret: bytes) -> str:
    """The hash of `secret` under the salt and parameters of a stored one."""
    try:
        p = extract_parameters(stored)
    except InvalidHashError:
        return ""
    salt = stored.split("$")[4]
    return await _compute(secret, b64decode(salt + "=" * (-len(salt) % 4)), p.time_cost, p.memory_cost, p.parallelism)
