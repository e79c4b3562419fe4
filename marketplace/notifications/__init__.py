"""What people are told: inbox, live, by mail; and what they want to be told, per type and channel.

Listens to every other domain and is imported by none. Decides nothing: a notification is never the only trace of a fact.
"""
