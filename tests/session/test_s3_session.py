"""Sessions in S3: the same layout as objects, and conditional writes in place of locks."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest

from strands import Agent, tool
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands.types.exceptions import SessionException

pytest.importorskip("boto3")
moto = pytest.importorskip("moto")

BUCKET = "sessions"


@pytest.fixture(autouse=True)
def s3() -> Iterator[Any]:
    import boto3

    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    with patch.dict(os.environ, keys), moto.mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


def agent_in(*replies: Any, **kwargs: Any) -> Agent:
    from strands.session import S3SessionManager

    manager = S3SessionManager(session_id=kwargs.pop("session_id", "s"), bucket=BUCKET, prefix="app")
    return Agent(model=ScriptedModel(list(replies)), session_manager=manager, callback_handler=None, **kwargs)


def keys(s3: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def body(s3: Any, key: str) -> Any:
    return json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


def texts(agent: Agent) -> list[str]:
    return [block["text"] for message in agent.messages for block in message["content"] if "text" in block]


def gate(event: BeforeToolCallEvent) -> None:
    if event.interrupt("ok", reason={"amount": event.tool_use["input"]["amount"]}) != "y":
        event.cancel_tool = "denied"


class Power:
    """Goes while `fails` is true; the tool stays the same tool."""

    fails = False


def payer(effects: list[str], *replies: Any) -> Agent:
    @tool
    def pay(amount: int) -> str:
        """Pay."""
        effects.append("pay")
        if Power.fails:
            raise SystemExit("the power goes")
        return "paid"

    return agent_in(*replies, tools=[pay], hooks=[gate])


def test_the_objects_are_named_as_the_files_are(s3: Any) -> None:
    agent_in("hello", state={"k": 1})("hi")
    home = "app/session_s/agents/agent_default"
    assert keys(s3) == [
        f"{home}/agent.json",
        f"{home}/journal.jsonl",
        f"{home}/messages/message_0.json",
        f"{home}/messages/message_1.json",
        "app/session_s/session.json",
    ]
    assert body(s3, f"{home}/agent.json")["state"] == {"k": 1}
    assert body(s3, f"{home}/messages/message_1.json")["message"]["content"] == [{"text": "hello"}]


def test_requests_say_what_they_are_from(s3: Any) -> None:
    from botocore.config import Config

    from strands.session import S3SessionManager

    assert S3SessionManager("s", BUCKET).client.meta.config.user_agent_extra == "strands-agents"
    own = Config(user_agent_extra="shop", read_timeout=9)
    config = S3SessionManager("s", BUCKET, boto_client_config=own).client.meta.config
    assert (config.user_agent_extra, config.read_timeout) == ("shop strands-agents", 9)


def test_a_conversation_goes_on_in_a_new_agent(s3: Any) -> None:
    agent_in("one")("a")
    agent = agent_in("two")
    agent("b")
    agent.state.set("k", 2)
    agent_in("three")
    assert texts(agent_in()) == ["a", "one", "b", "two"]


def test_a_pause_is_stored_and_answered_elsewhere(s3: Any) -> None:
    effects: list[str] = []
    assert payer(effects, ToolCall("pay", {"amount": 5}, id="t"))("go").stop_reason == "interrupt"
    agent = payer(effects, "done")
    (interrupt,) = agent.pending_interrupts
    assert interrupt.reason == {"amount": 5}
    answer = [{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}}]
    late = payer(effects, "done too")
    assert agent(answer).stop_reason == "end_turn"
    with pytest.raises(SessionException, match="moved on"):
        late(answer)
    assert effects == ["pay"]
    assert payer(effects).pending_interrupts == []


def test_of_two_at_the_same_time_one_is_refused_before_its_tool(s3: Any) -> None:
    effects: list[str] = []
    payer(effects, ToolCall("pay", {"amount": 5}, id="t"))("go")

    async def main() -> list[Any]:
        agents = [payer(effects, Reply("done", delay=0.05)) for _ in range(3)]
        answer = [{"interruptResponse": {"interruptId": agents[0].pending_interrupts[0].id, "response": "y"}}]
        return await asyncio.gather(*(agent.invoke_async(answer) for agent in agents), return_exceptions=True)

    outcomes = asyncio.run(main())
    assert len([each for each in outcomes if isinstance(each, SessionException)]) == 2
    assert effects == ["pay"]


@pytest.mark.parametrize("lost", ["agent.json", "messages/message_1.json"])
def test_an_object_that_was_not_written_any_more_is_mended_from_the_ledger(s3: Any, lost: str) -> None:
    effects: list[str] = []
    payer(effects, ToolCall("pay", {"amount": 5}, id="t"))("go")
    key = f"app/session_s/agents/agent_default/{lost}"
    s3.delete_object(Bucket=BUCKET, Key=key)
    agent = payer(effects, "done")
    assert [i.name for i in agent.pending_interrupts] == ["ok"]
    assert key in keys(s3)


def test_redaction_deletion_and_errors(s3: Any) -> None:
    from strands.session import S3SessionManager

    manager = S3SessionManager("s", BUCKET, "app")
    agent = Agent(model=ScriptedModel(["secret"]), session_manager=manager, callback_handler=None)
    agent("hi")
    manager.redact_latest_message({"role": "assistant", "content": [{"text": "[redacted]"}]}, agent)
    assert texts(agent_in()) == ["hi", "[redacted]"]
    assert [m.message_id for m in manager.list_messages("s", "default", limit=1, offset=1)] == [1]
    manager.delete_session("s")
    assert keys(s3) == []
    with pytest.raises(SessionException, match="no session 's'"):
        manager.delete_session("s")
    with pytest.raises(ValueError, match="session_id"):
        S3SessionManager("a/b", BUCKET)
    with pytest.raises(SessionException, match=r"s3://nowhere/session_s/session\.json"):
        S3SessionManager("s", "nowhere")


@pytest.mark.parametrize("deed", ["damaged", "deleted"])
def test_an_object_of_the_ledger_that_is_lost_leaves_a_question(
    s3: Any, deed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever it is, a payment that was approved and cut off is not made again unasked."""
    effects: list[str] = []
    (question,) = payer(effects, ToolCall("pay", {"amount": 5}, id="t"))("pay").interrupts or ()
    monkeypatch.setattr(Power, "fails", True)
    with pytest.raises(SystemExit):
        payer(effects)([{"interruptResponse": {"interruptId": question.id, "response": "y"}}])
    monkeypatch.setattr(Power, "fails", False)
    ledger = {key: body(s3, key) for key in keys(s3) if "/ledger/" in key}
    for key in sorted(ledger)[: None if deed == "damaged" else -1]:  # nothing tells that the last one is gone
        before = {each: s3.get_object(Bucket=BUCKET, Key=each)["Body"].read() for each in keys(s3)}
        if deed == "damaged":
            s3.put_object(Bucket=BUCKET, Key=key, Body=before[key][:-1])
        else:
            s3.delete_object(Bucket=BUCKET, Key=key)
        agent = payer(effects, "done")
        for _ in range(5):
            asked = agent.pending_interrupts
            result = agent(
                [
                    {"interruptResponse": {"interruptId": each.id, "response": "y" if each.name == "ok" else "skip"}}
                    for each in asked
                ]
                or None
            )
            if result.stop_reason == "end_turn":
                break
        assert result.stop_reason == "end_turn"
        assert effects == ["pay"], key
        for each in keys(s3):
            s3.delete_object(Bucket=BUCKET, Key=each)
        for each, content in before.items():
            s3.put_object(Bucket=BUCKET, Key=each, Body=content)


