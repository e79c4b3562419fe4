from uuid import UUID

from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, Field
from starlette.requests import Request

from marketplace.accounts.states import Role
from marketplace.admin import service
from marketplace.admin.forms.common import as_staff
from marketplace.admin.staff import actor_id
from marketplace.moderation.service import decide
from marketplace.moderation.states import CaseStatus

STATUSES = ", ".join(CaseStatus)


class AuctionForm(BaseModel):
    auction_id: UUID = Field(title="Auction's id")
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


class StrikeForm(BaseModel):
    strike_id: UUID = Field(title="Strike's id")
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


class CaseForm(BaseModel):
    case_id: UUID = Field(title="Case's id")
    status: str = Field("reviewing", title=f"Status ({STATUSES})")
    decision: str = Field("", title="Why (needed to uphold or dismiss)", max_length=1000)


@as_staff(Role.MODERATOR)
async def remove_auction(request: Request, data: AuctionForm) -> str:
    await service.remove_auction(actor_id(request), data.auction_id, data.reason)
    return "Removed: its bids come to nothing, nobody owes anything for it."


@as_staff(Role.MODERATOR)
async def end_auction(request: Request, data: AuctionForm) -> str:
    await service.end_auction(actor_id(request), data.auction_id, data.reason)
    return "Ended."


@as_staff(Role.MODERATOR)
async def lift_strike(request: Request, data: StrikeForm) -> str:
    await service.lift_strike(actor_id(request), data.strike_id, data.reason)
    return "Lifted; they have been told."


@as_staff(Role.MODERATOR)
async def decide_case(request: Request, data: CaseForm) -> str:
    if data.status not in list(CaseStatus):
        raise ValueError(f"A status is one of: {STATUSES}.")
    await decide(data.case_id, actor_id(request), CaseStatus(data.status), data.decision)
    return f"The case is {data.status}."


FORMS = [
    FormConfig(
        "Remove an auction", AuctionForm, remove_auction, "Bids come to nothing; unpaid wins are void.", "Auctions"
    ),
    FormConfig("End an auction", AuctionForm, end_auction, "Ends now; who leads has won it.", "Auctions"),
    FormConfig(
        "Lift a strike", StrikeForm, lift_strike, "For a win that was not paid, and should not count.", "Auctions"
    ),
    FormConfig("Decide a case", CaseForm, decide_case, "What the signals of bidding put before you.", "Moderation"),
]
