"""Which tables staff look at, by which columns: read-only, whatever the role."""
