"""Auctions: listings with lots, proxy bids, automatic bids, closing, and what becomes of what was won.

Owns the rules of bidding and the append-only, hash-chained history of each lot. Takes no money itself:
what is won is an order from the moment its lot closes (`fulfilment`), and what is held for a bid lies in the ledger (`service.holds`).
"""
