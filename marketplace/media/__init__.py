"""What people upload: taken in, looked at, re-encoded, kept, served, taken away.

Stands below accounts, so that every domain may use it; whose a file is, it knows by id only. It refuses to know what a
file is for: a domain declares a purpose, keeps the media id in its own table, and hears `MediaReady`.

    AUCTION_IMAGE = purposes.declare(Purpose("auction_image", sizes=(200, 600, 1600)))

    class AuctionImageForm(Struct, forbid_unknown_fields=True):      # schemas.py
        image: UploadFile

    @post("/{auction_id:uuid}/images/", request_max_body_size=uploads.body_limit())
    async def add_image(self, data: MultipartBody[AuctionImageForm], ...):
        await uploads.accept(data.image, AUCTION_IMAGE, owner_id=viewer.id, field="image", attach=...)
"""
