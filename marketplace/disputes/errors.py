"""What disputes refuse. Amounts in `details` are text, beside their currency."""

from marketplace.core.errors import Conflict, Forbidden, NotFound


class DisputeNotFound(NotFound):
    code = "dispute_not_found"
    default_message = "There is no such dispute."


class ProposalNotFound(NotFound):
    code = "proposal_not_found"
    default_message = "There is no such proposal."


class OnlyTheOpener(Forbidden):
    code = "only_the_opener"
    default_message = "Only who opened the dispute may do that."


class OwnProposal(Forbidden):
    code = "own_proposal"
    default_message = "The other side answers your proposal; you may withdraw it."


class OwnDispute(Forbidden):
    code = "own_interest"
    default_message = "You are a party to this. Somebody else must do it."


class SecondReviewer(Forbidden):
    code = "second_reviewer_needed"
    default_message = "An appeal is decided by somebody who did not decide the first time."


class AlreadyAssigned(Conflict):
    """`details.assigned_to` has it."""

    code = "already_assigned"
    default_message = "Somebody else of the staff has this case."


class NothingToAppeal(Conflict):
    """They got all that there was, or have accepted the decision."""

    code = "nothing_to_appeal"
    default_message = "You cannot appeal this decision."


class AlreadyAppealed(Conflict):
    """A decision is appealed once."""

    code = "already_appealed"
    default_message = "This dispute has been appealed already."
