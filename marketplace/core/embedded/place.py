"""Where a set of embedded servers lives, and the user it runs as."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

NAME = "marketplace"
SOCKET_PATH_LIMIT = 85
"""sun_path holds 104 bytes on macOS and 108 on Linux; the server's own file names need some of them."""


class EmbeddedError(Exception):
    """An embedded server cannot run here; the message says why and what to do."""


@dataclass(frozen=True)
class Place:
    """Where one set of servers keeps its data (`home`) and its sockets (`run`, mode 0700)."""

    home: Path
    run: Path

    @property
    def database_url(self) -> str:
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.run))}"

    @property
    def redis_url(self) -> str:
        return f"unix://{quote(str(self.valkey_socket))}?db=0"

    @property
    def postgres_socket(self) -> Path:
        return self.run / ".s.PGSQL.5432"

    @property
    def valkey_socket(self) -> Path:
        return self.run / "valkey.sock"

    @property
    def cluster(self) -> Path:
        return self.home / "postgres" / "data"

    @property
    def postmaster_pid(self) -> Path:
        return self.cluster / "postmaster.pid"

    @property
    def valkey_pid(self) -> Path:
        return self.run / "valkey.pid"

    def log(self, server: str) -> Path:
        return self.home / "logs" / f"{server}.log"


def locate(home: Path) -> Place:
    """The place that belongs to `home`. Run by root, servers run as nobody, who may be unable to enter `home`."""
    home = home.resolve()
    digest = sha256(bytes(home)).hexdigest()[:10]
    if os.geteuid() == 0 and not anybody_may_enter(home.parent):
        home = Path("/var/lib") / f"{NAME}-{digest}"
    run = home / "run"
    if len(bytes(run)) > SOCKET_PATH_LIMIT:
        run = Path("/tmp") / f"{NAME}-{os.geteuid()}-{digest}"  # noqa: S108 - 0700, and its owner is checked
    return Place(home, run)


def make_folders(place: Place) -> None:
    try:
        place.home.mkdir(parents=True, exist_ok=True)
        nobody = as_nobody()
        if nobody and place.home.stat().st_uid == 0:
            place.home.chmod(0o711)
        for folder in (place.run, place.home / "postgres", place.home / "valkey", place.home / "logs"):
            folder.mkdir(mode=0o700, exist_ok=True)
            owner = folder.lstat().st_uid
            if nobody and owner == 0:
                os.chown(folder, nobody["user"], nobody["group"])
            elif owner != nobody.get("user", os.geteuid()):
                raise PermissionError(13, f"it belongs to user {owner}", str(folder))
            if folder == place.run:
                folder.chmod(0o700)
    except OSError as error:
        raise EmbeddedError(
            f"{error.filename} cannot be used: {error.strerror}. Run as the user who made it, "
            "or set MARKETPLACE_HOME to a folder of your own."
        ) from None


def as_nobody() -> dict[str, Any]:
    """How root starts a server: PostgreSQL refuses to run as root. Empty for everybody else."""
    if os.geteuid():
        return {}
    import pwd

    try:
        user = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError("There is no user `nobody` for the servers to run as. Start as an ordinary user.") from None
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def anybody_may_enter(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents) if part.exists())
