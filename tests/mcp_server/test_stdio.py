"""`strands mcp` over standard streams, with the official client: a workflow is a tool, its questions are asked."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any, Literal

import pytest

pytest.importorskip("mcp.server.request_state", reason="servers need release 2 of the MCP SDK")

import mcp
from mcp import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitResult, ErrorData

from strands import Agent, SessionManager
from strands.models.scripted import ScriptedModel, ToolCall
from strands.tools.mcp import MCPClient
from strands_cli.kernel.principal import os_principal
from support.mcp_clients import User, calls, connected, environment, text, until

MODES: list[Literal["auto", "legacy"]] = ["auto", "legacy"]
YES = ElicitResult(action="accept", content={"value": "yes"})


def recorded(home: Path, session_id: str, kind: str = "answered") -> list[Any]:
    session = SessionManager(home / "home" / "workflows").get_session(session_id)
    return [entry for entry in asyncio.run(session.entries_async()) if entry.kind == kind]


async def begun(client: mcp.Client, name: str = "refund", **arguments: Any) -> Any:
    """Return what the server needs first, and answer nothing."""
    return await client.session.call_tool(name, {"order": "A1", **arguments}, allow_input_required=True)


async def gone_on(
    client: mcp.Client, state: str | None, responses: Any, name: str = "refund", order: str = "A1"
) -> Any:
    return await client.session.call_tool(
        name, {"order": order}, input_responses=responses, request_state=state, allow_input_required=True
    )


def test_a_workflow_is_a_tool_with_the_schema_of_its_inputs(tmp_path: Path) -> None:
    async def main() -> Any:
        async with connected(tmp_path) as client:
            return {tool.name: tool for tool in (await client.list_tools()).tools}

    tools = asyncio.run(main())
    assert set(tools) > {"refund", "form", "list_questions", "show_question", "session_status"}
    assert tools["refund"].description == "Refund an order."
    assert tools["refund"].input_schema["properties"] == {"order": {"type": "string", "description": "The order."}}
    assert tools["refund"].input_schema["required"] == ["order"]
    reading = ("list_questions", "show_question", "session_status")
    assert all(tools[name].annotations.read_only_hint for name in reading)
    assert not [name for name in tools if "answer" in name]


@pytest.mark.parametrize("mode", MODES)
def test_a_question_is_asked_by_the_client_and_the_run_goes_on(tmp_path: Path, mode: Any) -> None:
    user, told = User({"value": "yes"}), []

    async def main() -> Any:
        async def progress(progress: float, total: float | None, message: str | None) -> None:
            told.append((progress, message))

        async with connected(tmp_path, mode=mode, elicit=user) as client:
            return await client.call_tool("refund", {"order": "A1"}, progress_callback=progress)

    result = asyncio.run(main())
    assert (text(result), result.is_error) == ("did say yes", False)
    assert result.structured_content["status"] == "completed"
    assert user.asked[0].message == "Refund A1?\n\ndid look at A1"
    assert user.asked[0].requested_schema["properties"]["value"]["oneOf"][0]["const"] == "yes"
    assert ("started steps/0" in str(told), "finished steps/2" in str(told)) == (True, True)
    [answer] = recorded(tmp_path, result.structured_content["session"])
    assert (answer.data["value"], answer.data["by"], answer.data["channel"]) == ("yes", "desk", "mcp")
    assert answer.data["principal"] == {
        "id": "mcp:desk",
        "name": "desk",
        "auth": "asserted",
        "via": "mcp",
        "on_behalf": os_principal().who,
        "kind": "agent",
    }
    assert answer.data["shown"].startswith("sha256:")
    [opened] = recorded(tmp_path, result.structured_content["session"], "opened")
    assert opened.data["principal"]["id"] == "mcp:desk"


@pytest.mark.parametrize("mode", MODES)
def test_a_form_is_asked_field_by_field_and_what_does_not_fit_is_asked_again(tmp_path: Path, mode: Any) -> None:
    good = {"amount": 5, "method": "bank", "on": "2026-12-01", "urgent": True}
    user = User({**good, "amount": 0}, good)

    async def main() -> Any:
        async with connected(tmp_path, mode=mode, elicit=user) as client:
            return await client.call_tool("form", {"order": "A1"})

    result = asyncio.run(main())
    assert not result.is_error
    assert "not taken" in user.asked[1].message
    assert user.asked[0].requested_schema["required"] == ["amount", "method"]
    assert user.asked[0].requested_schema["properties"]["on"]["format"] == "date"
    [answer] = recorded(tmp_path, result.structured_content["session"])
    assert answer.data["value"] == good


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("reply", ["decline", "cancel"])
def test_a_question_that_the_user_does_not_answer_stays_open(tmp_path: Path, mode: Any, reply: str) -> None:
    async def main() -> Any:
        async with connected(tmp_path, mode=mode, elicit=User(reply)) as client:
            result = await client.call_tool("refund", {"order": "A1"})
            return result, await client.call_tool("list_questions", {})

    result, listed = asyncio.run(main())
    session = result.structured_content["session"]
    assert (result.structured_content["status"], result.is_error) == ("paused", False)
    assert session in text(result)
    assert [(each["session"], each["id"]) for each in listed.structured_content["questions"]] == [(session, "steps/1")]


def test_a_client_that_fails_to_ask_leaves_the_question_open(tmp_path: Path) -> None:
    async def fail(params: Any) -> Any:
        return ErrorData(code=-32603, message="no window")

    async def main() -> Any:
        async with connected(tmp_path, mode="legacy", elicit=User(fail)) as client:
            return await client.call_tool("refund", {"order": "A1"})

    assert asyncio.run(main()).structured_content["status"] == "paused"


@pytest.mark.parametrize("mode", MODES)
def test_a_client_that_cannot_ask_gets_the_session_and_sees_what_a_person_answers(tmp_path: Path, mode: Any) -> None:
    async def main() -> tuple[Any, ...]:
        async with connected(tmp_path, mode=mode) as client:
            result = await client.call_tool("refund", {"order": "A1"})
            session = result.structured_content["session"]
            shown = await client.call_tool("show_question", {"session": session, "question": "steps/1"})
            manager = SessionManager(tmp_path / "home" / "workflows")
            await manager.answer_async(session, "steps/1", "no", by="ann")

            async def is_over() -> bool:
                status = await client.call_tool("session_status", {"session": session})
                return bool(status.structured_content["status"] == "completed")

            await until(is_over)
            return result, shown, await client.call_tool("session_status", {"session": session})

    result, shown, status = asyncio.run(main())
    assert "waits for an answer" in text(result)
    assert text(shown) == "Refund A1?\n\ndid look at A1"
    assert shown.structured_content["choices"] == ["yes", "no"]
    assert text(status) == "did say no"


@pytest.mark.parametrize("mode", MODES)
def test_wrong_variables_and_failures_are_results_that_say_so(tmp_path: Path, mode: Any) -> None:
    async def main() -> tuple[Any, ...]:
        async with connected(tmp_path, mode=mode) as client:
            return (
                await client.call_tool("refund", {}),
                await client.call_tool("failing", {"order": "A1"}),
                await client.call_tool("session_status", {"session": "none"}),
                await client.call_tool("show_question", {"session": "none", "question": "x"}),
            )

    missing, failed, unknown, _ = results = asyncio.run(main())
    assert all(each.is_error for each in results)
    assert "'order' is missing" in text(missing)
    assert "no connection" in text(failed)
    assert failed.structured_content["session"] in text(failed)
    assert "there is no session 'none'" in text(unknown)


@pytest.mark.parametrize("mode", MODES)
def test_an_approval_is_never_asked_of_the_client(tmp_path: Path, mode: Any) -> None:
    """An agent that calls cannot let the agents of a workflow do what a person has to allow."""
    user = User()

    async def main() -> Any:
        async with connected(tmp_path, mode=mode, elicit=user) as client:
            result = await client.call_tool("guarded", {"order": "A1"})
            return result, await client.call_tool("list_questions", {})

    result, listed = asyncio.run(main())
    [question] = listed.structured_content["questions"]
    assert (result.structured_content["status"], user.asked) == ("paused", [])
    assert (question["kind"], question["answered_by"]) == ("approval", "a person")
    assert f"strands sessions answer {question['session']}" in text(result)
    assert not [line for line in calls(tmp_path) if line.startswith("pay")]


def test_an_approval_is_not_answered_by_a_client_that_names_it(tmp_path: Path) -> None:
    async def main() -> Any:
        async with connected(tmp_path, elicit=User()) as client:
            first = await begun(client, "guarded")
            key = first.structured_content["questions"][0]["id"]
            answer = ElicitResult(action="accept", content={"value": "approve"})
            return await gone_on(client, None, {key: answer}, "guarded")

    assert asyncio.run(main()).structured_content["status"] == "paused"
    assert not [line for line in calls(tmp_path) if line.startswith("pay")]


@pytest.mark.parametrize("mode", MODES)
def test_who_can_be_sent_to_a_page_decides_there(tmp_path: Path, mode: Any) -> None:
    async def visit(params: Any) -> ElicitResult:
        session = SessionManager(tmp_path / "home" / "workflows").list_waiting_sessions()[0]
        visited.append(params)
        await session.answer_async(session.questions[0].id, "approve", by="ann", channel="web")
        return ElicitResult(action="accept")

    visited: list[Any] = []

    async def main() -> Any:
        url = ("--url", "https://desk.example.com/")
        async with connected(tmp_path, *url, mode=mode, elicit=User(visit)) as client:
            return await client.call_tool("guarded", {"order": "A1"})

    result = asyncio.run(main())
    assert text(result) == "paid"
    assert visited[0].url.startswith("https://desk.example.com/q/q_")
    assert calls(tmp_path) == ["pay 10"]


def test_a_state_that_is_tampered_with_or_of_another_call_or_client_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        user = User()
        async with connected(tmp_path, elicit=user) as client:
            first = await begun(client)
            state, answers = first.request_state, {"steps/1": YES}
            assert "steps/1" not in state
            assert first.input_requests.keys() == {"steps/1"}
            middle = len(state) // 2
            tampered = state[:middle] + ("A" if state[middle] != "A" else "B") + state[middle + 1 :]
            for wrong in (tampered, "made up", state[:-4]):
                with pytest.raises(MCPError, match="Invalid or expired requestState"):
                    await gone_on(client, wrong, answers)
            with pytest.raises(MCPError, match="Invalid or expired"):
                await gone_on(client, state, answers, order="B2")
            with pytest.raises(MCPError, match="Invalid or expired"):
                await gone_on(client, state, answers, "twice")
        async with connected(tmp_path, elicit=user, name="another") as client:
            with pytest.raises(MCPError, match="Invalid or expired"):
                await gone_on(client, state, answers)
        async with connected(tmp_path, elicit=user) as client:
            done = await gone_on(client, state, answers)
            assert text(done) == "did say yes"
            again = await gone_on(client, state, answers)
            assert again.structured_content == done.structured_content
            other = await gone_on(client, state, {"steps/1": ElicitResult(action="accept", content={"value": "no"})})
            assert "already answered by desk" in text(other)

    asyncio.run(main())
    assert calls(tmp_path) == ["look at A1", "say yes"]
    assert (tmp_path / "home" / "mcp.key").stat().st_mode & 0o777 == 0o600


def test_an_answer_counts_for_what_was_shown_alone(tmp_path: Path) -> None:
    """The state of the first question answers no later one, and what was never shown is not answered."""

    async def main() -> Any:
        async with connected(tmp_path, elicit=User()) as client:
            first = await begun(client, "twice")
            second = await gone_on(client, first.request_state, {"steps/1": YES, "steps/3": YES}, "twice")
            return second, await gone_on(client, first.request_state, {"steps/3": YES}, "twice")

    for asked in asyncio.run(main()):
        assert asked.input_requests.keys() == {"steps/3"}


def test_a_server_that_is_killed_goes_on_with_the_same_state_and_runs_no_finished_step_again(tmp_path: Path) -> None:
    (tmp_path / "held").write_text("end")

    async def main() -> Any:
        async with connected(tmp_path, elicit=User()) as client:
            first = await begun(client, "twice")
            second = await gone_on(client, first.request_state, {"steps/1": YES}, "twice")
            answer = {"steps/3": ElicitResult(action="accept", content={"value": "because"})}
            call = asyncio.ensure_future(gone_on(client, second.request_state, answer, "twice"))
            await until(lambda: "held end A1" in calls(tmp_path))
            pid = int((tmp_path / "calls").read_text().split()[0])
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(Exception):  # noqa: B017
                await call
        (tmp_path / "held").unlink()
        async with connected(tmp_path, elicit=User()) as client:
            return await gone_on(client, second.request_state, answer, "twice")

    assert text(asyncio.run(main())) == "did end A1"
    assert calls(tmp_path) == ["look at A1", "say yes", "held end A1", "end A1"]


@pytest.mark.parametrize("mode", MODES)
def test_two_calls_at_once_are_two_sessions(tmp_path: Path, mode: Any) -> None:
    async def say(params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"value": "yes" if "A1" in params.message else "no"})

    async def main() -> Any:
        async with connected(tmp_path, mode=mode, elicit=User(say, say)) as client:
            return await asyncio.gather(*(client.call_tool("refund", {"order": order}) for order in ("A1", "B2")))

    one, other = asyncio.run(main())
    assert (text(one), text(other)) == ("did say yes", "did say no")
    assert one.structured_content["session"] != other.structured_content["session"]


@pytest.mark.parametrize("mode", MODES)
def test_a_call_that_is_given_up_stops_and_its_session_can_be_gone_on_with(tmp_path: Path, mode: Any) -> None:
    (tmp_path / "held").write_text("look")

    async def main() -> Any:
        async with connected(tmp_path, mode=mode) as client:
            call = asyncio.ensure_future(client.call_tool("refund", {"order": "A1"}))
            await until(lambda: "held look at A1" in calls(tmp_path))
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            manager = SessionManager(tmp_path / "home" / "workflows")

            async def has_stopped() -> bool:
                return (await manager.list_sessions_async())[0].status != "running"

            await until(has_stopped)
            [session] = await manager.list_sessions_async()
            status = await client.call_tool("session_status", {"session": session.id})
            return status.structured_content["status"]

    assert asyncio.run(main()) == "interrupted"


def test_our_own_agent_has_a_workflow_as_a_tool_and_a_person_answers(tmp_path: Path) -> None:
    arguments = ["-m", "strands_cli", "mcp", "support.mcp_workflows:workflows"]
    server = StdioServerParameters(command=sys.executable, args=arguments, env=environment(tmp_path), cwd=str(tmp_path))
    client = MCPClient(lambda: stdio_client(server))
    agent = Agent(
        model=ScriptedModel([ToolCall("refund", {"order": "A1"}), "Refunded."]), tools=[client], callback_handler=None
    )
    result = agent("Refund A1")
    assert result.stop_reason == "interrupt"
    [asked] = agent.pending_interrupts
    assert asked.reason["message"] == "Refund A1?\n\ndid look at A1"
    done = agent([{"interruptResponse": {"interruptId": asked.id, "response": "yes"}}])
    agent.cleanup()
    assert str(done).strip() == "Refunded."
    assert "did say yes" in str(agent.messages)
    assert calls(tmp_path) == ["look at A1", "say yes"]
