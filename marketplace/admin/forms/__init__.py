"""The forms in the back office's sidebar. Each calls the same use case as the API; a refusal is shown as its message."""

from marketplace.admin.forms import auctions, catalog, coupons, gigs, money, people, reviews, shop, system

FORMS = [
    *people.FORMS,
    *auctions.FORMS,
    *money.FORMS,
    *catalog.FORMS,
    *shop.FORMS,
    *coupons.FORMS,
    *gigs.FORMS,
    *reviews.FORMS,
    *system.FORMS,
]
