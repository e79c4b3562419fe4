"""The HTTP edge: what every request passes through before and after its handler.

Addresses behind proxies, hosts and CORS, request ids and the request log, security headers, compression, cached answers,
rate limits, idempotency keys, metrics, health.
"""
