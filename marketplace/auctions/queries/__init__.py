"""Reads: one statement each, the JSON of lists written by Postgres. What a viewer may not see is not in the result.

Nothing here shows a reserve or a leader's maximum to anybody but whom it belongs to, and nothing orders or filters by them.
"""
