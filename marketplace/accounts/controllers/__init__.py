"""HTTP of accounts, one module a subject."""

from marketplace.accounts.controllers.addresses import AddressController
from marketplace.accounts.controllers.auth import AuthController
from marketplace.accounts.controllers.avatars import AvatarController
from marketplace.accounts.controllers.business import BusinessController
from marketplace.accounts.controllers.favorites import FavoriteController
from marketplace.accounts.controllers.identity_checks import IdentityController
from marketplace.accounts.controllers.portfolio import PortfolioController, SkillController
from marketplace.accounts.controllers.privacy import PrivacyController
from marketplace.accounts.controllers.profiles import ProfileController
from marketplace.accounts.controllers.security import (
    PasswordController,
    SecondFactorController,
    SessionController,
    VerificationController,
)
from marketplace.accounts.controllers.social import SocialController
from marketplace.accounts.controllers.sockets import SocketTicketController

CONTROLLERS = [
    AddressController,
    AuthController,
    AvatarController,
    BusinessController,
    FavoriteController,
    IdentityController,
    PortfolioController,
    PrivacyController,
    ProfileController,
    SkillController,
    PasswordController,
    SecondFactorController,
    SessionController,
    SocialController,
    SocketTicketController,
    VerificationController,
]
