"""The HTTP side of accounts, by subject."""
