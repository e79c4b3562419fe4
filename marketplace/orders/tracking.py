"""Where a parcel can be followed, by who carries it. Pure."""

from typing import Final
from urllib.parse import quote

PAGES: Final = {
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}",
    "ups": "https://www.ups.com/track?tracknum={}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    "royalmail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "evri": "https://www.evri.com/track/parcel/{}",
    "gls": "https://gls-group.com/track/{}",
    "laposte": "https://www.laposte.fr/outils/suivre-vos-envois?code={}",
    "canadapost": "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={}",
    "australiapost": "https://auspost.com.au/mypost/track/#/details/{}",
    "japanpost": "https://trackings.post.japanpost.jp/services/srv/search/direct?reqCodeNo1={}",
}
OTHER_NAMES: Final = {
    "dhlexpress": "dhl", "dhlpaket": "dhl", "unitedparcelservice": "ups", "federalexpress": "fedex", "fedexground": "fedex",
    "unitedstatespostalservice": "usps", "colissimo": "laposte", "hermes": "evri", "auspost": "australiapost",
}  # fmt: skip


def page_of(carrier: str, tracking_number: str) -> str:
    """The carrier's own page about this parcel; empty where the carrier is not known here, or nothing is to be followed.

    Only ever made from these patterns: a seller cannot send a buyer anywhere else.
    """
    name = "".join(sign for sign in carrier.casefold() if sign.isalnum())
    page = PAGES.get(OTHER_NAMES.get(name, name))
    number = "".join(tracking_number.split())
    return page.format(quote(number, safe="")) if page and number else ""
