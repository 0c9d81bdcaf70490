"""Agents' sessions in databases: questions, answers from elsewhere, leases, redactions, and the methods of a store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import AfterNodeCallEvent, BeforeNodeCallEvent, HookProvider, HookRegistry
from strands.journal.locate import database_at
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import GraphBuilder, Status
from strands.session import SQLSessionManager
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage, SessionType
from support.databases import Counting
from support.nodes import agent
from support.paying import paying
from support.postgres import close_all, fresh_url, needs_postgres


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=needs_postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/runs.db"
        return
    yield fresh_url()
    close_all()


def agent_in(url: str, *replies: Any, session_id: str = "s", **kwargs: Any) -> Agent:
    manager = SQLSessionManager(session_id, url)
    return Agent(model=ScriptedModel(list(replies)), session_manager=manager, callback_handler=None, **kwargs)


def answered(agent: Agent, response: str) -> Any:
    (interrupt,) = agent.pending_interrupts
    return agent([{"interruptResponse": {"interruptId": interrupt.id, "response": response}}])


def test_a_conversation_goes_on(url: str) -> None:
    agent_in(url, "one", messages=[{"role": "user", "content": [{"text": "before"}]}])("a")
    agent = agent_in(url, "two", state={"ignored": True})
    assert agent.state.get() == {}
    agent("b")
    assert [message["role"] for message in agent_in(url).messages] == ["user", "user", "assistant", "user", "assistant"]
    assert len(agent_in(url, session_id="other").messages) == 0


def test_a_question_is_answered_elsewhere_once(url: str) -> None:
    paid: list[int] = []
    assert paying(SQLSessionManager("s", url), paid, ToolCall("pay", {"amount": 10}))("pay").stop_reason == "interrupt"
    one, other = (paying(SQLSessionManager("s", url), paid, "done") for _ in range(2))
    assert str(answered(one, "y")).strip() == "done"
    with pytest.raises(SessionException, match=r"has moved on since this agent .* was answered by process"):
        answered(other, "n")
    assert paid == [10]
    assert paying(SQLSessionManager("s", url), paid).pending_interrupts == []


def test_one_call_at_a_time(url: str) -> None:
    seen: list[str] = []

    @tool
    def look() -> str:
        """Look."""
        with pytest.raises(SessionException, match="is at work elsewhere: process") as refused:
            agent_in(url, "me too")("b")
        seen.append(str(refused.value))
        return "seen"

    agent_in(url, ToolCall("look", {}), "done", tools=[look])("a")
    assert len(seen) == 1 and "Nothing was written" in seen[0]
    agent_in(url, "now")("b")


def test_what_was_redacted_is_nowhere(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    agent = agent_in(url, "one")
    agent("canary")
    manager = SQLSessionManager("s", url)
    (first, *_) = manager.list_messages("s", "default")
    first.message = {"role": "user", "content": [{"text": "[gone]"}]}
    manager.update_message("s", "default", first)
    assert agent_in(url).messages[0]["content"] == [{"text": "[gone]"}]
    database = sqlite3.connect(tmp_path / "runs.db")
    lines = [line for (line,) in database.execute("select line from strands_entries")]
    database.close()
    assert lines and b"canary" not in b"".join(lines)


def test_the_methods_of_a_store(url: str) -> None:
    manager = SQLSessionManager("s", url)
    with pytest.raises(SessionException, match="exists"):
        manager.create_session(Session("s", SessionType.AGENT))
    assert manager.read_session("nothing") is None and manager.read_agent("s", "a") is None
    agent = SessionAgent(agent_id="a", state={"n": 1}, conversation_manager_state={})
    with pytest.raises(SessionException, match="there is no agent 'a'"):
        manager.update_agent("s", agent)
    manager.create_agent("s", agent)
    for number in range(3):
        message = SessionMessage.from_message({"role": "user", "content": [{"text": str(number)}]}, number)
        manager.create_message("s", "a", message)
    found = manager.list_messages("s", "a", limit=1, offset=1)
    assert [each.message["content"] for each in found] == [[{"text": "1"}]]
    found[0].message["content"] = [{"text": "one"}]
    manager.update_message("s", "a", found[0])
    read = manager.read_message("s", "a", 1)
    assert read is not None and (read.redact_message or read.message)["content"] == [{"text": "one"}]
    agent.state = {"n": 2}
    manager.update_agent("s", agent)
    stored = manager.read_agent("s", "a")
    assert stored is not None and stored.state == {"n": 2}
    SQLSessionManager("s2", url)
    manager.delete_session("s")
    assert manager.read_session("s") is None and manager.read_agent("s", "a") is None
    assert manager.read_session("s2") is not None
    with pytest.raises(SessionException, match="there is no session 's'"):
        manager.delete_session("s")


def test_workflows_and_agents_share_a_database(url: str) -> None:
    from strands import SessionManager, Workflow

    agent_in(url, "one")("a")
    spec = {
        "version": 0,
        "name": "s",
        "runtime": {"provider": "scripted"},
        "agents": {"a": {"prompt": "p"}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "one"}]}},
    }
    Workflow.from_dict(spec, store=url).run(session_id="s")
    assert [session.id for session in SessionManager(store=url).list_sessions()] == ["s"]
    SessionManager(store=url).get_session("s").delete()
    assert len(agent_in(url).messages) == 2


@pytest.mark.parametrize("place", [None, "/tmp/sessions", ""])
def test_a_place_that_is_no_database_is_refused(place: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRANDS_STORE", raising=False)
    with pytest.raises(ValueError, match=r"names no database\. Write sqlite:///"):
        SQLSessionManager("s", place)


def test_another_kind_of_database_is_refused_with_what_there_is() -> None:
    with pytest.raises(SessionException, match=r"'mysql' is not a kind of database here\. Write sqlite:///PATH, or p"):
        SQLSessionManager("s", "mysql://host/db")


def test_the_environment_names_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_STORE", f"sqlite:///{tmp_path}/runs.db")
    SQLSessionManager("s")
    assert (tmp_path / "runs.db").exists()


class Ask(HookProvider):
    """A hook that asks before node `b`."""

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeNodeCallEvent, self.ask)

    def ask(self, event: BeforeNodeCallEvent) -> None:
        if event.node_id == "b" and event.interrupt("go", reason="on?") != "y":
            event.cancel_node = "no"


def test_a_graph_goes_on_where_it_was_asked(url: str) -> None:
    ran: list[str] = []

    def make() -> Any:
        builder = GraphBuilder().set_session_manager(SQLSessionManager("g", url)).set_hook_providers([Ask()])
        for name in "abc":
            builder.add_node(agent(name), name)
        builder.add_edge("a", "b")
        builder.add_edge("b", "c")
        made = builder.build()
        made.add_hook(lambda event: ran.append(event.node_id), AfterNodeCallEvent)
        return made

    result = make()("go")
    assert result.status is Status.INTERRUPTED
    answers = [{"interruptResponse": {"interruptId": each.id, "response": "y"}} for each in result.interrupts]
    again, late = make(), make()
    assert again(answers).status is Status.COMPLETED
    assert [name for name in ran if name != "b"] == ["a", "c"]
    with pytest.raises(SessionException, match="has moved on since this graph or swarm"):
        late(answers)
    assert SQLSessionManager("g", url).read_multi_agent("g", again.id) is not None


def test_a_turn_is_few_commits_and_a_session_is_loaded_by_one_statement_for_each_part(url: str) -> None:
    database = Counting(database_at(url)[0])
    manager = SQLSessionManager("s", url, database=database)
    one = Agent(model=ScriptedModel(["Hello."] * 9), session_manager=manager, callback_handler=None)
    one("first")
    commits = database.writes
    for turn in range(8):
        one(f"{turn}")
    assert database.writes - commits <= 8 * 3
    database.statements = 0
    Agent(model=ScriptedModel([]), session_manager=SQLSessionManager("s", url, database=database))
    assert database.statements <= 2


def test_what_is_stored_grows_with_what_is_said(url: str) -> None:
    total = "select sum(length(line)) from strands_entries"
    agent, sizes = agent_in(url, *["Hello."] * 90), []
    for _ in range(3):
        for turn in range(30):
            agent(f"{turn}")
        sizes.append(database_at(url)[0].read(lambda each: each.execute(total))[0][0])
    assert sizes[2] - sizes[1] < 1.1 * (sizes[1] - sizes[0])
