"""The stored state of a graph or swarm is damaged: nothing is done twice, and what cannot be read is named."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import GraphBuilder, Status, Swarm
from strands.session import FileSessionManager, SnapshotSessionManager
from strands.session.doubled import Damaged, doubled, undoubled
from strands.storage import LocalFileStorage
from strands.types.exceptions import EventLoopException, SessionException
from support.payers import Way, finish, journal, start
from support.session_worker import lines

STATES: list[dict[str, Any]] = [
    {"type": "graph", "text": 'é"\\', "bytes": b"\x00\xff", "inner": {"_copy": {"a": 1}}},
    {"a": 1},
]


@pytest.mark.parametrize("state", STATES)
def test_any_flipped_bit_is_mended_from_the_second_copy(state: dict[str, Any]) -> None:
    content = doubled(state)
    assert undoubled(content) == (state, True)
    assert json.loads(content)["_copy"]
    for bit in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << (bit % 8)
        assert undoubled(bytes(flipped)) == (state, False)


@pytest.mark.parametrize("state", STATES)
def test_what_was_cut_or_zeroed_is_damage_or_whole_and_never_something_else(state: dict[str, Any]) -> None:
    content = doubled(state)
    for size in range(len(content)):
        with pytest.raises(Damaged):
            undoubled(content[:size])
        zeroed = content[:size] + bytes(len(content) - size)
        with contextlib.suppress(Damaged):
            assert undoubled(zeroed)[0] == state


def test_a_state_of_before_is_read() -> None:
    assert undoubled(b'{"type": "graph", "inner": {"_copy": 1}}') == ({"type": "graph", "inner": {"_copy": 1}}, True)


class Payer:
    """A graph or swarm whose first call ends after the payment, before anything was built on it."""

    def __init__(self, root: Path, kind: str, store: str) -> None:
        self.root, self.kind, self.store = root, kind, store
        self.paid = 0
        self.is_down = True

    def make(self) -> Any:
        @tool
        def pay() -> str:
            """Pay."""
            self.paid += 1
            return "paid"

        def script(messages: list[Any]) -> Any:
            if len(messages) == 1:
                return ToolCall("pay", {})
            if self.is_down:
                raise ConnectionError("network down")
            return "done"

        agent = Agent(model=ScriptedModel(script), name="a", tools=[pay], callback_handler=None, retry_strategy=None)
        manager: Any
        if self.store == "files":
            manager = FileSessionManager("s", self.root)
        else:
            manager = SnapshotSessionManager("s", storage=LocalFileStorage(self.root))
        if self.kind == "swarm":
            return Swarm([agent], session_manager=manager)
        builder = GraphBuilder().set_session_manager(manager)
        builder.add_node(agent, "a")
        return builder.build()

    def begin(self) -> Path:
        with contextlib.suppress(EventLoopException):
            self.make()("bills")
        self.is_down = False
        assert self.paid == 1
        (path,) = [
            path for path in self.root.rglob("*.json") if path.name in ("multi_agent.json", "snapshot_latest.json")
        ]
        return path


@pytest.mark.parametrize("store", ["files", "snapshots"])
@pytest.mark.parametrize("kind", ["graph", "swarm"])
def test_a_flipped_bit_makes_no_payment_again(tmp_path: Path, kind: str, store: str) -> None:
    payer = Payer(tmp_path / "kept", kind, store)
    path = payer.begin()
    content = path.read_bytes()
    chance = random.Random(7)
    for number in range(40):
        flipped = bytearray(content)
        bit = chance.randrange(len(content) * 8)
        flipped[bit // 8] ^= 1 << (bit % 8)
        payer.root = tmp_path / f"{number}"
        shutil.copytree(tmp_path / "kept", payer.root)
        (payer.root / path.relative_to(tmp_path / "kept")).write_bytes(flipped)
        assert payer.make()(None).status is Status.COMPLETED
        assert payer.paid == 1


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-9], lambda content: b"", lambda content: bytes(len(content))]
)
@pytest.mark.parametrize("store", ["files", "snapshots"])
def test_what_cannot_be_read_is_named_and_left_as_it_is(
    tmp_path: Path, store: str, damage: Callable[[bytes], bytes]
) -> None:
    payer = Payer(tmp_path, "graph", store)
    path = payer.begin()
    for beside in path.parent.glob("journal.*"):
        beside.unlink()  # the file is alone, as another program leaves it
    ruined = damage(path.read_bytes())
    path.write_bytes(ruined)
    with pytest.raises(SessionException, match=r"'default_graph'.*damaged.*begin anew"):
        payer.make()
    assert path.read_bytes() == ruined
    path.unlink()
    assert payer.make()("bills").status is Status.COMPLETED


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: bytes(len(content))])
def test_a_damaged_file_is_mended_from_the_journal(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    payer = Payer(tmp_path, "graph", "files")
    path = payer.begin()
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    assert payer.make()(None).status is Status.COMPLETED
    assert payer.paid == 1
    assert path.with_name("multi_agent.json.damaged-1").read_bytes() == damage(sound)
    assert json.loads(path.read_bytes())["status"] == "completed"


@pytest.mark.parametrize("kind", ["graph", "swarm"])
def test_a_head_from_before_hides_no_line_that_is_broken(tmp_path: Path, kind: str) -> None:
    """As after a power loss, which may leave an older head, and a bit that flipped besides."""
    root, left = tmp_path / "root", tmp_path / "left"
    root.mkdir()
    start(kind, Way(root))
    head = journal(root).with_name("journal.head").read_bytes()
    finish(kind, Way(root, lambda: shutil.copytree(root / "store", left / "store")))
    damaged = journal(left)
    damaged.write_bytes(damaged.read_bytes()[:-50] + b"\0" + damaged.read_bytes()[-49:])
    damaged.with_name("journal.head").write_bytes(head)
    with pytest.raises(SessionException, match=r"damaged.*begin anew"):
        finish(kind, Way(left))
    assert lines(left, "effects") == []


def test_a_journal_that_is_gone_is_named_and_both_remedies_work(tmp_path: Path) -> None:
    payer = Payer(tmp_path / "one", "graph", "files")
    home = payer.begin().parent
    (home / "journal.jsonl").unlink()
    with pytest.raises(SessionException, match=r"'default_graph'.*damaged.*is gone.*begin anew, or journal\.jsonl and"):
        payer.make()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    (home / "journal.head").unlink()
    assert payer.make()(None).status is Status.COMPLETED  # from where the last call ended
    assert payer.paid == 1
    payer.root = tmp_path / "two"
    shutil.rmtree(payer.root / home.relative_to(tmp_path / "one"))
    assert not payer.make().is_under_way
