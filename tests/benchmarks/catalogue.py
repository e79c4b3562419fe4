"""A shop of many products, each with a picture; and people with something in their carts."""

from uuid import UUID

MANY = 100_000
SOLD = 64
"""Products that the carts are filled with: so many of one seller each, with as much stock as they need."""


async def catalogue() -> None:
    """`MANY` products (see `many_products`), each with one picture in three sizes."""
    from marketplace.core import db
    from tests.factories.many_products import products

    if await db.fetch_val("SELECT count(*) FROM products") > MANY:
        return
    await products(MANY)
    async with db.transaction():
        await db.execute("SET LOCAL statement_timeout = 0")
        await db.execute(
            "CREATE TEMP TABLE shot ON COMMIT DROP AS SELECT id AS product, seller, gen_random_uuid() AS media FROM products"
        )
        await db.execute(
            "INSERT INTO media (id, owner, kind, purpose, public, state, filename, received_type, byte_size, sha256, width, height, "
            "renditions, reason, created_at, updated_at) SELECT media, seller, 'image', 'product_image', true, 'ready', 'picture.jpg', "
            "'image/jpeg', 26577, '', 900, 900, (SELECT jsonb_agg(jsonb_build_object('name', size::text, 'width', size, 'height', size, "
            "'bytes', 4000, 'key', 'public/product_image/' || media || '/' || size || '.webp')) FROM unnest(ARRAY[200, 600, 1600]) AS size), "
            "'', now(), now() FROM shot"
        )
        await db.execute(
            "INSERT INTO product_images (id, product, media, position, alt, created_at) "
            "SELECT gen_random_uuid(), product, media, 1, 'A picture', now() FROM shot"
        )
    for table in ("media", "product_images"):
        await db.execute(f"VACUUM ANALYZE {table}")


async def goods() -> list[tuple[UUID, UUID]]:
    """(product, variant) of `SOLD` things that do not run out."""
    from tests.factories.accounts import users
    from tests.factories.shop import a_product, the_variant

    sellers = await users(SOLD)
    made = [await a_product(seller, name=f"Plenty {n}", quantity=5_000_000) for n, seller in enumerate(sellers)]
    return [(product, await the_variant(product)) for product in made]


async def buyers(variants: list[UUID]) -> list[tuple[str, UUID]]:
    """(the header of a session, an address) of one person for each variant, who has one of it in the cart."""
    from marketplace.accounts.tokens import access_token
    from marketplace.core import db
    from marketplace.core.ids import uuid7
    from tests.factories.accounts import users
    from tests.factories.checkouts import addresses

    people: list[UUID] = []
    for start in range(0, len(variants), 1_000):
        people += await users(len(variants[start : start + 1_000]))
    sessions = [uuid7() for _ in people]
    await db.execute('INSERT INTO sessions (id, "user") SELECT * FROM unnest($1::uuid[], $2::uuid[])', sessions, people)
    await db.execute(
        "WITH new AS (INSERT INTO carts (id, \"user\", token_hash, created_at, updated_at) "
        "SELECT gen_random_uuid(), u, '', now(), now() FROM unnest($1::uuid[]) AS u RETURNING id, \"user\") "
        "INSERT INTO cart_items (id, cart, variant, quantity, seen_minor, saved_for_later, created_at, updated_at) "
        "SELECT gen_random_uuid(), new.id, w.variant, 1, p.price_minor, false, now(), now() "
        "FROM unnest($1::uuid[], $2::uuid[]) AS w(person, variant) JOIN new ON new.\"user\" = w.person "
        "JOIN product_variants v ON v.id = w.variant JOIN products p ON p.id = v.product",
        people, variants,
    )  # fmt: skip
    where = await addresses(people)
    return [
        (f"Bearer {access_token(person, session)}", address)
        for person, session, address in zip(people, sessions, where, strict=True)
    ]
