"""Graphs and swarms in a store of one's own: `create_multi_agent`, `read_multi_agent`, `update_multi_agent` are all."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from strands.multiagent import Graph, Status, Swarm
from strands.session import RepositorySessionManager
from strands.types.exceptions import SessionException
from support.graph_worker import make
from support.repositories import MemoryRepository
from support.session_worker import lines


class OwnRepository(MemoryRepository):
    """Keeps the states of graphs and swarms as text."""

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[tuple[str, str], str] = {}

    def create_multi_agent(self, session_id: str, multi_agent: Any, **kwargs: Any) -> None:
        if (session_id, multi_agent.id) in self.states:
            raise SessionException(f"{multi_agent.id!r} is there")
        self.update_multi_agent(session_id, multi_agent)

    def read_multi_agent(self, session_id: str, multi_agent_id: str, **kwargs: Any) -> dict[str, Any] | None:
        return json.loads(self.states.get((session_id, multi_agent_id), "null"))  # type: ignore[no-any-return]

    def update_multi_agent(self, session_id: str, multi_agent: Any, **kwargs: Any) -> None:
        self.states[session_id, multi_agent.id] = json.dumps(multi_agent.serialize_state())


def orchestrator(repository: MemoryRepository, root: Path, kind: str) -> Graph | Swarm:
    return make(root, {"kind": kind}, RepositorySessionManager(session_id="s", session_repository=repository))


def answers(found: Graph | Swarm, response: str = "y") -> list[Any]:
    return [
        {"interruptResponse": {"interruptId": each.id, "response": response}} for each in found._interrupt_state.pending
    ]


@pytest.mark.parametrize("kind", ["graph", "swarm"])
def test_each_pause_goes_on_in_another_object_and_nothing_runs_twice(tmp_path: Path, kind: str) -> None:
    repository = OwnRepository()
    result = orchestrator(repository, tmp_path, kind)("the bills")
    pauses = 0
    while result.status is Status.INTERRUPTED:
        pauses += 1
        again = orchestrator(repository, tmp_path, kind)
        result = again(answers(again))
    assert result.status is Status.COMPLETED and pauses == 2
    effects = Counter(line.split()[0] for line in lines(tmp_path, "effects"))
    assert set(effects.values()) == {1} and len(effects) == (9 if kind == "graph" else 6)


@pytest.mark.parametrize("kind", ["graph", "swarm"])
def test_who_has_been_overtaken_is_refused_before_anything_runs(tmp_path: Path, kind: str) -> None:
    repository = OwnRepository()
    orchestrator(repository, tmp_path, kind)("the bills")
    late, first = orchestrator(repository, tmp_path, kind), orchestrator(repository, tmp_path, kind)
    first(answers(first))
    done = lines(tmp_path, "effects")
    with pytest.raises(SessionException, match="another one has written to it"):
        late(answers(late))
    assert lines(tmp_path, "effects") == done


def test_of_two_that_begin_at_once_one_is_refused(tmp_path: Path) -> None:
    repository = OwnRepository()
    one, two = orchestrator(repository, tmp_path, "graph"), orchestrator(repository, tmp_path, "graph")
    one("the bills")
    done = lines(tmp_path, "effects")
    with pytest.raises(SessionException, match="another one has written to it"):
        two("the bills")
    assert lines(tmp_path, "effects") == done


def test_a_write_that_fails_ends_the_call_and_what_is_stored_goes_on(tmp_path: Path) -> None:
    class Full(OwnRepository):
        is_full = False

        def update_multi_agent(self, session_id: str, multi_agent: Any, **kwargs: Any) -> None:
            if self.is_full:
                raise SessionException("the store is full")
            super().update_multi_agent(session_id, multi_agent, **kwargs)

    repository = Full()
    orchestrator(repository, tmp_path, "graph")("the bills")
    broken = orchestrator(repository, tmp_path, "graph")
    repository.is_full = True
    with pytest.raises(SessionException, match="the store is full"):
        broken(answers(broken))
    assert not any("sign" in line for line in lines(tmp_path, "effects")), "the answer was not stored"
    repository.is_full = False
    again = orchestrator(repository, tmp_path, "graph")
    assert again(answers(again)).status is Status.INTERRUPTED, "the last node's question"


def test_a_store_without_graphs_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="MemoryRepository does not store graphs and swarms"):
        orchestrator(MemoryRepository(), tmp_path, "graph")
