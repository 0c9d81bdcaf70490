"""What is done of a run, wherever somebody is asked or at work: templates, tools, hooks, handlers, sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Workflow, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.types.tools import ToolContext
from strands_cli.types import HITLState
from support.specs import solo


def chain(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"pattern": {"type": "chain", "config": {"steps": list(steps)}}}


def texts(context: Any) -> list[Any]:
    return [step["response"] for step in context["steps"]]


def test_a_tool_and_a_hook_find_it_in_their_invocation_state(tmp_path: Path) -> None:
    seen: list[Any] = []

    @tool(context=True)
    def look(tool_context: ToolContext) -> str:
        """Look at what is done."""
        seen.append(texts(tool_context.invocation_state["execution_context"]))
        return "looked"

    def hook(event: BeforeToolCallEvent) -> None:
        seen.append(texts(event.invocation_state["execution_context"]))

    told = solo(**chain({"agent": "worker", "input": "one"}, {"agent": "worker", "input": "two"}, {"tool": "look"}))
    model = ScriptedModel(["First.", ToolCall("look", {}), "Second."])
    workflow = Workflow.from_dict(told, model=model, tools=[look], hooks=[hook], store=tmp_path)
    assert workflow.run().success
    assert seen == [["First."], ["First."], ["First.", "Second."], ["First.", "Second."]]


def test_a_handler_and_a_paused_session_have_it(tmp_path: Path) -> None:
    told = solo(**chain({"agent": "worker", "input": "one"}, {"type": "hitl", "prompt": "Well?"}))
    seen: list[HITLState] = []

    def answer(state: HITLState) -> str:
        seen.append(state)
        return "good"

    workflow = Workflow.from_dict(told, model=ScriptedModel(lambda _: "First."), store=tmp_path)
    result = workflow.run_interactive(hitl_handler=answer, keep_session=True)
    assert texts(seen[0].execution_context) == ["First."]
    assert texts(result.execution_context) == ["First.", "good"]
    live = workflow.create_session().start()
    paused = live.wait(30)
    assert texts(paused.execution_context) == ["First."]


@pytest.mark.parametrize("place", ["input", "condition", "prompt", "question", "set"])
def test_a_template_has_it_at_every_place(tmp_path: Path, place: str) -> None:
    first = "{{ execution_context.steps[0].response }}"
    steps: dict[str, dict[str, Any]] = {
        "input": {"agent": "worker", "input": f"after {first}"},
        "condition": {"agent": "worker", "input": "go on", "when": "{{ execution_context.steps | length == 1 }}"},
        "prompt": {"agent": "other", "input": "go on"},
        "question": {"type": "hitl", "prompt": f"Is {first} right?"},
        "set": {"set": {"all": "{{ execution_context.steps }}", "length": "{{ execution_context.steps | length }}"}},
    }
    told = solo(**chain({"agent": "worker", "input": "one"}, steps[place]))
    told["agents"]["other"] = {"prompt": f"You know {first}."}
    model = ScriptedModel(lambda messages: "First.")
    result = Workflow.from_dict(told, model=model, store=tmp_path).run()
    last = model.requests[-1]
    if place == "input":
        assert "after First." in str(last.messages[-1])
    elif place == "prompt":
        assert last.system_prompt == "You know First.."
    elif place == "question":
        assert result.questions[0].prompt == "Is First. right?"
    elif place == "set":
        assert result.execution_context["steps"][1]["response"]["length"] == 1
    else:
        assert len(model.requests) == 2


def test_a_branch_sees_its_own_part_whatever_the_others_have_done(tmp_path: Path) -> None:
    """A prompt that differed by who was quicker could not be told apart from a changed workflow."""
    steps = [{"agent": "worker", "input": "x"}, {"agent": "worker", "input": "{{ execution_context.steps | length }}"}]
    branches = [{"id": name, "steps": steps} for name in ("a", "b")]
    told = solo(pattern={"type": "parallel", "config": {"branches": branches}})
    model = ScriptedModel(lambda messages: "yes")
    assert Workflow.from_dict(told, model=model, store=tmp_path).run().success
    assert sorted(str(request.messages[-1]["content"][0]["text"]) for request in model.requests) == ["1", "1", "x", "x"]


def test_a_variable_of_that_name_is_the_workflows_own(tmp_path: Path) -> None:
    told = solo(
        inputs={"values": {"execution_context": "mine"}},
        **chain({"agent": "worker", "input": "{{ execution_context }}"}),
    )
    model = ScriptedModel(["done"])
    assert Workflow.from_dict(told, model=model, store=tmp_path).run().success
    assert "mine" in str(model.requests[0].messages[-1])
