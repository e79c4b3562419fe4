"""The use cases of auctions, a module a verb. Each function is one transaction."""
