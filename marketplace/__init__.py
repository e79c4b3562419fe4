"""An open marketplace: auctions, gigs, a shop, bookings and streams on one account, one order spine, one ledger."""
