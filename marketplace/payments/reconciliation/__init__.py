"""Whether our books agree with themselves and with the providers': what `reconcile` and its scheduled run do.

What does not agree is a break. While one is open no payout leaves; staff find out why, mend it by a further transfer, and close it.
"""
