"""MCP servers of a spec: started for a run, attached to the agents that list them, and behind the same gates."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed")

from strands import Workflow
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import AnswerError, BudgetExceededError, ExecutionError
from support.specs import solo

TESTS = Path(__file__).parent.parent


def server(log: Path, **more: Any) -> dict[str, Any]:
    arguments = ["-m", "support.mcp_server", "--log", str(log)]
    return {"mcp": [{"id": "files", "command": sys.executable, "args": arguments, "cwd": str(TESTS), **more}]}


def offered(model: ScriptedModel) -> set[str]:
    return {spec["name"] for spec in model.requests[0].tool_specs}


def test_with_no_agent_listing_it_every_agent_has_its_tools(tmp_path: Path) -> None:
    model = ScriptedModel([ToolCall("add", {"a": 2, "b": 3}), "done"])
    assert Workflow.from_dict(solo(tools=server(tmp_path / "log")), model=model).run().success
    assert {"add", "delete"} <= offered(model)
    assert "5" in json.dumps(model.requests[1].messages[-1])


def test_it_is_for_the_agents_that_list_it(tmp_path: Path) -> None:
    spec = solo(2, {"tools": ["files"]}, tools=server(tmp_path / "log", prefix="fs"))
    spec["agents"]["other"] = {"prompt": "Other."}
    spec["pattern"]["config"]["steps"][1]["agent"] = "other"
    model = ScriptedModel(["one", "two"])
    assert Workflow.from_dict(spec, model=model).run().success
    assert "fs_add" in offered(model)
    assert not model.requests[1].tool_specs


def test_a_call_waits_for_an_approval_in_another_process_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    spec = solo(1, {"approvals": [{"tools": ["delete"]}]}, tools=server(log))
    model = ScriptedModel([ToolCall("delete", {"path": "/x"}, "t1"), "done"])
    first = Workflow.from_dict(spec, model=model).run()
    assert first.status == "paused"
    assert not log.exists()
    assert Workflow.from_dict(spec, model=ScriptedModel(["done"])).resume(str(first.session_id), "approve").success
    assert log.read_text() == "delete /x\n"


def test_a_misspelt_approval_is_found_when_the_server_tells_its_tools(tmp_path: Path) -> None:
    spec = solo(1, {"approvals": [{"tools": ["erase_*"]}]}, tools=server(tmp_path / "log"))
    with pytest.raises(ExecutionError, match="'erase_"):
        Workflow.from_dict(spec, model=ScriptedModel(["done"])).run()


def test_only_allowed_tools_of_a_server(tmp_path: Path) -> None:
    spec = solo(tools=server(tmp_path / "log"), security={"guardrails": {"allow_tools": ["add"]}})
    model = ScriptedModel(["done"])
    assert Workflow.from_dict(spec, model=model).run().success
    assert offered(model) == {"add"}


def test_a_server_that_does_not_start_is_an_error_that_names_it(tmp_path: Path) -> None:
    spec = solo(tools=server(tmp_path / "log", args=["-c", "raise SystemExit(1)"], startup_timeout=5))
    with pytest.raises(ExecutionError, match="'files'"):
        Workflow.from_dict(spec, model=ScriptedModel(["done"])).run()


def test_a_rehearsal_starts_nothing() -> None:
    spec = solo(tools={"mcp": [{"id": "files", "command": "no-such-command"}]})
    assert Workflow.from_dict(spec, offline=True).run().success


def test_a_denied_network_contacts_no_server() -> None:
    spec = solo(
        tools={"mcp": [{"id": "far", "url": "http://127.0.0.1:1/mcp"}]},
        security={"guardrails": {"deny_network": True}},
    )
    with pytest.raises(ExecutionError, match="deny_network"):
        Workflow.from_dict(spec, model=ScriptedModel(["done"])).run()


def odd(kind: str, **more: Any) -> dict[str, Any]:
    arguments = ["-m", "support.odd_mcp_server", kind]
    return {"id": kind, "command": sys.executable, "args": arguments, "cwd": str(TESTS), **more}


@pytest.mark.parametrize(
    ("agent", "tools", "both"),
    [
        ({"tools": ["calculator", "calculator_server"]}, {}, "the built-in tool 'calculator'"),
        ({}, {"python": ["calculator"]}, "the declared tool 'calculator'"),
        ({}, {"mcp": [{**odd("calculator"), "id": "other"}]}, "mcp server 'calculator_server'"),
    ],
)
def test_a_name_that_two_sources_offer_is_refused_and_both_are_named(
    agent: dict[str, Any], tools: dict[str, Any], both: str
) -> None:
    servers = [{**odd("calculator"), "id": "calculator_server"}, *tools.get("mcp", ())]
    spec = solo(1, agent, tools={**tools, "mcp": servers})
    with pytest.raises(ExecutionError, match=r"'calculator' is offered by") as refused:
        Workflow.from_dict(spec, model=ScriptedModel(["done"])).run()
    assert both in str(refused.value)
    servers[-1]["prefix"] = "desk"
    model = ScriptedModel(["done"])
    assert Workflow.from_dict(spec, model=model).run().success
    assert "desk_calculator" in offered(model)


@pytest.mark.parametrize(
    ("allowed", "has"), [("calculator", set()), ("calculator_server/calculator", {"calculator"}), ("add", set())]
)
def test_a_guardrail_for_a_built_in_tool_lets_no_tool_of_a_server_through(allowed: str, has: set[str]) -> None:
    spec = solo(
        tools={"mcp": [{**odd("calculator"), "id": "calculator_server"}]},
        security={"guardrails": {"allow_tools": [allowed]}},
    )
    model = ScriptedModel(["done"])
    assert Workflow.from_dict(spec, model=model).run().success
    assert {spec["name"] for spec in model.requests[0].tool_specs or ()} == has


def test_filters_and_time_outs_of_a_server(tmp_path: Path) -> None:
    server = odd("fine", tool_filters={"allowed": ["a*", "o*"], "rejected": ["other"]}, call_timeout=5.5, prefix="x")
    model = ScriptedModel(["done"])
    assert Workflow.from_dict(solo(tools={"mcp": [server]}), model=model).run().success
    assert offered(model) == {"x_act"}


def test_a_call_that_hangs_ends_with_the_time_of_the_run() -> None:
    spec = solo(tools={"mcp": [odd("hangs")]})
    spec["runtime"]["budgets"] = {"max_duration_s": 2}
    model = ScriptedModel([ToolCall("act", {}), "done"])
    with pytest.raises(BudgetExceededError) as spent:
        Workflow.from_dict(spec, model=model).run()
    spec["runtime"]["budgets"]["max_duration_s"] = 600
    paused = Workflow.from_dict(spec, model=ScriptedModel(["done"])).resume(str(spent.value.session_id))
    assert [question.kind for question in paused.questions] == ["ambiguous_tool"]


@pytest.mark.parametrize(("name", "seen"), [("${KEY:-fallback}", "fallback"), ("${SET:-fallback}", "given")])
def test_a_variable_may_have_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, seen: str) -> None:
    monkeypatch.setenv("SET", "given")
    log = tmp_path / "log"
    server = odd("fine", args=["-m", "support.odd_mcp_server", "fine", str(tmp_path) + "/${LOG:-log}"])
    server["env"] = {"NAME": name}
    model = ScriptedModel([ToolCall("act", {}), "done"])
    assert Workflow.from_dict(solo(tools={"mcp": [server]}), model=model).run().success
    assert f"NAME={seen}" in log.read_text()


def asking(log: Path, **more: Any) -> Any:
    spec = solo(tools={"mcp": [odd("asks", args=["-m", "support.odd_mcp_server", "asks", str(log)])]})
    call = ToolCall("act", {}, "t1")
    model = ScriptedModel(lambda messages: "done" if "toolResult" in messages[-1]["content"][0] else call)
    return Workflow.from_dict(spec, model=model, **more)


@pytest.mark.parametrize(
    ("response", "action"),
    [("yes", "accept"), ('{"sure": true}', "accept"), ({"sure": False}, "accept"), ("no", "decline")],
)
def test_a_question_of_a_server_is_a_form(tmp_path: Path, response: Any, action: str) -> None:
    log = tmp_path / "log"
    paused = asking(log).run()
    (question,) = paused.questions
    assert (question.kind, question.prompt) == ("elicitation", "act?")
    assert question.schema["required"] == ["sure"]
    assert "MCP server 'asks'" in question.context
    assert asking(log).resume(paused.session_id, answers={question.id: response}).success
    assert f"act: {action}" in log.read_text()


@pytest.mark.parametrize("response", ["Yes, go on", '{"sure": "maybe"}', '{"other": true}', "", None])
def test_an_answer_that_is_no_answer_to_the_form_is_refused_and_the_question_stays(
    tmp_path: Path, response: Any
) -> None:
    log = tmp_path / "log"
    paused = asking(log).run()
    with pytest.raises(AnswerError):
        asking(log).resume(paused.session_id, answers={paused.questions[0].id: response})
    assert "act: accept" not in log.read_text()
    assert "act: decline" not in log.read_text()
    assert asking(log).resume(paused.session_id, answers={paused.questions[0].id: "yes"}).success


@pytest.mark.parametrize(
    ("globs", "asks"),
    [
        (["*", "!calculator"], True),
        (["*", "!desk/calculator"], False),
        (["desk/*"], True),
        (["calculator"], True),
        (["*", "!desk/*"], False),
    ],
)
def test_globs_of_approvals_tell_a_server_s_tool_from_a_built_in_one(globs: list[str], asks: bool) -> None:
    spec = solo(1, {"approvals": [{"tools": globs}]}, tools={"mcp": [{**odd("calculator"), "id": "desk"}]})
    result = Workflow.from_dict(spec, model=ScriptedModel([ToolCall("calculator", {}), "done"])).run()
    assert (result.status == "paused") is asks


@pytest.mark.parametrize(("declared", "status"), [(False, "paused"), (True, "completed")])
def test_an_approval_is_bound_to_where_variables_of_the_environment_lead_and_to_the_names_of_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declared: bool, status: str
) -> None:
    """A digest of a secret that can be guessed would tell it to who reads the journal."""
    monkeypatch.setenv("LOG", "one")
    server = odd("fine", args=["-m", "support.odd_mcp_server", "fine", str(tmp_path) + "/${LOG:-log}"])
    spec = solo(1, {"approvals": [{"tools": ["act"]}]}, tools={"mcp": [server]})
    if declared:
        spec["env"] = {"secrets": [{"source": "env", "key": "LOG", "name": "LOG"}]}
    model = ScriptedModel([ToolCall("act", {}, "t1"), "done"])
    paused = Workflow.from_dict(spec, model=model).run()
    monkeypatch.setenv("LOG", "two")
    resumed = Workflow.from_dict(spec, model=ScriptedModel(["done"])).resume(str(paused.session_id), "approve")
    assert resumed.status == status
