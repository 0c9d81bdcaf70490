"""A PostgreSQL for the measures: a cluster in a temporary directory, on a socket in it, gone when they are done."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

URL = "BENCH_POSTGRES"
"""The environment variable that tells a worker where it is; a server of one's own may be named by it."""


@contextlib.contextmanager
def running() -> Iterator[None]:
    """Run a cluster while the block runs, and name it in the environment; without PostgreSQL's programs do nothing."""
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin")) or [os.path.dirname(shutil.which("initdb") or "")]
    if os.environ.get(URL) or not programs[-1] or (os.geteuid() == 0 and not _has_user()):
        yield
        return
    directory = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    own: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if own:
        shutil.chown(directory, **own)

    def call(name: str, *arguments: str) -> None:
        command = [f"{programs[-1]}/{name}", "-D", str(directory / "data"), *arguments]
        subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL, **own)

    call("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8")
    with (directory / "data" / "postgresql.conf").open("a") as settings:
        settings.write(f"listen_addresses = ''\nunix_socket_directories = '{directory}'\n")
    call("pg_ctl", "-l", str(directory / "log"), "-w", "start")
    os.environ[URL] = f"postgresql://postgres@/postgres?host={directory}"
    try:
        yield
    finally:
        del os.environ[URL]
        call("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(directory, ignore_errors=True)


def _has_user() -> bool:
    return subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode == 0
