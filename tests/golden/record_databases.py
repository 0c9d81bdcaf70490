"""Record the golden databases of this schema: `python tests/golden/record_databases.py`, until it is released.

Databases of released schemas stay as they are: every later build must migrate them and go on with what they hold.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden import databases
from strands.journal.migrations import steps
from support.postgres import close_all, cluster, program

HERE = Path(__file__).parent / "databases"


def main() -> None:
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        databases.fill("sqlite:///golden.db")
        recorded = HERE / f"{len(steps())}.db"
        recorded.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect("golden.db")) as database:
            database.execute(f"vacuum into '{recorded}'")
        url = f"{cluster().url}&schema=golden"
        from strands_cli.session.repository import store_at

        store_at(url).database.migrate()  # type: ignore[attr-defined]
        databases.fill(url)
        close_all()
        command = [program("pg_dump"), "--no-owner", "--schema=golden", "--exclude-table-data=golden.strands_drivers"]
        dump = subprocess.run([*command, cluster().url], check=True, capture_output=True, text=True).stdout
        (HERE / f"{len(steps())}.sql").write_text(dump, encoding="utf-8")


if __name__ == "__main__":
    main()