def test_a_restore_reads_no_messages_that_the_conversation_manager_let_go_of(s3: Any) -> None:
    def window() -> SlidingWindowConversationManager:
        return SlidingWindowConversationManager(window_size=2)

    agent = agent_in(*"abcd", conversation_manager=window())
    for number in range(4):
        agent(str(number))
    for id in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"app/session_s/agents/agent_default/messages/message_{id}.json", Body=b"{")
    restored = agent_in("e", conversation_manager=window())
    assert texts(restored) == ["3", "d"]
    restored("4")
    assert texts(agent_in(conversation_manager=window())) == ["4", "e"]


# -- graphs -----------------------------------------------------------------------------------------------------------

STATE = "app/session_g/multi_agents/multi_agent_default_graph/multi_agent.json"
JOURNAL = "app/session_g/multi_agents/multi_agent_default_graph/journal.jsonl"
SECOND = re.compile("another graph or swarm has written to it|is at work elsewhere")


def graph_in(effects: list[str], act: Callable[[], None] = lambda: None) -> Any:
    """A graph of one node whose tool acts."""
    from strands.multiagent import GraphBuilder
    from strands.session import S3SessionManager

    @tool
    async def pay() -> str:
        """Pay."""
        effects.append("pay")
        act()
        return "paid"

    agent = Agent(model=ScriptedModel([ToolCall("pay", {}), "done"]), tools=[pay], agent_id="a", callback_handler=None)
    builder = GraphBuilder().set_session_manager(S3SessionManager("g", BUCKET, "app"))
    builder.add_node(agent, "a")
    return builder.build()


