"""The second factor: an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost.

The secret is sealed at rest for its account only. A code is good once: the time step of the last one taken is kept, and
only a later one moves it.
"""

import hmac
import io
import re
import secrets
from base64 import b64encode
from typing import Final
from uuid import UUID

import pyotp
import qrcode
from qrcode.image.svg import SvgPathImage

from marketplace.accounts.errors import SecondFactorOff, SecondFactorOn, WrongCode
from marketplace.accounts.events import SecondFactorChanged
from marketplace.accounts.queries.locks import lock_user
from marketplace.accounts.schemas.security import Enrolment, SecondFactorState
from marketplace.accounts.service import throttle
from marketplace.accounts.service.reauthentication import check_own_password
from marketplace.accounts.service.sessions import Client
from marketplace.accounts.tokens import fingerprint
from marketplace.core import clock, db, outbox
from marketplace.core.ids import uuid7
from marketplace.core.seal import seal, unseal

ISSUER: Final = "Marketplace"
STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
RECOVERY_CODES: Final = 10
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


async def second_factor_of(user_id: UUID) -> SecondFactorState:
    """Whether it is on, and how many recovery codes are left."""
    row = await db.fetch_row(
        'SELECT exists(SELECT 1 FROM second_factors WHERE "user" = $1 AND confirmed_at IS NOT NULL) AS enabled, '
        '(SELECT count(*) FROM recovery_codes WHERE "user" = $1 AND used_at IS NULL) AS codes',
        user_id,
    )
    assert row is not None
    return SecondFactorState(enabled=row["enabled"], recovery_codes_left=row["codes"])


async def enrol(user_id: UUID, password: str | None, client: Client) -> Enrolment:
    """A new secret to put into an app; it counts once `confirm` has seen a code of it. Raises SecondFactorOn or WrongPassword."""
    user = await check_own_password(user_id, password, client)
    return await begin(user_id, user.email or user.username)


async def begin(user_id: UUID, user_name: str) -> Enrolment:
    """As `enrol`, for a caller that has checked the password. Raises SecondFactorOn."""
    secret = pyotp.random_base32()
    async with db.transaction():
        changed = await db.execute(
            'INSERT INTO second_factors (id, "user", secret, last_step, created_at) VALUES ($1, $2, $3, 0, now()) '
            'ON CONFLICT ("user") DO UPDATE SET secret = EXCLUDED.secret, last_step = 0, created_at = now() '
            "WHERE second_factors.confirmed_at IS NULL",
            uuid7(), user_id, seal(secret.encode(), _purpose(user_id)),
        )  # fmt: skip
        if not changed:
            raise SecondFactorOn
    uri = pyotp.TOTP(secret).provisioning_uri(name=user_name, issuer_name=ISSUER)
    return Enrolment(secret=secret, otpauth_uri=uri, qr_code=_drawn(uri))


async def confirm(user_id: UUID, code: str) -> list[str]:
    """Turn it on with a code of the app. Returns the recovery codes; they are not shown again. Raises SecondFactorOn, SecondFactorOff or WrongCode."""
    await throttle.code(user_id)
    async with db.transaction():
        await lock_user(user_id)
        row = await db.fetch_row('SELECT confirmed_at FROM second_factors WHERE "user" = $1', user_id)
        if row is None:
            raise SecondFactorOff("Ask for a secret first.")
        if row["confirmed_at"] is not None:
            raise SecondFactorOn
        if not await _take_totp(user_id, _plain(code)):
            raise WrongCode
        await db.execute('UPDATE second_factors SET confirmed_at = now() WHERE "user" = $1', user_id)
        codes = await _new_recovery_codes(user_id)
        await outbox.emit(SecondFactorChanged(user_id, is_on=True))
    await throttle.code_was_right(user_id)
    return codes


async def renew_recovery_codes(user_id: UUID, code: str) -> list[str]:
    """New recovery codes; the old ones are worthless. Raises SecondFactorOff or WrongCode."""
    await take_code(user_id, code)
    async with db.transaction():
        return await _new_recovery_codes(user_id)


async def disable(user_id: UUID, code: str) -> None:
    """Turn it off, with a code of the app or a recovery code. Raises SecondFactorOff or WrongCode."""
    await take_code(user_id, code)
    async with db.transaction():
        await forget_second_factor(user_id)
        await outbox.emit(SecondFactorChanged(user_id, is_on=False))


async def forget_second_factor(user_id: UUID) -> None:
    await db.execute('DELETE FROM recovery_codes WHERE "user" = $1', user_id)
    await db.execute('DELETE FROM second_factors WHERE "user" = $1', user_id)


async def take_code(user_id: UUID, code: str) -> None:
    """Use up a code of the app or a recovery code. Raises SecondFactorOff, WrongCode or RateLimited."""
    await throttle.code(user_id)
    if not (await second_factor_of(user_id)).enabled:
        raise SecondFactorOff
    plain = _plain(code)
    taken = await (_take_totp if re.fullmatch(r"[0-9]{6}", plain) else _take_recovery)(user_id, plain)
    if not taken:
        raise WrongCode
    await throttle.code_was_right(user_id)


async def _take_totp(user_id: UUID, code: str) -> bool:
    """True for a right code of a step that is later than the last one taken: of two at once, one is."""
    sealed = await db.fetch_val('SELECT secret FROM second_factors WHERE "user" = $1', user_id)
    totp = pyotp.TOTP(unseal(sealed, _purpose(user_id)).decode())
    now = int(clock.now().timestamp()) // STEP_SECONDS
    right = [
        step
        for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
        if hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), code.encode())
    ]
    if not right:
        return False
    moved = await db.execute(
        'UPDATE second_factors SET last_step = $2 WHERE "user" = $1 AND last_step < $2', user_id, max(right)
    )
    return moved == 1


async def _take_recovery(user_id: UUID, code: str) -> bool:
    used = await db.execute(
        'UPDATE recovery_codes SET used_at = now() WHERE "user" = $1 AND code_hash = $2 AND used_at IS NULL',
        user_id, fingerprint(f"{user_id}:{code}"),
    )  # fmt: skip
    return used == 1


async def _new_recovery_codes(user_id: UUID) -> list[str]:
    """Ten codes of 80 random bits."""
    codes = [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4)) for _ in range(RECOVERY_CODES)
    ]
    await db.execute('DELETE FROM recovery_codes WHERE "user" = $1', user_id)
    await db.execute(
        'INSERT INTO recovery_codes (id, "user", code_hash) SELECT i, $1, h FROM unnest($2::uuid[], $3::text[]) AS t(i, h)',
        user_id, [uuid7() for _ in codes], [fingerprint(f"{user_id}:{_plain(code)}") for code in codes],
    )  # fmt: skip
    return codes


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()


def _purpose(user_id: UUID) -> str:
    return f"totp:{user_id}"


def _drawn(uri: str) -> str:
    """The URI as a QR code: an SVG in a data: URL."""
    picture = io.BytesIO()
    qrcode.make(uri, image_factory=SvgPathImage).save(picture)
    return "data:image/svg+xml;base64," + b64encode(picture.getvalue()).decode()
