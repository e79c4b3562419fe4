from typing import Any

from litestar import Controller, Request, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.catalog.controllers.catalog import CATEGORIES, CategoryFilters, language_of
from marketplace.catalog.queries import categories
from marketplace.catalog.schemas import CategoryOut
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.shop.controllers.naming import ProductName, actor_of
from marketplace.shop.drafts import draft_of, patch_of
from marketplace.shop.freshness import CACHED
from marketplace.shop.queries import products as queries
from marketplace.shop.queries.facets import FACETS, get_facets
from marketplace.shop.queries.products import MyProductFilters, ProductFilters, find_product
from marketplace.shop.schemas.products import (
    CreateProduct,
    Facets,
    MyProductCard,
    ProductCard,
    ProductOut,
    UpdateProduct,
)
from marketplace.shop.service import listing as listings
from marketplace.shop.service import removing

ONE = "/{product:str}"


class ProductController(Controller):
    path = "/products"
    tags = ("Products",)

    @get(operation_id="listProducts", opt={"public": True, "cache": CACHED, "listing": queries.PRODUCTS})
    async def list_all(
        self, listing: NamedDependency[ListQuery[ProductFilters]], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[Page[ProductCard]]:
        """What is for sale, newest first. `search` looks at names, SKUs and descriptions."""
        return await queries.list_products(listing, visitor)

    @post(operation_id="createProduct", opt={"idempotent": True})
    async def create(self, data: JSONBody[CreateProduct], viewer: NamedDependency[Viewer]) -> Envelope[ProductOut]:
        """List a product: for sale at once, or as a draft."""
        product_id = await listings.create_product(viewer.id, await draft_of(data))
        return ok(await queries.get_product(str(product_id), viewer), "The product has been listed.")

    @get(
        "/featured",
        operation_id="listFeaturedProducts",
        opt={"public": True, "cache": CACHED, "listing": queries.FEATURED},
    )
    async def featured(
        self, listing: NamedDependency[ListQuery[ProductFilters]], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[Page[ProductCard]]:
        """What the house puts forward."""
        return await queries.list_featured(listing, visitor)

    @get("/facets", operation_id="countProducts", opt={"public": True, "cache": CACHED, "listing": FACETS})
    async def facets(self, listing: NamedDependency[ListQuery[ProductFilters]]) -> Envelope[Facets]:
        """How many products the same filters find: by category, price, rating and stock."""
        return ok(await get_facets(listing))

    @get(
        "/categories",
        operation_id="listProductCategories",
        opt={"public": True, "cache": (categories.TAG, categories.HOUR), "listing": CATEGORIES},
    )
    async def list_categories(
        self,
        request: Request[Any, Any, Any],
        listing: NamedDependency[ListQuery[CategoryFilters]],
        visitor: NamedDependency[Viewer | None],
    ) -> Envelope[Page[CategoryOut]]:
        """The categories from the top, each with all below it in `children`: the same as `/categories/`."""
        language = language_of(request, listing.filters.language, visitor)
        return listing.of(categories.ordered(await categories.get_tree(language), listing.sorts))

    @get("/mine", operation_id="listMyProducts", opt={"listing": queries.MINE})
    async def mine(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[MyProductFilters]]
    ) -> Envelope[Page[MyProductCard]]:
        """What you sell, drafts and archived ones included."""
        return await queries.list_mine(listing, viewer)

    @get(ONE, operation_id="showProduct", opt={"public": True, "cache": CACHED})
    async def show(
        self, product: FromPath[ProductName], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[ProductOut]:
        """One product by slug or id, with its pictures, variants and what is like it. `cost_price` is its seller's to see."""
        return ok(await queries.get_product(product, visitor))

    @get(ONE + "/related", operation_id="listRelatedProducts", opt={"public": True, "cache": CACHED})
    async def related(
        self, product: FromPath[ProductName], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[list[ProductCard]]:
        """Others of its category, those with the same tags first."""
        return ok(await queries.get_related(product, visitor))

    @put(ONE, operation_id="putProduct")
    async def replace(
        self, product: FromPath[ProductName], data: JSONBody[UpdateProduct], viewer: NamedDependency[Viewer]
    ) -> Envelope[ProductOut]:
        """Change your product. What is left out stays as it is, and so does its slug."""
        return await _changed(product, data, viewer)

    @patch(ONE, operation_id="updateProduct")
    async def change(
        self, product: FromPath[ProductName], data: JSONBody[UpdateProduct], viewer: NamedDependency[Viewer]
    ) -> Envelope[ProductOut]:
        """Change your product. What is left out stays as it is, and so does its slug."""
        return await _changed(product, data, viewer)

    @delete(ONE, operation_id="deleteProduct")
    async def remove(self, product: FromPath[ProductName], viewer: NamedDependency[Viewer]) -> None:
        """Take your product away. Where orders name it, it is archived, and only you see it."""
        await removing.remove(await find_product(product, viewer), actor_of(viewer))

    @post(ONE + "/publish", operation_id="publishProduct", status_code=HTTP_200_OK)
    async def publish(self, product: FromPath[ProductName], viewer: NamedDependency[Viewer]) -> Envelope[ProductOut]:
        """Offer your product for sale."""
        product_id = await find_product(product, viewer)
        await listings.publish(product_id, actor_of(viewer))
        return ok(await queries.get_product(str(product_id), viewer), "The product is for sale.")

    @post(ONE + "/unpublish", operation_id="unpublishProduct", status_code=HTTP_200_OK)
    async def unpublish(self, product: FromPath[ProductName], viewer: NamedDependency[Viewer]) -> Envelope[ProductOut]:
        """Take your product off the shelves: a draft again."""
        product_id = await find_product(product, viewer)
        await listings.unpublish(product_id, actor_of(viewer))
        return ok(await queries.get_product(str(product_id), viewer), "The product is a draft.")


async def _changed(product: str, data: UpdateProduct, viewer: Viewer) -> Envelope[ProductOut]:
    product_id = await find_product(product, viewer)
    await listings.update_product(product_id, actor_of(viewer), await patch_of(product_id, data))
    return ok(await queries.get_product(str(product_id), viewer), "The product has been changed.")
