"""What a user gives by mistake is named at once, with what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.models import ScriptedModel
from strands.session import FileSessionManager
from strands.types.exceptions import SessionException, SnapshotException
from strands.vended_interventions import HumanInTheLoop
from strands_cli.api import SessionManager as WorkflowSessions


@tool
def look() -> str:
    """Look."""
    return "seen"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"model": 3}, "model 3 must be a Model"),
        ({"model": ScriptedModel}, r"model is the class ScriptedModel; make one of it: ScriptedModel\(...\)"),
        ({"messages": "hello"}, "messages 'hello' must be a list"),
        ({"messages": [{"role": "user", "content": "hi"}]}, r"must be a list of blocks: \[{'text': ...}\]"),
        ({"messages": [{"role": "system", "content": []}]}, "instructions are the system_prompt"),
        ({"tools": look}, r"must be a list: tools=\[...\]"),
        ({"hooks": print}, r"must be a list: hooks=\[...\]"),
        ({"interventions": HumanInTheLoop()}, r"must be a list: interventions=\[...\]"),
        ({"interventions": [3]}, "an intervention 3 must be an InterventionHandler"),
        ({"plugins": [3]}, "a plugin 3 must be a Plugin"),
        ({"session_manager": "demo"}, "session_manager 'demo' must be one of an agent's sessions"),
        ({"session_manager": WorkflowSessions()}, "this one keeps the sessions of workflows"),
        ({"session_manager": FileSessionManager}, "session_manager is the class FileSessionManager"),
        ({"conversation_manager": 40}, "conversation_manager 40 must be a ConversationManager"),
        ({"callback_handler": "silent"}, "callback_handler 'silent' must be a function"),
        ({"system_prompt": 3}, "system_prompt 3 must be a text or a list"),
    ],
)
def test_an_agent_names_the_argument_that_is_wrong(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Agent(**{"model": ScriptedModel(["ok"]), "callback_handler": None, **arguments})


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (b"x", "prompt b'x' must be text"),
        ([{"role": "user", "content": "hi"}], "must be a list of blocks"),
        ([{"role": "system", "content": [{"text": "x"}]}], "instructions are the system_prompt"),
    ],
)
def test_a_prompt_that_no_model_takes_is_refused_before_any_is_asked(prompt: Any, said: str) -> None:
    agent = Agent(model=ScriptedModel(["ok"]), callback_handler=None)
    with pytest.raises(ValueError, match=said):
        agent(prompt)
    assert agent.messages == [] and str(agent("Hello")).strip() == "ok"


def test_a_structure_is_a_pydantic_model_and_a_snapshot_a_snapshot() -> None:
    agent = Agent(model=ScriptedModel(["ok"]), callback_handler=None)
    with pytest.raises(ValueError, match="must be a pydantic model"):
        agent("go", structured_output_model=int)  # type: ignore[arg-type]
    with pytest.raises(SnapshotException, match=r"dict is not a snapshot; make one of data by Snapshot\.from_dict"):
        agent.load_snapshot({})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"ask": "slack"}, "ask is 'slack'; it must be 'stdio', a function"),
        ({"classifier": 3}, "classifier is 3; it must be True"),
        ({"allowed_tools": "look"}, r"it must be a list: \['look'\]"),
    ],
)
def test_a_gate_names_the_option_that_is_wrong(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        HumanInTheLoop(**arguments)


def test_a_place_where_no_session_can_be_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SessionException, match=r"Not a directory\. Give a storage_dir that is a directory"):
            FileSessionManager("s", storage_dir=place)
