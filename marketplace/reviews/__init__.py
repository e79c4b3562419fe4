"""Reviews of products: by those who bought them, one each, answered once by the seller.

Owns the reviews, and moves a product's rating in the transaction that writes, hides or removes one. Refuses whoever did not buy.
"""
