"""How an order's money is shared between its seller, the platform and the tax office, however it is parcelled out. Pure."""

from msgspec import Struct


class Shares(Struct, frozen=True):
    """Minor units. They sum to what is shared."""

    seller: int
    fee: int
    tax: int

    def __sub__(self, other: "Shares") -> "Shares":
        return Shares(self.seller - other.seller, self.fee - other.fee, self.tax - other.tax)


def shared(minor: int, *, total: int, fee: int, tax: int) -> Shares:
    """The shares of the first `minor` of an order's `total`.

    Rounded down one inside the other: first the tax of the whole, then the fee of what is left. So every share only grows
    with `minor`, no part of it is ever below zero, and at `total` each is what was agreed: parts sum exactly.
    """
    taxed = tax * minor // total if total else 0
    rest = minor - taxed
    charged = fee * rest // (total - tax) if total > tax else 0
    return Shares(rest - charged, charged, taxed)


def between(before: int, after: int, *, total: int, fee: int, tax: int) -> Shares:
    """The shares of what lies between two points of an order's total."""
    return shared(after, total=total, fee=fee, tax=tax) - shared(before, total=total, fee=fee, tax=tax)