def test_of_two_graphs_at_the_same_time_one_is_refused_before_its_tool(s3: Any) -> None:
    effects: list[str] = []

    async def main() -> list[Any]:
        graphs = [graph_in(effects) for _ in range(3)]
        return await asyncio.gather(*(graph.invoke_async("go") for graph in graphs), return_exceptions=True)

    outcomes = asyncio.run(main())
    refused = [each for each in outcomes if isinstance(each, SessionException)]
    assert len(refused) == 2 and all(SECOND.search(str(each)) for each in refused)
    assert effects == ["pay"]
    assert graph_in(effects).state.status.value == "completed"


def test_a_graph_that_moved_on_elsewhere_is_not_written_over(s3: Any) -> None:
    effects: list[str] = []
    old, new = graph_in(effects), graph_in(effects)
    new("go")
    done = body(s3, STATE)
    for _ in range(2):
        with pytest.raises(SessionException, match="another graph or swarm has written to it"):
            old("go")
    assert body(s3, STATE) == done
    assert effects == ["pay"]


def test_what_somebody_writes_while_a_graph_works_is_kept_and_runs_nothing_again(s3: Any) -> None:
    def write() -> None:
        s3.put_object(Bucket=BUCKET, Key=STATE, Body=json.dumps({**body(s3, STATE), "theirs": 1}))

    effects: list[str] = []
    graph_in(effects, write)("go")
    assert body(s3, f"{STATE}.damaged-1")["theirs"] == 1
    assert graph_in(effects).state.status.value == "completed" and effects == ["pay"]


def test_a_write_whose_answer_was_lost_is_a_write(s3: Any) -> None:
    effects: list[str] = []
    graph = graph_in(effects)
    client = graph.session_manager.client
    lost: list[bytes] = []

    def twice(params: Any, **_: Any) -> None:
        """The first request arrives, its answer does not, and the client sends it again."""
        if params.get("Key") == JOURNAL and len(lost) < 3 and params["Body"] not in lost:
            lost.append(params["Body"])
            s3.put_object(**params)

    client.meta.events.register("provide-client-params.s3.PutObject", twice)
    graph("go")
    assert effects == ["pay"] and len(lost) == 3
    assert graph_in(effects).state.status.value == "completed"


def test_a_damaged_state_is_not_taken_for_none(s3: Any) -> None:
    graph_in([])("go")
    s3.put_object(Bucket=BUCKET, Key=STATE, Body=b"{")
    assert graph_in([]).state.status.value == "completed", "the journal knows"
    s3.put_object(Bucket=BUCKET, Key=STATE, Body=b"{")
    s3.delete_object(Bucket=BUCKET, Key=JOURNAL)
    with pytest.raises(SessionException, match=r"is damaged \(.*\), so it is not known what it has done"):
        graph_in([])


@pytest.mark.parametrize("bucket", ["", "My Bucket!"])
def test_a_name_that_no_bucket_can_have_is_named_in_a_line(bucket: str) -> None:
    from strands.session import S3SessionManager

    with pytest.raises(SessionException, match="is not the name of a bucket") as refused:
        S3SessionManager("s", bucket)
    assert repr(bucket) in str(refused.value) and "regex" not in str(refused.value)
