"""What gigs refuse."""

from marketplace.core.errors import Conflict, DomainError, Forbidden, NotFound, ValidationFailed


class GigNotFound(NotFound):
    code = "gig_not_found"
    default_message = "There is no such gig."


class PackageNotFound(NotFound):
    code = "package_not_found"
    default_message = "There is no such package."


class MediaNotFound(NotFound):
    code = "gig_media_not_found"
    default_message = "There is no such picture, video or document."


class GigPaused(Conflict):
    """Its seller takes no orders at the moment."""

    code = "gig_paused"
    default_message = "The seller takes no orders for this gig at the moment."


class GigArchived(Conflict):
    code = "gig_archived"
    default_message = "This gig is archived."


class OwnGig(Forbidden):
    code = "own_gig"
    default_message = "This gig is your own."


class UnknownPackage(ValidationFailed):
    """The package is not of this gig, or not offered any more. `details.packages`: the ids of those that are."""

    code = "unknown_package"


class UnknownExtra(ValidationFailed):
    """An extra is not of this gig, or not offered any more. `details.extras`: the ids of those that are."""

    code = "unknown_extra"


class NotComplete(ValidationFailed):
    """What a gig lacks before others may see it: `errors` by field, `details.missing` the fields."""

    code = "gig_incomplete"
    default_message = "Something is missing before this gig can be published."


class TierTaken(DomainError):
    code = "tier_taken"
    default_message = "The gig has a package of this tier."


class LastPackage(Conflict):
    """What is offered has a price."""

    code = "last_package"
    default_message = "A gig that is published, or waits for approval, keeps at least one package: pause it first."


class TooMuchMedia(DomainError):
    code = "too_much_media"
    default_message = "This gig has as much of this kind as it may have."


class MediaOrderWrong(ValidationFailed):
    code = "validation_error"


class MayNotOffer(Forbidden):
    code = "may_not_sell"
    default_message = "This account can't offer gigs."


class EmailNotVerified(Forbidden):
    code = "email_not_verified"
    default_message = "Verify your e-mail address first."


class OwnInterest(Forbidden):
    code = "own_interest"
    default_message = "You offer this yourself: another member of staff must do that."
