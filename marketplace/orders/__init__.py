"""One spine for everything bought: checkouts, orders, immutable lines, histories, escrow, refunds.

Never asks what kind an order is: each way to sell implements `fulfilment.Fulfilment` and registers it. Refuses to change what
was agreed: prices, commission and addresses are snapshots.
"""
