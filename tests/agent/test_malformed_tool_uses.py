"""Tool uses whose input cannot be read: nothing runs, and the model is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.models import Reply, ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.types.exceptions import ModelRequestError
from support.agents import results_of, texts_of

RAN: list[str] = []


@tool
def act(target: str = "everything") -> str:
    """Act."""
    RAN.append(target)
    return "done"


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    RAN.clear()


def make(*script: Any, **options: Any) -> Agent:
    return Agent(model=ScriptedModel(list(script)), tools=[act], callback_handler=None, **options)


@pytest.mark.parametrize(
    "raw", ['{"target": NaN}', '{"target": -1e999}', '{"target": "x', "[1]", "null", '"text"', "{'target': 'x'}"]
)
def test_the_model_is_told_and_does_it_better(raw: str) -> None:
    agent = make(Reply(tool_calls=[ToolCall("act", raw_input=raw)]), ToolCall("act", {"target": "x"}), "Done.")
    assert str(agent("go")).strip() == "Done."
    told, done = results_of(agent)
    assert (told["status"], done["status"]) == ("error", "success")
    assert "not a JSON object" in told["content"][0]["text"]
    assert raw[:10] in told["content"][0]["text"]
    assert RAN == ["x"]
    assert agent.messages[1]["content"][0]["toolUse"]["input"] == {}


def test_a_reply_that_is_damaged_in_one_place_runs_in_none() -> None:
    agent = make([ToolCall("act", raw_input="{"), ToolCall("act", {"target": "y"})], "Done.")
    agent("go")
    assert RAN == []
    assert ["Nothing was run" in text for text in texts_of(results_of(agent))] == [True, True]
    assert agent.messages[1]["content"][1]["toolUse"]["input"] == {"target": "y"}


def test_no_hook_is_asked_about_it() -> None:
    asked: list[Any] = []
    agent = make(Reply(tool_calls=[ToolCall("act", raw_input="{")]), "Done.")
    agent.hooks.add_callback(BeforeToolCallEvent, asked.append)
    agent("go")
    assert (asked, RAN) == ([], [])


def test_a_model_that_never_learns_is_given_up() -> None:
    agent = make(*[Reply(tool_calls=[ToolCall("act", raw_input="{")])] * 9)
    with pytest.raises(ModelRequestError, match="5 times in a row"):
        agent("go")
    model: Any = agent.model
    assert (len(model.requests), RAN) == (5, [])


def test_only_failures_in_a_row_count() -> None:
    bad, good = Reply(tool_calls=[ToolCall("act", raw_input="{")]), ToolCall("act", {"target": "x"})
    agent = make(*[bad, bad, bad, good] * 3, "Done.")
    assert str(agent("go")).strip() == "Done."


def test_it_does_not_run_after_a_restart_either(tmp_path: Path) -> None:
    class Gone(BaseException):
        pass

    def die(request: Any) -> Any:
        if len(request) > 2:
            raise Gone
        return Reply(tool_calls=[ToolCall("act", raw_input='{"target": "x')])

    def session() -> FileSessionManager:
        return FileSessionManager(session_id="s", storage_dir=str(tmp_path))

    first = Agent(model=ScriptedModel(die), tools=[act], callback_handler=None, session_manager=session())
    with pytest.raises(Gone):
        first("go")
    again = make("Done.", session_manager=session())
    again("go on")
    assert RAN == []
    assert "not a JSON object" in str(texts_of(results_of(again)))


def test_a_provider_that_could_not_read_it_says_so() -> None:
    agent = make(Reply(stop_reason="malformed_tool_use"), ToolCall("act", {"target": "x"}), "Done.")
    assert str(agent("go")).strip() == "Done."
    assert [message["role"] for message in agent.messages] == ["user", "assistant"] * 3
    assert "nothing was run" in agent.messages[2]["content"][0]["text"]
