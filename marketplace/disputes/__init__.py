"""Disputes about orders: both sides say their part, agree on a split, or have staff decide, while the escrow is frozen.

Refuses to move money otherwise than by `orders.service.freezing.resolve`, and to know of what kind an order is.
"""
