"""Gigs: what freelancers offer, in packages with extras, and how it is found.

Owns what is offered, at which price, and whether it may be ordered. Refuses to sell: an order is placed by the domain above, on a
snapshot that is priced here under the gig's lock.
"""
