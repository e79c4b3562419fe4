"""Reviews of everything bought, by both sides of an order, and what follows from them: the ratings and standing of persons.

Owns the reviews, and moves ratings in the transaction that makes a review count, changes or hides it. What there is to review each
way to sell says in `orders.reviewing`. Refuses whoever did not buy, and shows nobody what one side said before the other had its say.
"""
