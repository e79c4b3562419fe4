"""The refusals of accounts."""

from marketplace.core.errors import Conflict, Forbidden, NotSignedIn, ValidationFailed


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


class WrongCode(NotSignedIn):
    code = "wrong_code"
    default_message = "The code is wrong or was used already."


class OwnAccount(Forbidden):
    code = "own_account"
    default_message = "You cannot do that to your own account."
