"""A PostgreSQL of this machine's own: a cluster in a temporary directory, on a socket in it, started once a process.

PostgreSQL does not run as root, so root starts it as the user that Debian's package has made for it.
"""

from __future__ import annotations

import atexit
import glob
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_SETTINGS = ("listen_addresses=", "max_connections=60", "fsync=off", "shared_buffers=16MB", "autovacuum=off")
"""A cluster that is thrown away need not outlive a power loss."""


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; "" where it is not installed."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def reason() -> str:
    """Return why nothing can be tried with PostgreSQL here; "" if it can."""
    try:
        import psycopg
    except ImportError:
        return "psycopg is not installed: pip install 'strands-cli[postgres]'"
    del psycopg
    if os.environ.get("STRANDS_TEST_POSTGRES"):
        return ""
    if not program("initdb"):
        return "PostgreSQL is not installed: apt-get install postgresql"
    if os.geteuid() == 0 and subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


needs_postgres = pytest.mark.skipif(bool(reason()), reason=reason() or "-")


class Cluster:
    """A cluster that runs until this process ends, however it does: who keeps it waits for that at the end of a pipe.

    Attributes:
        directory: Where it and its socket are.
        url: Its database.
    """

    def __init__(self) -> None:
        self.directory: Path = Path(tempfile.mkdtemp(prefix="strands-pg-", dir="/dev/shm" if _fits() else None))
        self._as: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(self.directory, **self._as)
        data = self.directory / "data"
        self._run("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "-D", str(data))
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(
                "\n".join(f"{name} = '{value}'" for name, _, value in (each.partition("=") for each in _SETTINGS))
            )
            settings.write(f"\nunix_socket_directories = '{self.directory}'\n")
        self.start()
        self._keeper = subprocess.Popen(
            [
                "sh",
                "-c",
                f"cat > /dev/null; {program('pg_ctl')} -D {data} -m immediate -w stop; rm -rf {self.directory}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self._as,
        )
        self.url: str = f"postgresql://postgres@/postgres?host={self.directory}"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        log = str(self.directory / "log")
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-l", log, "-w", "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop the server; `immediate` is as if it had crashed."""
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-m", how, "-w", "stop")

    def end(self) -> None:
        """Stop it and leave nothing."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [program(name), *arguments],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **self._as,
        )
        assert done.returncode == 0, f"{name} failed; see {self.directory}"


def _fits() -> bool:
    try:
        return shutil.disk_usage("/dev/shm").free > 256 * 1024 * 1024
    except OSError:
        return False


@cache
def cluster() -> Cluster:
    """Return the cluster of this process."""
    started = Cluster()
    atexit.register(started.end)
    return started


class Pooler:
    """A PgBouncer before the cluster of this process, in transaction mode, until this process ends.

    Attributes:
        directory: Where its socket is.
    """

    def __init__(self) -> None:
        behind = cluster()
        self.directory: Path = behind.directory / "pooler"
        self.directory.mkdir()
        as_: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        settings = self.directory / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host={behind.directory} user=postgres\n[pgbouncer]\nlisten_port = 5432\n"
            "pool_mode = transaction\n"
            f"unix_socket_dir = {self.directory}\nauth_type = any\ndefault_pool_size = 3\nmax_client_conn = 100\n"
        )
        if as_:
            for each in (self.directory, settings):
                shutil.chown(each, **as_)
        self._keeper = subprocess.Popen(
            ["sh", "-c", f"{program('pgbouncer')} -q {settings} < /dev/null & cat > /dev/null; kill -9 $!"],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **as_,
        )
        until = time.monotonic() + 10
        while not (self.directory / ".s.PGSQL.5432").exists() and time.monotonic() < until:
            time.sleep(0.02)

    def end(self) -> None:
        """Stop it."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait()


@cache
def pooler() -> Pooler:
    """Return the pooler of this process."""
    started = Pooler()
    atexit.register(started.end)
    return started


def server() -> str:
    """Return the URL of a database to try things in."""
    return os.environ.get("STRANDS_TEST_POSTGRES") or cluster().url


def close_all() -> None:
    """Let go of the connections that were made in this process."""
    from strands.journal.postgres import PostgresDatabase

    PostgresDatabase.close_all()


def fresh_url(**options: str) -> str:
    """Return the URL of a store of its own, in a schema of its own, whose tables are made."""
    from strands_cli.session.repository import store_at

    url = server()
    named = {"schema": f"t{uuid.uuid4().hex[:12]}", **options}
    url += ("&" if "?" in url else "?") + "&".join(f"{key}={value}" for key, value in named.items())
    store_at(url).database.migrate()  # type: ignore[attr-defined]
    return url
