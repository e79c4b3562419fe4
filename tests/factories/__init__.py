"""Things to test with, made through the real tables and services: `await a_user()`, `await signed_in()`."""

from tests.factories.accounts import a_user, bearer, signed_in

__all__ = ["a_user", "bearer", "signed_in"]
