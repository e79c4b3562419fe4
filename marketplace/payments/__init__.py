"""How money comes in and goes out: payments, refunds, the wallet, payouts, invoices, and the providers behind them.

Knows what a payment is for only as a registered purpose (`payables`), so that orders, deposits and whatever comes later end
in one function. Refuses to talk to a provider inside a transaction: intent recorded, call made, result recorded.
"""
