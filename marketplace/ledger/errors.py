from marketplace.core.errors import Conflict, NotFound, Unprocessable


class InsufficientFunds(Conflict):
    """`details.available`: what the account could have paid, as text, in `details.currency`."""

    code = "insufficient_funds"
    default_message = "There is not enough money for that."


class MoreThanOwed(Conflict):
    """Paid back to an account of debt more than `details.owed`."""

    code = "more_than_owed"
    default_message = "That is more than is owed."


class TransferNotFound(NotFound):
    code = "transfer_not_found"
    default_message = "There is no such transfer."


class TransferNotPending(Conflict):
    """Already settled or voided (`details.status`), or never a hold."""

    code = "transfer_not_pending"
    default_message = "That transfer is no longer pending."


class MoreThanHeld(Conflict):
    """Settling more than `details.held`."""

    code = "more_than_held"
    default_message = "That is more than was held."


class AlreadyReversed(Conflict):
    code = "already_reversed"
    default_message = "That transfer has been reversed before."


class NotReversible(Conflict):
    """A hold is voided, a void moved nothing, and a reversal is not itself reversed."""

    code = "not_reversible"
    default_message = "That transfer cannot be reversed."


class KeyReused(Unprocessable):
    """`details.key` names a transfer that was something else."""

    code = "transfer_key_reused"
    default_message = "That key belongs to another transfer."
