"""Where every cent is: accounts, transfers, entries. Knows nothing of HTTP, providers or what is sold.

Owns the chart of accounts and the only way to change a balance. Refuses whatever does not net to zero, whatever would
take an account where it may not go, and any change of what is recorded: a correction is a new transfer.
"""
