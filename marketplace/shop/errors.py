"""What the shop refuses."""

from typing import Any

from marketplace.core.errors import Conflict, DomainError, Forbidden, NotFound, ValidationFailed


class ProductNotFound(NotFound):
    code = "product_not_found"
    default_message = "There is no such product."


class VariantNotFound(NotFound):
    code = "variant_not_found"
    default_message = "There is no such variant of this product."


class VariantRequired(ValidationFailed):
    """The product has several variants, and the request names none."""

    code = "variant_required"
    default_message = "This product has several variants: say which one with variant_id."


class StockUnavailable(Conflict):
    """RULES: Stock. `details.requested` and `details.available` are of the first thing that is short; `items` names all."""

    code = "stock_unavailable"
    default_message = "Insufficient stock."

    @classmethod
    def of(cls, items: list[dict[str, Any]]) -> "StockUnavailable":
        return cls(requested=items[0]["requested"], available=items[0]["available"], items=items)


class NotShipped(Conflict):
    """No more comes back of an order than was sent."""

    code = "not_shipped"
    default_message = "So many of this were not sent with the order."


class NotReserved(Conflict):
    """No more is shipped, or given back, of an order than was reserved for it."""

    code = "not_reserved"
    default_message = "So many of this are not reserved for the order."


class SkuTaken(DomainError):
    code = "sku_taken"
    default_message = "Another product of yours has this SKU."


class ProductArchived(Conflict):
    code = "product_archived"
    default_message = "The product is archived: unpublish it first, then change it."


class MayNotSell(Forbidden):
    code = "may_not_sell"
    default_message = "This account can't sell."


class EmailNotVerified(Forbidden):
    code = "email_not_verified"
    default_message = "Verify your e-mail address first."


class ImageNotFound(NotFound):
    code = "image_not_found"
    default_message = "There is no such picture."


class ImageOrderWrong(ValidationFailed):
    code = "validation_error"


class TooManyImages(DomainError):
    code = "too_many_images"
    default_message = "This product has as many pictures as it may have."


class ImportRunning(Conflict):
    code = "import_running"
    default_message = "A file of yours is being worked through already. Wait for its end."


class ImportNotFound(NotFound):
    code = "import_not_found"
    default_message = "There is no such import."


class OwnInterest(Forbidden):
    code = "own_interest"
    default_message = "You sell this yourself: another member of staff must do that."
