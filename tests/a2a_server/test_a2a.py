"""`strands a2a` as a process, with the official client: a workflow is an agent, its questions are input-required."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("a2a.server.routes", reason="the A2A SDK is not installed")

import httpx
from a2a.client import ClientConfig, ClientFactory
from a2a.helpers import get_data_parts, new_data_part
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskState,
)
from a2a.utils.errors import A2AError

from strands import SessionManager
from support.mcp_clients import calls, environment, until
from support.served import Served, started

TOKEN = "a-token-of-32-characters-or-more"
Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with started(tmp_path) as start:

        def serve_agent(name: str, *options: str, port: int | None = None, held: float = 60) -> Served:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port or 0))
                found = probe.getsockname()[1]
            target = f"support.mcp_workflows:{name}"
            variables = {"STRANDS_A2A_TOKEN": TOKEN, "HELD_SECONDS": str(held)}
            return start("a2a", target, "--port", str(found), *options, **variables)

        yield serve_agent


@asynccontextmanager
async def client_of(url: str, *, streaming: bool = False, token: str = TOKEN) -> Any:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as http:
        factory = ClientFactory(ClientConfig(streaming=streaming, httpx_client=http))
        yield await factory.create_from_url(url)


def message(*parts: Part | str, task: Task | None = None) -> SendMessageRequest:
    made = [Part(text=part) if isinstance(part, str) else part for part in parts]
    told = Message(message_id=uuid.uuid4().hex, role=Role.ROLE_USER, parts=made)
    if task is not None:
        told.task_id, told.context_id = task.id, task.context_id
    return SendMessageRequest(message=told)


async def sent(client: Any, *parts: Part | str, task: Task | None = None) -> Task:
    """Send a message and return what the task has come to."""
    last = [each async for each in client.send_message(message(*parts, task=task))][-1]
    assert last.HasField("task"), last
    return Task.FromString(last.task.SerializeToString())


def asked(task: Task) -> dict[str, Any]:
    [data] = get_data_parts(task.status.message.parts)
    return dict(data["questions"])


def said(task: Task) -> str:
    return "\n".join(part.text for part in task.status.message.parts if part.HasField("text"))


def response(task: Task) -> str:
    return task.artifacts[0].parts[0].text


def answers(**values: Any) -> Part:
    return new_data_part({"answers": {key.replace("_", "/"): value for key, value in values.items()}})


def test_a_workflow_is_an_agent_and_a_question_is_input_required(serve: Serve, tmp_path: Path) -> None:
    server = serve("refund")

    async def main() -> tuple[Task, Task]:
        async with client_of(server.url) as client:
            first = await sent(client, "A1")
            return first, await sent(client, "yes", task=Task(id=first.id))  # the task alone says which context

    first, done = asyncio.run(main())
    assert first.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
    assert asked(first)["steps/1"]["choices"] == ["yes", "no"]
    assert "Refund A1?\n\ndid look at A1" in said(first)
    assert (done.id, done.context_id) == (first.id, first.context_id)
    assert (done.status.state, response(done)) == (TaskState.TASK_STATE_COMPLETED, "did say yes")
    session = SessionManager(tmp_path / "home" / "workflows").get_session(first.id)
    [answer] = [entry for entry in asyncio.run(session.entries_async()) if entry.kind == "answered"]
    assert (answer.data["principal"]["id"], answer.data["channel"]) == ("a2a:unknown", "a2a")
    assert server.end(signal.SIGTERM) == 0


def test_the_card_says_how_it_is_called_and_is_read_without_a_token(serve: Serve) -> None:
    server = serve("refund")
    card = httpx.get(f"{server.url}/.well-known/agent-card.json").json()
    assert (card["name"], card["description"]) == ("refund", "Refund an order.")
    assert card["supportedInterfaces"][0]["url"] == server.url
    [extension] = card["capabilities"]["extensions"]
    assert extension["params"]["properties"]["order"] == {"type": "string", "description": "The order."}
    body = {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {}}
    good = {"Authorization": f"Bearer {TOKEN}", "A2A-Version": "1.0"}
    assert httpx.post(server.url, json=body, headers=good).status_code == 200
    for wrong, status in (
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": ""}, 401),
        ({"Host": "evil.example.com"}, 421),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
    ):
        assert httpx.post(server.url, json=body, headers={**good, **wrong}).status_code == status


def test_a_stream_tells_of_each_step(serve: Serve) -> None:
    server = serve("refund")

    async def main() -> list[Any]:
        async with client_of(server.url, streaming=True) as client:
            return [each async for each in client.send_message(message(new_data_part({"order": "A1"})))]

    events = asyncio.run(main())
    assert events[0].HasField("task")
    updates = [each.status_update for each in events if each.HasField("status_update")]
    steps = [(each.metadata["event"], each.metadata["step"]) for each in updates if "step" in each.metadata]
    assert ("step_complete", "steps/0") in steps
    assert updates[-1].status.state == TaskState.TASK_STATE_INPUT_REQUIRED


def test_several_questions_are_answered_by_their_ids(serve: Serve) -> None:
    server = serve("both")

    async def main() -> tuple[Task, ...]:
        async with client_of(server.url) as client:
            first = await sent(client, "A1")
            unclear = await sent(client, "yes", task=first)
            how, may = sorted(asked(first))
            half = await sent(client, new_data_part({"answers": {may: "maybe"}}), task=first)
            good = {may: "yes", how: {"amount": 5, "method": "card"}}
            return first, unclear, half, await sent(client, new_data_part({"answers": good}), task=first)

    first, unclear, half, done = asyncio.run(main())
    assert len(asked(first)) == 2
    assert "2 questions are open" in said(unclear)
    assert (len(asked(half)), "maybe" in said(half)) == (2, True)
    assert done.status.state == TaskState.TASK_STATE_COMPLETED


def test_an_approval_is_left_to_a_person_and_goes_on_once_they_have_decided(serve: Serve, tmp_path: Path) -> None:
    server = serve("guarded", "--url", "https://desk.example.com")

    async def main() -> tuple[Any, ...]:
        async with client_of(server.url) as client, client_of(server.url, streaming=True) as streaming:
            first = await sent(client, "A1")
            [key] = asked(first)
            refused = await sent(client, new_data_part({"answers": {key: "approve"}}), task=first)
            response = {"interruptResponse": {"interruptId": key, "response": "approve"}}
            still = await sent(client, new_data_part(response), task=first)
            stream = streaming.subscribe(SubscribeToTaskRequest(id=first.id))
            events = [await anext(stream)]
            await SessionManager(tmp_path / "home" / "workflows").answer_async(first.id, key, "approve", by="ann")
            events += [each async for each in stream]
            return first, refused, still, events, await client.get_task(GetTaskRequest(id=first.id))

    first, refused, still, events, done = asyncio.run(main())
    assert first.status.state == TaskState.TASK_STATE_AUTH_REQUIRED
    assert "https://desk.example.com/q/q_" in said(first)
    for each in (refused, still):
        assert each.status.state == TaskState.TASK_STATE_AUTH_REQUIRED
        assert "answered by a person" in said(each)
    assert events[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED
    assert (response(done), calls(tmp_path)) == ("paid", ["pay 10"])


def test_variables_that_are_missing_or_unclear_are_rejected(serve: Serve, tmp_path: Path) -> None:
    server = serve("refund")

    async def main() -> list[Task]:
        async with client_of(server.url) as client:
            return [
                await sent(client, new_data_part({})),
                await sent(client, new_data_part({"order": 5})),
                await sent(client, new_data_part({"order": "A1"}), "and a text"),
            ]

    for task in asyncio.run(main()):
        assert task.status.state == TaskState.TASK_STATE_REJECTED
        assert said(task)
    assert calls(tmp_path) == []


def test_a_failure_is_told(serve: Serve) -> None:
    server = serve("failing")

    async def main() -> Task:
        async with client_of(server.url) as client:
            return await sent(client, "A1")

    task = asyncio.run(main())
    assert (task.status.state, "no connection" in said(task)) == (TaskState.TASK_STATE_FAILED, True)


def test_an_agent_of_a_program_is_served_by_the_command(serve: Serve) -> None:
    server = serve("helper")

    async def main() -> Task:
        async with client_of(server.url) as client:
            return await sent(client, "hello")

    task = asyncio.run(main())
    assert (task.status.state, response(task).strip()) == (TaskState.TASK_STATE_COMPLETED, "did hello")
    assert httpx.post(server.url, json={}).status_code == 401


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("support.mcp_workflows:workflows", "holds 6 workflows"),
        ("support.mcp_workflows:pay", "not workflows"),
        ("support.mcp_workflows:nameless", "description cannot be None"),
        ("nowhere.yaml", "nowhere.yaml"),
    ],
)
def test_what_is_no_agent_is_named(tmp_path: Path, target: str, told: str) -> None:
    command = [sys.executable, "-m", "strands_cli", "a2a", target]
    done = subprocess.run(
        command, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode != 0, told in " ".join(done.stderr.split()), "Traceback" in done.stderr) == (
        True,
        True,
        False,
    )


def test_a_task_that_is_cancelled_ends_its_session(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "held").write_text("B2")
    server = serve("refund")

    async def main() -> tuple[Task, Task]:
        async with client_of(server.url) as client:
            waiting = await sent(client, "A1")
            cancelled = await client.cancel_task(CancelTaskRequest(id=waiting.id))
            with pytest.raises(A2AError):
                await sent(client, "yes", task=waiting)
            running = message("B2")
            running.configuration.return_immediately = True
            begun = [each async for each in client.send_message(running)][-1].task
            await until(lambda: "held look at B2" in calls(tmp_path))
            return cancelled, await client.cancel_task(CancelTaskRequest(id=begun.id))

    manager = SessionManager(tmp_path / "home" / "workflows")
    for task in asyncio.run(main()):
        assert task.status.state == TaskState.TASK_STATE_CANCELED
        assert manager.get_session(task.id).status == "cancelled"


def test_a_server_that_is_killed_goes_on_with_its_tasks_when_it_is_started_again(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "held").write_text("end")
    first = serve("twice")

    async def begin() -> tuple[Task, Task]:
        async with client_of(first.url) as client:
            waiting = await sent(client, "B2")
            task = await sent(client, "A1")
            task = await sent(client, answers(steps_1="yes"), task=task)
            last = message("because", task=task)
            last.configuration.return_immediately = True
            assert [each async for each in client.send_message(last)]
            await until(lambda: "held end A1" in calls(tmp_path))
            return waiting, task

    async def look(waiting: Task, task: Task) -> tuple[Any, ...]:
        async with client_of(second.url) as client, client_of(second.url, streaming=True) as streaming:
            stream = streaming.subscribe(SubscribeToTaskRequest(id=task.id))
            events = [each async for each in stream]
            listed = await client.list_tasks(ListTasksRequest())
            goes_on = await sent(client, answers(steps_1="no"), task=waiting)
            return events, listed, goes_on, await client.get_task(GetTaskRequest(id=task.id))

    waiting, task = asyncio.run(begin())
    first.end()
    second = serve("twice", port=first.port, held=1)
    events, listed, goes_on, done = asyncio.run(look(waiting, task))
    assert events[0].HasField("task")
    assert {each.id for each in listed.tasks} == {waiting.id, task.id}
    assert goes_on.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
    assert (done.status.state, response(done)) == (TaskState.TASK_STATE_COMPLETED, "did end A1")
    assert calls(tmp_path).count("look at A1") == 1
    assert calls(tmp_path).count("say yes") == 1


def test_without_the_sdk_the_command_says_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['a2a'] = None; from strands_cli.cli.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "a2a", "support.mcp_workflows:refund"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "pip install 'strands-cli[a2a]'" in done.stderr) == (2, True)
