"""Who may do what to whom. Pure: asked with what was read under lock."""

from marketplace.accounts.states import Role


def can_ban(actor: Role, target: Role) -> bool:
    """Staff ban those below them; an admin may ban anybody."""
    return actor is Role.ADMIN or (actor.includes(Role.MODERATOR) and actor.rank > target.rank)


def can_vouch(actor: Role, target: Role) -> bool:
    """Staff may say that an address belongs to an account that is not above them."""
    return actor.includes(Role.MODERATOR) and actor.includes(target)


def can_change_role(actor: Role) -> bool:
    return actor is Role.ADMIN
