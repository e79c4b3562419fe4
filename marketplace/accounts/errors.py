"""The refusals of accounts."""

from marketplace.core.errors import (
    Conflict,
    Forbidden,
    NotFound,
    NotSignedIn,
    Unprocessable,
    ValidationFailed,
)


class WrongCredentials(NotSignedIn):
    """One answer for an unknown name, a wrong password and an account without one."""

    code = "wrong_credentials"
    default_message = "The name or address and the password do not belong together."


class AccountBanned(Forbidden):
    code = "account_banned"
    default_message = "This account is banned. Write to support if you think that is wrong."


class UsernameTaken(ValidationFailed):
    """Usernames are public, so saying that one is taken tells nothing new."""

    code = "username_taken"
    default_message = "This username is taken. Choose another one."


class RefreshInvalid(NotSignedIn):
    code = "token_invalid"
    default_message = "The refresh token is not valid or has expired. Sign in again."


class LinkInvalid(ValidationFailed):
    code = "link_invalid"
    default_message = "This link is not valid any more. Ask for a new one."


class AddressProven(Conflict):
    code = "already_verified"
    default_message = "This address is verified already."


class SecondFactorRequired(NotSignedIn):
    """The password was right; `challenge` in the details, sent with a code to /auth/2fa/login, completes the login."""

    code = "second_factor_required"
    default_message = "Enter the code of your authenticator app."


class SecondFactorMissing(Forbidden):
    code = "second_factor_missing"
    default_message = "Set up your authenticator app first (/auth/2fa): staff do nothing here without one."


class WrongCode(NotSignedIn):
    code = "wrong_code"
    default_message = "The code is wrong or was used already."


class OwnAccount(Forbidden):
    code = "own_account"
    default_message = "You cannot do that to your own account."


class TooMany(Unprocessable):
    """A person has as many of these as one may have."""

    code = "too_many"

    @classmethod
    def of(cls, what: str, most: int) -> "TooMany":
        return cls(f"At most {most} {what}. Remove one first.", most=most)


class SkillListed(Conflict):
    code = "skill_exists"
    default_message = "You have listed this skill already."


class NoBusinessAccount(NotFound):
    code = "no_business_account"
    default_message = "There is no business account yet. PUT one with `company_name` and `country`."


class VerificationOpen(Conflict):
    """A check is waiting for a decision, or was approved; there is nothing to submit."""

    code = "verification_open"
    default_message = "Your documents are being checked already."


class DocumentsNotReady(Conflict):
    code = "documents_not_ready"
    default_message = "The documents are still being worked on. Look again in a moment."


class ReauthenticationRequired(Forbidden):
    """What cannot be undone is asked for by the person, not only by their device."""

    code = "reauthentication_required"
    default_message = "Sign in again, then repeat this within ten minutes."


class WrongPassword(Forbidden):
    """403, not 401: the session is good, and a client must not take this for an expired token."""

    code = "wrong_password"
    default_message = "The password is wrong."


class ObligationsOpen(Conflict):
    """Something still binds this account to others; `details.obligations` lists it."""

    code = "obligations_open"
    default_message = "This account cannot be erased while others depend on it."


class SecondFactorOn(Conflict):
    code = "second_factor_on"
    default_message = "The second factor is on already."


class SecondFactorOff(Conflict):
    code = "second_factor_off"
    default_message = "The second factor is not on."


class IdentityTaken(Conflict):
    code = "identity_taken"
    default_message = "That account opens another account here already."


class LastWayIn(Conflict):
    code = "last_way_in"
    default_message = "Set a password first: nothing else would open this account."
