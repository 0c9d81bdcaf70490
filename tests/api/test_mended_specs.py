"""A spec that was mended while its session rests: what is finished may not differ, the rest is taken and recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import (
    AnswerError,
    BudgetExceededError,
    ChangedSpecError,
    ExecutionError,
    InputError,
    SessionError,
)
from strands_cli.kernel.principal import os_principal
from support.pattern_stories import ANSWERS, EXPECTED, STORIES, VARIABLES, model

HEAD = "version: 0\nname: t\nruntime: {provider: openai, model_id: m%s}\n"
AGENTS = 'agents: {a: {prompt: "You are a"}, b: {prompt: "You are b"}}\n'
THREE = (
    'pattern: {type: chain, config: {steps: [{agent: a, input: "1"}, {agent: a, input: "2"}, {agent: b, input: "3"}]}}'
)
ASKING = (
    "pattern: {type: chain, config: {steps: "
    '[{agent: a, input: "1"}, {type: hitl, prompt: "go?"}, {agent: b, input: "3"}]}}'
)


class Told:
    """A model that notes what it is told."""

    def __init__(self, fail_on: str = "") -> None:
        self.prompts: list[str] = []
        self.fail_on = fail_on

    def model(self) -> ScriptedModel:
        def reply(messages: Any) -> str:
            prompt = messages[-1]["content"][0]["text"]
            self.prompts.append(prompt)
            if prompt == self.fail_on:
                raise ValueError("no")
            return f"r:{prompt}"

        return ScriptedModel(reply)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def workflow(told: Told, pattern: str, runtime: str = "", agents: str = AGENTS, **more: Any) -> Workflow:
    return Workflow.from_yaml(HEAD % runtime + agents + pattern, model=told.model(), **more)


def failed(run: Callable[[], Any]) -> str:
    with pytest.raises(ExecutionError) as error:
        run()
    return str(error.value.session_id)


def test_a_bigger_budget() -> None:
    told = Told()
    with pytest.raises(BudgetExceededError) as spent:
        workflow(told, THREE, ", budgets: {max_steps: 2}").run()
    session_id = str(spent.value.session_id)
    assert workflow(told, THREE, ", budgets: {max_steps: 9}").resume(session_id).success
    assert told.prompts == ["1", "2", "3"]


def test_the_next_resume_uses_the_mended_spec() -> None:
    told = Told(fail_on="3")
    session_id = failed(workflow(told, THREE, ", budgets: {max_steps: 2}").run)
    failed(lambda: workflow(told, THREE, ", budgets: {max_steps: 9}").resume(session_id))
    told.fail_on = ""
    session = SessionManager().get_session(session_id)
    assert session.spec_dict["runtime"]["budgets"]["max_steps"] == 9
    mended = Workflow(session.spec(), model=told.model())
    assert mended.resume(session_id).success
    assert told.prompts == ["1", "2", "3", "3"]


def test_a_mended_prompt_of_the_step_that_failed() -> None:
    told = Told(fail_on="2")
    session_id = failed(workflow(told, THREE).run)
    mended = THREE.replace('"2"', '"two"')
    assert workflow(told, mended).resume(session_id).last_response == "r:3"
    entries = asyncio.run(SessionManager().get_session(session_id).entries_async())
    [taken] = [entry for entry in entries if "mended" in entry.data.get("changed", ())]
    assert taken.data["principal"] == os_principal().to_dict(), "who changes a workflow may change who is to answer"
    assert told.prompts == ["1", "2", "two", "3"]
    assert [item.key for item in SessionManager().get_session(session_id).history] == ["steps/0", "steps/1", "steps/2"]


def test_a_mended_step_does_not_repeat_its_finished_tools() -> None:
    paid: list[str] = []

    @tool
    def pay() -> str:
        """Pay."""
        paid.append("x")
        return "paid"

    def reply(messages: Any) -> Any:
        if "toolResult" not in messages[-1]["content"][0]:
            return ToolCall("pay", {})
        if messages[0]["content"][0]["text"] == "2":
            raise ValueError("no")
        return "done"

    def again(text: str) -> Workflow:
        pattern = THREE.replace('{agent: a, input: "1"}, ', "").replace('"2"', text)
        return Workflow.from_yaml(HEAD % "" + AGENTS + pattern, model=ScriptedModel(reply), tools=[pay])

    session_id = failed(again('"2"').run)
    assert again('"two"').resume(session_id).success
    assert paid == ["x", "x"]  # one of each step


@pytest.mark.parametrize(
    ("before", "after", "agents", "key"),
    [
        ('"1"', '"one"', AGENTS, "steps/0"),
        ('{agent: a, input: "1"}', '{agent: b, input: "1"}', AGENTS, "steps/0"),
        ("", "", AGENTS.replace("You are a", "You are another"), "steps/0"),
        ('"go?"', '"really?"', AGENTS, "steps/1"),
        ('"go?"', '"go?", choices: ["yes"]', AGENTS, "steps/1"),
        ('{agent: a, input: "1"}, ', "", AGENTS, "steps/0"),
    ],
)
def test_what_is_finished_may_not_differ(before: str, after: str, agents: str, key: str) -> None:
    told = Told()
    session_id = str(workflow(told, ASKING).run().session_id)
    mended = ASKING.replace(before, after)
    with pytest.raises(ChangedSpecError) as refused:
        workflow(told, mended, agents=agents).resume(session_id, "yes")
    assert key in refused.value.steps and repr(key) in refused.value.message and refused.value.exit_code == 17
    assert SessionManager().get_session(session_id).status == "paused"
    assert told.prompts == ["1"]


def test_what_differs_is_kept_when_told_so() -> None:
    told = Told()
    session_id = str(workflow(told, ASKING).run().session_id)
    mended = workflow(told, ASKING.replace('"1"', '"one"').replace('"3"', '"{{ steps[0].response }}"'))
    assert mended.resume(session_id, "yes", accept_changes=True).last_response == "r:r:1"
    assert told.prompts == ["1", "r:1"]


MOVED = ASKING.replace("{type: hitl", '{agent: a, input: "new"}, {type: hitl')


def test_a_question_that_moved_is_asked_in_its_new_place_alone() -> None:
    told = Told()
    session_id = str(workflow(told, ASKING).run().session_id)
    with pytest.raises(ChangedSpecError, match="'steps/1': the workflow does not come to it any more"):
        workflow(told, MOVED).resume(session_id)
    result = workflow(told, MOVED).resume(session_id, accept_changes=True)
    session = SessionManager().get_session(session_id)
    assert [question.id for question in (*result.questions, *session.questions)] == ["steps/2", "steps/2"]
    with pytest.raises(AnswerError, match="does not come to 'steps/1' any more") as refused:
        session.answer("steps/1", "yes")
    assert "steps/2" in refused.value.hint
    assert workflow(told, MOVED).resume(session_id, "yes").success
    assert told.prompts == ["1", "new", "3"]
    questions = [item for item in SessionManager().get_session(session_id).history if item.kind == "hitl"]
    left = {item.key: (item.text, item.error) for item in questions}
    assert left["steps/1"] == (None, "the workflow was mended and does not come to it any more")
    assert left["steps/2"] == ("yes", None)


@pytest.mark.parametrize("when", ["before", "with the resume"])
def test_an_answer_goes_along_with_its_question(when: str) -> None:
    told = Told()
    session_id = str(workflow(told, ASKING).run().session_id)
    if when == "before":
        SessionManager().get_session(session_id).answer("steps/1", "yes", by="ann")
    given = {"steps/1": "yes"} if when != "before" else None
    assert workflow(told, MOVED).resume(session_id, given, accept_changes=True).success
    assert told.prompts == ["1", "new", "3"]
    questions = [item for item in SessionManager().get_session(session_id).history if item.kind == "hitl"]
    answered = {item.key: (item.text, item.by) for item in questions}
    assert answered["steps/2"] == answered["steps/1"] and answered["steps/2"][0] == "yes"


def test_an_answer_is_for_no_other_question() -> None:
    told = Told()
    session_id = str(workflow(told, ASKING).run().session_id)
    other = MOVED.replace('"go?"', '"really go?"').replace("{agent: b", '{type: hitl, prompt: "sure?"}, {agent: b')
    result = workflow(told, other).resume(session_id, {"steps/1": "yes"}, accept_changes=True)
    assert [question.id for question in result.questions] == ["steps/2"]
    result = workflow(told, other).resume(session_id, "no")
    assert [(question.id, question.prompt) for question in result.questions] == [("steps/3", "sure?")]


def test_a_question_that_the_workflow_does_not_ask_any_more_waits_for_nobody() -> None:
    told = Told()
    session_id = str(workflow(told, ASKING).run().session_id)
    result = workflow(told, ASKING.replace('{type: hitl, prompt: "go?"}, ', "")).resume(session_id, accept_changes=True)
    assert (result.status, result.questions) == ("completed", [])


def test_a_question_of_an_agent_that_is_replaced_waits_for_nobody() -> None:
    @tool
    def pay() -> str:
        """Pay."""
        return "paid"

    def reply(messages: Any) -> Any:
        is_b = messages[0]["content"][0]["text"] == "2" and "toolResult" not in messages[-1]["content"][0]
        return ToolCall("pay", {}) if is_b else "done"

    agents = AGENTS.replace('"You are b"', '"You are b", tools: [pay], approvals: [{tools: [pay]}]')

    def of(steps: str) -> Workflow:
        pattern = f"pattern: {{type: chain, config: {{steps: [{steps}]}}}}"
        return Workflow.from_yaml(HEAD % "" + agents + pattern, model=ScriptedModel(reply), tools=[pay])

    session_id = str(of('{agent: a, input: "1"}, {agent: b, input: "2"}').run().session_id)
    moved = of('{agent: a, input: "1"}, {agent: a, input: "new"}, {agent: b, input: "2"}')
    with pytest.raises(ChangedSpecError, match="'steps/1': agent 'b' is in the middle of it, and its agent is 'a'"):
        moved.resume(session_id)
    result = moved.resume(session_id, accept_changes=True)
    assert [question.id.partition("/interrupts")[0] for question in result.questions] == ["steps/2"]
    assert moved.resume(session_id, "approve").success


def test_what_was_accepted_stays_accepted() -> None:
    told = Told(fail_on="3")
    session_id = str(workflow(told, ASKING).run().session_id)
    mended = ASKING.replace('"1"', '"one"')
    failed(lambda: workflow(told, mended).resume(session_id, "yes", accept_changes=True))
    told.fail_on = ""
    assert workflow(told, mended).resume(session_id).success


def test_another_workflow_is_no_mended_one() -> None:
    told = Told()
    session_id = str(workflow(told, ASKING).run().session_id)
    other = Workflow.from_yaml((HEAD % "").replace("name: t", "name: other") + AGENTS + ASKING, model=told.model())
    with pytest.raises(ChangedSpecError, match="'t', not of 'other'"):
        other.resume(session_id, "yes", accept_changes=True)
    assert SessionManager().get_session(session_id).status == "paused"


def test_variables_that_a_mended_spec_adds() -> None:
    told = Told()
    session_id = str(workflow(told, ASKING).run().session_id)
    mended = ASKING.replace('"3"', '"{{ tone }}"')
    with pytest.raises(InputError, match="tone"):
        workflow(told, mended).resume(session_id, "yes")
    inputs = "inputs: {optional: {tone: {type: string, default: calm}}}\n"
    assert workflow(told, mended, agents=inputs + AGENTS).resume(session_id, "yes").last_response == "r:calm"


def test_a_value_of_the_spec_that_the_session_began_without() -> None:
    told = Told()
    with_value = "inputs: {values: {topic: %s}}\n"
    pattern = ASKING.replace('"3"', '"{{ topic }}"')
    session_id = str(workflow(told, pattern, agents=with_value % "birds" + AGENTS).run().session_id)
    mended = workflow(told, pattern, agents=with_value % "fish" + AGENTS)
    with pytest.raises(ChangedSpecError, match="began with 'birds'"):
        mended.resume(session_id, "yes")
    assert mended.resume(session_id, "yes", accept_changes=True).last_response == "r:birds"


@pytest.mark.parametrize("pattern", STORIES)
def test_every_pattern_is_followed_as_far_as_it_has_come(pattern: str) -> None:
    calls: list[str] = []

    def mended(number: int) -> Workflow:
        return Workflow.from_dict({**STORIES[pattern], "description": f"mended {number}"}, model=model(calls))

    result = mended(0).run(variables=VARIABLES[pattern])
    for number in range(1, 20):
        if result.status != "paused":
            break
        given = {each.id: ANSWERS[pattern].get(each.id, "approved") for each in result.questions}
        result = mended(number).resume(str(result.session_id), answers=given)
    assert result.last_response == EXPECTED[pattern]
    assert SessionManager().list_sessions()[0].spec_dict["description"] == f"mended {number - 1}"


def test_a_branch_at_a_time() -> None:
    told = Told(fail_on="y")
    pattern = (
        "pattern: {type: parallel, config: {branches: [{id: x, steps: [{agent: a, input: x}]}, "
        "{id: y, steps: [{agent: b, input: y}]}]}}"
    )
    session_id = failed(workflow(told, pattern).run)
    with pytest.raises(ChangedSpecError) as refused:
        workflow(told, pattern.replace("input: x", "input: z")).resume(session_id)
    assert refused.value.steps == ("branches/x/steps/0",)
    assert workflow(told, pattern.replace("input: y", "input: z")).resume(session_id).success
    assert sorted(told.prompts) == ["x", "y", "z"]


def test_a_path_of_a_graph_that_is_not_taken_any_more() -> None:
    told = Told(fail_on="end")
    pattern = (
        "pattern: {type: graph, config: {nodes: {s: {agent: a, input: s}, left: {agent: a, input: left}, "
        "right: {agent: a, input: right}, end: {agent: b, input: end}}, edges: [{from: s, choose: "
        "[{when: \"'r' in last_response\", to: left}, {when: else, to: right}]}, {from: left, to: [end]}, "
        "{from: right, to: [end]}]}}"
    )
    session_id = failed(workflow(told, pattern).run)
    with pytest.raises(ChangedSpecError) as refused:
        workflow(told, pattern.replace("'r' in", "'q' in")).resume(session_id)
    assert refused.value.steps == ("nodes/left",)


def test_two_processes_that_mend_at_once_do_not_mix() -> None:
    """What was looked at is what is driven: a session that was changed in between is refused."""
    told = Told()
    session_id = str(workflow(told, ASKING).run().session_id)
    stale = SessionManager().get_session(session_id)
    mended = workflow(told, ASKING.replace('"3"', '"three"').replace("go?", "go?"))
    assert mended.resume(session_id).status == "paused"

    async def late() -> None:
        await stale.resume_async("yes", user=mended, spec=workflow(told, ASKING.replace('"3"', '"drei"')).spec)

    with pytest.raises(SessionError):
        asyncio.run(late())
    assert told.prompts == ["1"]
