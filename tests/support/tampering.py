"""Somebody who can write to a store, and does not have the key that heads are signed with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strands.journal import lines
from strands.journal.entries import Draft
from strands_cli.session.repository import store_at

Lines = list[bytes]


class Intruder:
    """Changes what is in a store behind the back of the product.

    Args:
        place: The store.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self.store: Any = store_at(place)

    def lines(self, session_id: str) -> Lines:
        """Return the lines of a session, without newlines."""
        content: bytes = asyncio.run(self.store.content(session_id))
        return content.splitlines()

    def put(self, session_id: str, there: Lines) -> None:
        """Let these be the lines of a session, and all else in the store agree with them."""
        if hasattr(self.store, "root"):
            directory = self.store.root / f"session_{session_id}"
            (directory / "journal.jsonl").write_bytes(b"".join(line + b"\n" for line in there))
            (directory / "journal.head").unlink(missing_ok=True)
            return

        def work(transaction: Any) -> None:
            (no,) = transaction.execute("select no from strands_sessions where id = ?", session_id)[0]
            transaction.execute("delete from strands_entries where session = ?", no)
            rows = [(no, seq, line, None) for seq, line in enumerate(there)]
            transaction.execute_many("insert into strands_entries (session, seq, line, blob) values (?, ?, ?, ?)", rows)
            statement = "update strands_sessions set count = ?, last_sum = ? where no = ?"
            transaction.execute(statement, len(there), lines.sum_of(there[-1]), no)

        self.store.database.write(work)

    def cut(self, session_id: str, count: int) -> None:
        """Leave the first `count` entries."""
        self.put(session_id, self.lines(session_id)[:count])

    def edit(self, session_id: str, seq: int, old: bytes, new: bytes) -> None:
        """Change the text of a line, and leave its checksum."""
        there = self.lines(session_id)
        assert old in there[seq]
        there[seq] = there[seq].replace(old, new)
        self.put(session_id, there)

    def chain_anew(self, session_id: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        """Change entries, and work out all checksums again, as a journal of this product would have them."""
        first, *_ = there = self.lines(session_id)
        entries = change([json.loads(line) for line in there])
        drafts = [Draft(each["kind"], each["key"], each["data"], each["at"]) for each in entries]
        if entries[0] != json.loads(first):
            self.put(session_id, lines.encode(drafts, 0, "")[0].splitlines())
            return
        rest, _, _ = lines.encode(drafts[1:], 1, lines.sum_of(first))
        self.put(session_id, [first, *rest.splitlines()])

    def remove(self, session_id: str) -> None:
        """Let a session be gone."""
        if hasattr(self.store, "root"):
            (self.store.root / f"session_{session_id}").rename(self.store.root.parent / f"gone_{session_id}")
        else:
            statement = "delete from strands_sessions where id = ?"
            self.store.database.write(lambda each: each.execute(statement, session_id))

    def heads(self) -> Lines:
        """Return the lines of the heads log."""
        content: bytes = self.store.heads_log().content()
        return content.splitlines()

    def put_heads(self, there: Lines) -> None:
        """Let these be the lines of the heads log."""
        if hasattr(self.store, "root"):
            Path(self.store.root, "heads.jsonl").write_bytes(b"".join(line + b"\n" for line in there))
            return

        def work(transaction: Any) -> None:
            (no,) = transaction.execute("select no from strands_sessions where kind = 'audit'")[0]
            transaction.execute("delete from strands_entries where session = ?", no)
            rows = [(no, seq, line, None) for seq, line in enumerate(there)]
            transaction.execute_many("insert into strands_entries (session, seq, line, blob) values (?, ?, ?, ?)", rows)
            statement = "update strands_sessions set count = ?, last_sum = ? where no = ?"
            transaction.execute(statement, len(there), lines.sum_of(there[-1]) if there else "", no)

        self.store.database.write(work)
