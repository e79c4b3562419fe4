"""The moderation queue: what looks wrong, put before a person who decides.

Listens to the other domains and judges nothing by itself; what staff do about a case they do through those domains.
"""
