"""A marketplace to look at: accounts, auctions and pictures made up for trying things out, and bidders that bid.

Everything goes through the same services and API as real use. Never loaded in production.
"""
