"""Reads: one statement each. What a viewer may not see is not in the result."""
