"""Reads and row locks, by subject."""
