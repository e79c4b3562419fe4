"""PostgreSQL and Valkey without installing either: the programs out of wheels, run by us on Unix sockets.

Who uses them holds a shared lock on `<home>/users`, which the kernel lets go of even after SIGKILL, so there is no count
to go stale. Who leaves last stops the servers. A small keeper process looks after those whose user was killed: once
nobody holds the lock it stops them. A start that comes before that adopts what still runs.

Standard library only, so that the keeper stays small.
"""

from marketplace.core.embedded.place import EmbeddedError, Place, locate
from marketplace.core.embedded.users import hold, servers

__all__ = ["EmbeddedError", "Place", "hold", "locate", "servers"]
