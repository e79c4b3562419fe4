"""The back office: Piccolo Admin at /admin for people, `/api/v1/admin` for programs.

Staff are accounts with a role; there is no second kind of user. Tables are for looking; what staff do goes through the
same services as the API and leaves an audit row.
"""
