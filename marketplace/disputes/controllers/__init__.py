"""Disputes over HTTP."""

from marketplace.disputes.controllers.disputes import DisputeController, OrderDisputeController
from marketplace.disputes.controllers.proposals import ProposalController
from marketplace.disputes.controllers.staff import ResolveController, StaffDisputeController

CONTROLLERS = [
    OrderDisputeController, DisputeController, ProposalController, ResolveController, StaffDisputeController,
]  # fmt: skip
