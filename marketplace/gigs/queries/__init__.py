"""Reads: one statement each, the JSON of lists written by Postgres. What a viewer may not see is not in the result."""
