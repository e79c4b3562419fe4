"""What a client makes of the room's messages: the law is snapshot + messages == fresh snapshot."""

from copy import deepcopy
from typing import Any

NEWEST = 20


def applied(state: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    state = deepcopy(state)
    lot = next((one for one in state["lots"] if one["id"] == message.get("lot_id")), None)
    match message["type"]:
        case "snapshot":
            return {name: value for name, value in message.items() if name != "seq"}
        case "auction_started":
            state |= {"status": "active", "starts_at": message["starts_at"], "ends_at": message["ends_at"]}
            for one in state["lots"]:
                one |= {"status": "active", "ends_at": message["ends_at"]}
        case "bid_placed":
            lot |= _standing(message) | {"ends_at": message["ends_at"]}
            line = {name: message[name] for name in ("bid_no", "bidder", "leader", "kind", "amount", "timestamp")}
            lot["bids"] = [line | {"retracted": False}, *lot["bids"]][:NEWEST]
        case "bid_retracted":
            lot |= _standing(message)
            for line in lot["bids"]:
                if line["bid_no"] == message["bid_no"]:
                    line["retracted"] = True
        case "auction_ended":
            lot |= {
                "status": "ended",
                "outcome": message["outcome"],
                "winner": message["winner"],
                "buy_now_price": None,
            }
            if message["auction_over"]:
                state["status"] = "ended"
        case "auction_cancelled":
            state["status"] = "cancelled"
            for one in state["lots"]:
                one |= {"status": "cancelled", "buy_now_price": None}
    return state


def _standing(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "leader": message["leader"], "current_price": message["amount"], "minimum_bid": message["minimum_bid"],
        "bid_count": message["total_bids"], "reserve_met": message["reserve_met"],
        "buy_now_price": message["buy_now_price"],
    }  # fmt: skip
