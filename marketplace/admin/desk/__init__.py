"""The dispute desk at /admin/desk/: pages made here, for the panel's session and roles, that work without scripts.

What is done goes through the same services as the REST API. It refuses to show an effect it has not worked out with them.
"""
