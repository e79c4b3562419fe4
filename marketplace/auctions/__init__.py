"""Auctions: listings with lots, proxy bids, automatic bids, closing, and what a winner owes.

Owns the rules of bidding and the append-only, hash-chained history of each lot. Takes no money: a `Sale` says what is owed.
"""
