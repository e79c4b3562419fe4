"""Engagements: the work under an order of a gig, from the brief to what is accepted.

Owns what was promised (days, revisions, the questions that must be answered first), deliveries, what one side asks of the
other, and the clock. It runs from acceptance, and stands while it is the buyer's turn or while the order is in dispute.
Money is the order's: it moves when the order is completed or cancelled, in the orders package.
"""
