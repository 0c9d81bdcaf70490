"""Agents in a bucket of `stub_s3`, and what stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from strands import Agent
from strands.agent.conversation_manager import NullConversationManager
from strands.journal import lines
from strands.models.scripted import ScriptedModel
from strands.session.journal_record import encoded, read_line
from strands.session.journal_state import JournalState
from strands.session.layout import message_texts
from strands.session.s3_log import S3Log
from strands.session.s3_store import Held, S3Store
from strands.types.session import SessionMessage
from support.s3_worker import manager
from support.stub_s3 import Stored, StubS3

HOME = "p/session_bills/agents/agent_default/"
JOURNAL = f"{HOME}journal.jsonl"


def agent_in(s3: StubS3, *replies: Any, **kwargs: Any) -> Agent:
    kept = manager(s3.url, "p", **kwargs.pop("manager", {}))
    model = ScriptedModel(list(replies))
    kwargs = {"conversation_manager": NullConversationManager(), **kwargs}
    return Agent(model=model, session_manager=kept, callback_handler=None, **kwargs)


class Shortcut(S3Store):
    """The objects of the stub without a network between."""

    def __init__(self, s3: StubS3) -> None:
        super().__init__(None, "bucket")
        self._stub = s3
        self._objects = s3.objects

    def fetch(self, key: str) -> Held | None:
        there = self._objects.get(key)
        return None if there is None else Held(there.body, there.etag)

    def age(self, key: str) -> float:
        return self._stub.now() - self._objects[key].at

    def put(self, key: str, content: bytes, version: str) -> str | None:
        with self._stub.lock:
            there = self._objects.get(key)
            if version != (there.etag if there is not None else ""):
                return None
            made = self._objects[key] = Stored(content, self._stub.now())
            return made.etag

    def write_bytes(self, key: str, content: bytes) -> None:
        self._objects[key] = Stored(content, self._stub.now())

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            del self._objects[key]


def grown(s3: StubS3, turns: int, size: int = 1000) -> None:
    """Let the session have so many turns more, each with so many characters."""
    store = Shortcut(s3)
    if JOURNAL not in s3.objects:
        agent_in(s3, "reply")("first")
    log = S3Log(store, HOME, "default", read_line)
    first = max(JournalState().take(log.news()).messages) + 1
    for id in range(first, first + 2 * turns):
        role: Any = "assistant" if id % 2 else "user"
        stored = SessionMessage.from_message({"role": role, "content": [{"text": f"{id} " + "x" * size}]}, id)
        text, content = message_texts(stored)
        leased = encoded("leased", "", '{"driver":"","by":""}')
        log.write([leased, encoded("message", f"messages/{id}", text)], expect=log.count)
        store.write_bytes(f"{HOME}messages/message_{id}.json", content)


def asked(s3: StubS3) -> dict[str, int]:
    """How often the server was asked since this was called last, by method."""
    counts = s3.counts()
    s3.requests.clear()
    return counts


def put_below(s3: StubS3, prefix: str, directory: Path) -> None:
    """Copy a directory into the bucket."""
    for path in directory.rglob("*"):
        if path.is_file():
            s3.objects[f"{prefix}/{path.relative_to(directory).as_posix()}"] = Stored(path.read_bytes(), s3.now())


def take_below(s3: StubS3, prefix: str, directory: Path) -> None:
    """Copy what the bucket holds into a directory."""
    for key, stored in s3.objects.items():
        path = directory / key.removeprefix(f"{prefix}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stored.body)


def said(agent: Agent) -> list[Any]:
    return [(message["role"], message["content"]) for message in agent.messages]


def kinds(s3: StubS3) -> list[str]:
    return [entry.kind for entry in lines.parse(s3.objects[JOURNAL].body).entries]
