"""Who somebody is: accounts, sessions and tokens, profiles, addresses, verification, privacy.

Owns what a person may be asked about themselves. Knows nothing of what they buy or sell.
"""
