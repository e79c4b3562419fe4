"""What accounts do about events: letters, after commit, so that asking for one takes as long whether or not it is sent."""

from marketplace.accounts.events import PasswordResetAsked, UserRegistered, VerificationAsked
from marketplace.accounts.service.password import send_reset
from marketplace.accounts.service.verification import send_verification
from marketplace.core import outbox


@outbox.on(UserRegistered)
async def write_to_the_new_address(event: UserRegistered) -> None:
    await send_verification(event.user_id)


@outbox.on(VerificationAsked)
async def write_to_the_address_again(event: VerificationAsked) -> None:
    await send_verification(event.user_id)


@outbox.on(PasswordResetAsked)
async def write_reset_link(event: PasswordResetAsked) -> None:
    await send_reset(event.email)
