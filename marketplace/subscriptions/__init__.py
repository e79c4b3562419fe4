"""Subscriptions to the platform's plans: an order for each period, paid with a stored method, renewed by timers.

The platform sells them, so each invoice is an order of the house's account. Refuses to change a plan before its charge
has succeeded.
"""
