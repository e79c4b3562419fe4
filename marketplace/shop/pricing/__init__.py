"""What a purchase costs. Pure: `quoting.quote` makes a Quote of what is bought, the policies and the coupons, and nothing else.

The quote that is shown and the order that is placed come from the same call. In every quote, and in every seller's part of it,
lines + shipping + tax = total, to the minor unit, in every currency.
"""
