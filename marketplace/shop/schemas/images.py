from typing import Annotated
from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import Meta, Struct


class ProductImageForm(Struct, kw_only=True, forbid_unknown_fields=True):
    """One picture as `image`, or several as `images`; `alt_text` says what they show, for those who cannot see them."""

    image: UploadFile | None = None
    images: list[UploadFile] | None = None
    alt_text: Annotated[str, Meta(max_length=200)] = ""


class ProductImageOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ids of all pictures, the first one first."""

    order: list[UUID]
