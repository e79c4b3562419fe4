from marketplace.core import db
from marketplace.core.jobs import job


@job(timeout=120, retries=3)
async def draw_pictures() -> None:
    """A few of the demo's pictures, then the next few, until there are none to draw."""
    from marketplace.demo.shop import draw_some

    if await draw_some():
        async with db.transaction():
            await draw_pictures.defer()


@job(timeout=120, retries=3)
async def draw_covers() -> None:
    """The same for the covers of gigs."""
    from marketplace.demo.gigs import draw_some

    if await draw_some():
        async with db.transaction():
            await draw_covers.defer()
