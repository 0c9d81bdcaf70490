"""`A2AServer`: an agent for other agents, with the official client."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("a2a.server.routes", reason="the A2A SDK is not installed")

import httpx
from a2a.client import ClientConfig, ClientFactory
from a2a.helpers import get_data_parts, new_data_part
from a2a.types import AgentSkill, CancelTaskRequest, Message, Part, Role, SendMessageRequest, Task, TaskState

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent.a2a import A2AServer
from strands.session import FileSessionManager
from strands.types.tools import ToolContext

PAID: list[int] = []


@tool
def pay(amount: int) -> str:
    """Pay an amount."""
    PAID.append(amount)
    return f"paid {amount}"


@tool(context=True)
def look_up(tool_context: ToolContext) -> str:
    """Look something up."""
    return f"found {tool_context.interrupt('which', reason={'options': ['a', 'b']})}"


def gate(event: BeforeToolCallEvent) -> None:
    if event.tool_use["name"] == "pay" and event.interrupt("approval", event.tool_use["input"]) != "y":
        event.cancel_tool = "The user said no."


def echo(messages: list[Any]) -> str:
    return f"{len(messages)} {messages[-1]['content'][0].get('text', '')}"


def agent(*replies: Any, **more: Any) -> Agent:
    given = {"name": "desk", "description": "A desk.", "callback_handler": None, "tools": [pay, look_up], **more}
    return Agent(model=ScriptedModel(list(replies) if replies else echo), **given)


@asynccontextmanager
async def client_of(server: A2AServer, *, streaming: bool = False, fastapi: bool = False) -> Any:
    app: Any = server.to_fastapi_app() if fastapi else server.to_starlette_app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), timeout=30) as http:
        config = ClientConfig(streaming=streaming, httpx_client=http)
        yield await ClientFactory(config).create_from_url(server.http_url.rstrip("/"))
    await server.request_handler.aclose()


async def events_of(client: Any, *parts: Part | str, task: Task | None = None, context: str = "") -> list[Any]:
    made = [Part(text=part) if isinstance(part, str) else part for part in parts]
    told = Message(message_id=uuid.uuid4().hex, role=Role.ROLE_USER, parts=made, context_id=context)
    if task is not None:
        told.task_id, told.context_id = task.id, task.context_id
    return [each async for each in client.send_message(SendMessageRequest(message=told))]


async def sent(client: Any, *parts: Part | str, task: Task | None = None, context: str = "") -> Task:
    found = (await events_of(client, *parts, task=task, context=context))[-1].task
    assert isinstance(found, Task)
    return found


def response(key: str, value: Any) -> Part:
    return new_data_part({"interruptResponse": {"interruptId": key, "response": value}})


def asked(task: Task) -> list[dict[str, Any]]:
    [data] = get_data_parts(task.status.message.parts)
    return list(data["interrupts"])


def text_of(task: Task) -> str:
    return task.artifacts[0].parts[0].text.strip()


def said(task: Task) -> str:
    return "\n".join(part.text for part in task.status.message.parts if part.HasField("text"))


@pytest.mark.parametrize("fastapi", [False, True])
def test_an_agent_answers_and_its_card_tells_of_its_tools(fastapi: bool) -> None:
    server = A2AServer(agent(), http_url="http://desk.example.com/agents/desk", version="1.2.3")

    async def main() -> Task:
        async with client_of(server, fastapi=fastapi) as client:
            return await sent(client, "hello")

    task = asyncio.run(main())
    assert (task.status.state, text_of(task)) == (TaskState.TASK_STATE_COMPLETED, "1 hello")
    card = server.public_agent_card
    assert (card.name, card.description, card.version) == ("desk", "A desk.", "1.2.3")
    assert [skill.name for skill in card.skills] == ["pay", "look_up"]
    assert (server.public_base_url, server.mount_path) == ("http://desk.example.com", "/agents/desk")
    server.agent_skills = [AgentSkill(id="x", name="x", description="X.", tags=["x"])]
    assert [skill.name for skill in server.public_agent_card.skills] == ["x"]


def test_text_streams_in_pieces() -> None:
    server = A2AServer(agent("one two three"), enable_a2a_compliant_streaming=True)

    async def main() -> list[Any]:
        async with client_of(server, streaming=True) as client:
            return await events_of(client, "go")

    updates = [each.artifact_update for each in asyncio.run(main()) if each.HasField("artifact_update")]
    assert "".join(each.artifact.parts[0].text for each in updates) == "one two three"
    assert [each.append for each in updates] == [False] + [True] * (len(updates) - 1)


@pytest.mark.parametrize("kind", ["one", "each"])
def test_contexts_know_nothing_of_each_other(kind: str) -> None:
    server = A2AServer(agent()) if kind == "one" else A2AServer(agent_factory=lambda context: agent())

    async def main() -> list[str]:
        async with client_of(server) as client:
            tasks = [await sent(client, "hello", context=context) for context in ("x", "y", "x")]
            return [text_of(task) for task in tasks]

    assert asyncio.run(main()) == ["1 hello", "1 hello", "3 hello"]


def test_what_a_tool_asks_is_answered_by_the_caller() -> None:
    server = A2AServer(agent(ToolCall("look_up", {}), "Done."))

    async def main() -> tuple[Task, ...]:
        async with client_of(server) as client:
            first = await sent(client, "go")
            [question] = asked(first)
            new = await sent(client, "something else", task=first)
            wrong = await sent(client, response("nope", 1), task=first)
            empty = await sent(client, response(question["interruptId"], None), task=first)
            return first, new, wrong, empty, await sent(client, response(question["interruptId"], "a"), task=first)

    first, new, wrong, empty, done = asyncio.run(main())
    assert asked(first)[0]["reason"] == {"options": ["a", "b"]}
    for task, told in ((new, "awaiting"), (wrong, "No pending interrupt"), (empty, "not null")):
        assert (task.status.state, told in said(task)) == (TaskState.TASK_STATE_INPUT_REQUIRED, True)
    assert (done.status.state, text_of(done)) == (TaskState.TASK_STATE_COMPLETED, "Done.")


def test_what_a_hook_asks_is_for_a_person_and_goes_on_with_their_answer() -> None:
    PAID.clear()
    server = A2AServer(agent(ToolCall("pay", {"amount": 3}), "Paid.", hooks=[gate]))

    async def main() -> tuple[Task, ...]:
        async with client_of(server) as client:
            first = await sent(client, "pay 3")
            key = asked(first)[0]["interruptId"]
            refused = await sent(client, response(key, "y"), task=first)
            assert PAID == []
            return first, refused, await server.answer(first.id, {key: "y"}, by="anna")

    first, refused, done = asyncio.run(main())
    assert first.status.state == refused.status.state == TaskState.TASK_STATE_AUTH_REQUIRED
    assert "A person answers this" in said(refused)
    assert (done.status.state, PAID) == (TaskState.TASK_STATE_COMPLETED, [3])


def test_a_program_may_let_callers_answer_what_it_wants() -> None:
    PAID.clear()
    server = A2AServer(agent(ToolCall("pay", {"amount": 3}), "Paid.", hooks=[gate]), answerable=lambda interrupt: True)

    async def main() -> Task:
        async with client_of(server) as client:
            first = await sent(client, "pay 3")
            return await sent(client, response(asked(first)[0]["interruptId"], "y"), task=first)

    assert (asyncio.run(main()).status.state, PAID) == (TaskState.TASK_STATE_COMPLETED, [3])


def test_a_task_that_waits_is_cancelled_and_a_failure_is_told() -> None:
    server = A2AServer(agent_factory=lambda context: agent(ToolCall("look_up", {}), RuntimeError("no")))

    async def main() -> tuple[Task, Task]:
        async with client_of(server) as client:
            waiting = await sent(client, "go")
            failing = await sent(client, "go")
            key = asked(failing)[0]["interruptId"]
            failed = await sent(client, response(key, "a"), task=failing)
            return await client.cancel_task(CancelTaskRequest(id=waiting.id)), failed

    cancelled, failed = asyncio.run(main())
    assert cancelled.status.state == TaskState.TASK_STATE_CANCELED
    assert (failed.status.state, said(failed)) == (TaskState.TASK_STATE_FAILED, "Agent execution failed")


def test_files_and_data_reach_the_agent() -> None:
    seen: list[Any] = []

    def play(messages: list[Any]) -> str:
        seen.extend(messages[-1]["content"])
        return "ok"

    server = A2AServer(Agent(model=ScriptedModel(play), name="d", description="D.", callback_handler=None))

    async def main() -> None:
        async with client_of(server) as client:
            image = Part(raw=b"png", media_type="image/png", filename="a.png")
            text = Part(raw=b"text", media_type="text/plain", filename="notes.txt")
            await sent(client, image, text, Part(url="https://example.com/x"), new_data_part({"n": 2}))

    asyncio.run(main())
    assert seen[0] == {"image": {"format": "png", "source": {"bytes": b"png"}}}
    assert (seen[1]["document"]["format"], seen[1]["document"]["name"]) == ("txt", "notes")
    assert "https://example.com/x" in seen[2]["text"]
    assert '"n": 2' in seen[3]["text"]


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        A2AServer()
    with pytest.raises(ValueError, match="exactly one"):
        A2AServer(agent(), agent_factory=lambda context: agent())
    with pytest.raises(ValueError, match="max_contexts"):
        A2AServer(agent(), max_contexts=0)
    with pytest.raises(ValueError, match="session_manager"):
        A2AServer(agent(session_manager=FileSessionManager(session_id="s", storage_dir=str(tmp_path))))
    with pytest.raises(ValueError, match="description"):
        _ = A2AServer(Agent(model=ScriptedModel(["x"]), callback_handler=None)).public_agent_card


def test_without_the_sdk_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['a2a'] = None\nfrom strands.multiagent.a2a import A2AServer"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "pip install 'strands-cli[a2a]'" in done.stderr
