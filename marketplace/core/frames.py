"""What travels through a channel: `<seq> <addressee or -> <body>`, taken apart once a process, not once a socket."""

from typing import Any, Final
from uuid import UUID

EVERYBODY: Final = "-"
UNNUMBERED: Final = 0
RESYNC: Final = -1


class Frame(bytes):
    """A message on its way. `event` is ready to be sent as it is, and is shared by all sockets of the process."""

    seq: int
    to_user: str
    event: dict[str, Any]

    def __new__(cls, data: bytes) -> "Frame":
        frame = super().__new__(cls, data)
        seq, to_user, body = data.split(b" ", 2)
        frame.seq = int(seq)
        frame.to_user = to_user.decode()
        frame.event = {"type": "websocket.send", "bytes": None, "text": body.decode()}
        return frame

    @property
    def body(self) -> str:
        return str(self.event["text"])


def frame(seq: int, to_user: UUID | None, body: str) -> bytes:
    """`seq` 0 is a message of the moment that nobody misses (presence); -1 asks for a fresh snapshot."""
    return f"{seq} {to_user or EVERYBODY} {body}".encode()
