"""Reads: one statement each, and everything that is read for update."""
