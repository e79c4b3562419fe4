"""Use cases of accounts, one module a verb or a subject."""
