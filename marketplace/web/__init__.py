"""The front page: running auctions and the live room, for people. It doubles as the example client.

Plain modules and one style sheet, served as they lie in `static/`. Talks to nothing but the public API and the sockets.
"""
