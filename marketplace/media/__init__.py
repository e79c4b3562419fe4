"""What people upload: taken in, looked at, re-encoded, attached, served, taken away.

Stands below accounts, so that every domain may use it; whose a file is, it knows by id only. It refuses to know what a
file is for: a domain declares a purpose, says who sees its files, and hears `MediaReady` and `MediaRefused`.

    GIG_MEDIA = purposes.declare(Purpose("gig_media", accepts=SHOWCASE, max_bytes=50 * MB, most=10))
    DELIVERY = purposes.declare(
        Purpose("delivery", sizes=(200, 600), public=False, accepts=WORK, keeps_original=True, ahead=True, most=20, max_bytes=100 * MB,
                outlives_owner=True)
    )

    @purposes.seen_by(DELIVERY)                                          # queries: who sees the files of a delivery
    async def parties(delivery_id: UUID, viewer_id: UUID) -> bool: ...

Uploaded to something that is there:

    class MediaForm(Struct, forbid_unknown_fields=True):                 # schemas
        file: UploadFile

    @post("/{gig_id:uuid}/media/", request_max_body_size=uploads.body_limit(1, GIG_MEDIA))
    async def add(self, data: MultipartBody[MediaForm], ...):            # hits the limit "uploads" first
        await service.add_media(...)

    async def add_media(...):                                            # service
        async def attach(media: MediaRecord) -> None:                    # in the transaction in which the file becomes yours
            await lock_gig(gig_id)
            await attachments.attach([media.id], GIG_MEDIA, gig_id, owner_id=actor.id, field="file")
        await uploads.accept(file, GIG_MEDIA, owner_id=actor.id, field="file", attach=attach)

Uploaded ahead with `POST /media/` (a purpose with `ahead`), and named later; what nobody names goes after a day:

    await attachments.attach(form.file_ids, DELIVERY, delivery_id, owner_id=actor.id, field="file_ids")

Shown: public files come with the statement, private ones get their links in Python. Both are `MediaOut`.

    f"SELECT g.id, {queries.attached_json(GIG_MEDIA, 'g.id')} AS media FROM gigs g"
    [media_out(one, viewer.id) for one in (await queries.attached(DELIVERY, [delivery_id]))[delivery_id]]
    await queries.link_for(media_id, viewer.id)                          # one file; asks `seen_by`, NotFound

Also `attachments.detach`, `detach_all`, `reorder`. `MediaRecord.sha256` is of the bytes as they were sent: evidence names it.
A domain with more to say of each file than its place (a caption, a side) keeps the media id in a table of its own instead, as
auctions and shop do: it writes that row in `attach`, and calls `uploads.remove` when it deletes it.
"""
