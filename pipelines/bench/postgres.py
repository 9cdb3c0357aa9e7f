"""A throw-away PostgreSQL for the benchmark and the tests: a cluster in a folder of its own, on loopback.

The server refuses to run as root, so that root starts it as the user `postgres` (or `nobody`).
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import HealthError

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian and Ubuntu keep the server's programs, off the PATH."""
START_SECONDS = 60.0
LOOPBACK = "127.0.0.1"
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "20",
    "autovacuum": "off",
}


@dataclass(frozen=True)
class Cluster:
    """A running server. `folder` is one that the server may read."""

    dsn: str
    folder: Path


def find_server() -> Path | None:
    """Folder of `initdb` and `postgres`: on the PATH, else the newest that Debian's packages installed."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        return Path(on_path).resolve().parent
    installed = [path.parent for path in DEBIAN.glob("*/bin/initdb") if (path.parent / "postgres").exists()]
    return max(installed, key=lambda path: [int(n) for n in path.parts[-2].split(".")], default=None)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A fresh cluster, gone afterwards. Raises HealthError when there is no server or it does not start."""
    binaries = find_server()
    if binaries is None:
        raise HealthError(
            f"No PostgreSQL server on the PATH or in {DEBIAN}: install one (apt install postgresql)."
        )
    # Below /tmp, not below a test's own folder or TMPDIR: those may be closed to the user that the server runs
    # as, and the path of the socket that it makes as well may have about a hundred characters only.
    folder = Path(tempfile.mkdtemp(prefix="health-postgres-", dir="/tmp"))
    user = _unprivileged()
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        port, password = _free_port(), secrets.token_hex(16)
        with _running(binaries, folder, user, port, password):
            yield Cluster(
                f"postgresql:///postgres?host={LOOPBACK}&port={port}&user=health&password={password}", folder
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server((LOOPBACK, 0)) as listening:
        return listening.getsockname()[1]


def _unprivileged() -> pwd.struct_passwd | None:
    """The user to run the server as; None: the present one will do."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known.get("nobody")
    if user is None:
        raise HealthError(
            "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` here."
        )
    return user


@contextmanager
def _running(
    binaries: Path, folder: Path, user: pwd.struct_passwd | None, port: int, password: str
) -> Iterator[None]:
    data, log, word = folder / "data", folder / "server.log", folder / "password"
    as_user: dict[str, Any] = (
        {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    )
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    word.write_text(password)
    if user is not None:
        os.chown(word, user.pw_uid, user.pw_gid)
    # Whoever else is on this machine can reach the port.
    access = ["-A", "scram-sha-256", "--pwfile", word]
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "health", *access, "-E", "UTF8", "--no-sync"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **as_user,
    )
    if made.returncode:
        raise HealthError(f"initdb failed: {(made.stderr or made.stdout).strip()[-500:]}")
    settings = [
        part
        for name, value in (_SETTINGS | {"port": str(port)}).items()
        for part in ("-c", f"{name}={value}")
    ]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", folder, *settings],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **as_user,
        )
    try:
        _wait(server, log)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # "fast": open connections are ended
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[Any], log: Path) -> None:
    """Until the server says that it is ready."""
    end = time.monotonic() + START_SECONDS
    while b"ready to accept connections" not in log.read_bytes():
        if server.poll() is not None or time.monotonic() > end:
            raise HealthError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")
        time.sleep(0.05)
