"""The HTTP side of engagements."""

from marketplace.engagements.controllers.deliveries import DeliveryController, OrderDeliveryController
from marketplace.engagements.controllers.milestones import MilestoneController, OrderMilestoneController
from marketplace.engagements.controllers.offers import CustomOfferController
from marketplace.engagements.controllers.requests import (
    CancellationController,
    ExtensionController,
    OrderRequestController,
)
from marketplace.engagements.controllers.work import WorkController

CONTROLLERS = [
    WorkController, OrderDeliveryController, DeliveryController, OrderRequestController, ExtensionController,
    CancellationController, CustomOfferController, OrderMilestoneController, MilestoneController,
]  # fmt: skip
