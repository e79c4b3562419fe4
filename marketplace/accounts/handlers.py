"""What accounts do about events: letters, after commit, so that asking for one takes as long whether or not it is sent."""

from marketplace.accounts import personal_data, pictures, tasks  # noqa: F401 - the first for what it registers
from marketplace.accounts.events import (
    EmailChangeAsked,
    EmailChanged,
    ExportRequested,
    ExportWithdrawn,
    PasswordResetAsked,
    UserErased,
    UserRegistered,
    VerificationAsked,
)
from marketplace.accounts.service.avatars import show_avatar
from marketplace.accounts.service.identity_checks import reject_unreadable
from marketplace.accounts.service.password import send_reset
from marketplace.accounts.service.verification import send_change_link, send_verification, tell_old_address
from marketplace.core import outbox
from marketplace.media.events import MediaReady, MediaRefused
from marketplace.media.service import uploads


@outbox.on(UserRegistered)
async def write_to_the_new_address(event: UserRegistered) -> None:
    await send_verification(event.user_id)


@outbox.on(VerificationAsked)
async def write_to_the_address_again(event: VerificationAsked) -> None:
    await send_verification(event.user_id)


@outbox.on(EmailChangeAsked)
async def write_to_the_wanted_address(event: EmailChangeAsked) -> None:
    await send_change_link(event.user_id, event.email)


@outbox.on(EmailChanged)
async def write_to_the_old_address(event: EmailChanged) -> None:
    if event.before and event.before_was_proven:
        await tell_old_address(event.user_id, event.before)


@outbox.on(PasswordResetAsked)
async def write_reset_link(event: PasswordResetAsked) -> None:
    await send_reset(event.email)


@outbox.on(MediaReady)
async def show_new_avatar(event: MediaReady) -> None:
    if event.purpose == pictures.AVATAR.name:
        await show_avatar(event.owner_id, event.media_id)


@outbox.on(MediaRefused)
async def reject_unreadable_documents(event: MediaRefused) -> None:
    if event.purpose == pictures.IDENTITY.name:
        await reject_unreadable(event.media_id, event.reason)


@outbox.on(ExportRequested)
async def make_the_copy(event: ExportRequested) -> None:
    await tasks.make_export.defer(export_id=str(event.export_id))


@outbox.on(ExportWithdrawn)
async def delete_the_copy(event: ExportWithdrawn) -> None:
    await tasks.delete_file.defer(key=event.storage_key)


@outbox.on(UserErased)
async def erase_what_lies_elsewhere(event: UserErased) -> None:
    await uploads.remove_all_of(event.user_id)
    await tasks.forget_presence.defer(user_id=str(event.user_id))
