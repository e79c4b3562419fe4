"""What every domain stands on: configuration, database, outbox, timers, jobs, live rooms, errors, money.

Knows no domain, and imports none.
"""
