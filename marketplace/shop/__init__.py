"""The shop: products with variants, their stock, carts, and what a purchase costs.

Owns what is on the shelf and what is promised to whom. Refuses to promise what is not there: stock is reserved under a row lock,
and the database holds that no more is allocated than there is.
"""
