"""Interventions and plugins: policies and extensions as one thing."""

from __future__ import annotations

from typing import Any

import pytest

from strands import Agent, Plugin, tool
from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent, MessageAddedEvent
from strands.interventions import Confirm, Deny, Guide, InterventionHandler, OnError, Proceed, Transform
from strands.models import ScriptedModel, ToolCall
from strands.plugins import hook
from strands.types.exceptions import EventLoopException
from strands.vended_interventions import HumanInTheLoop
from strands.vended_interventions.hitl import ClassifierResult, LLMClassifierConfig
from support.agents import answers, results_of, texts_of


@tool
def delete(path: str) -> str:
    """Delete."""
    return f"deleted {path}"


@tool
def read(path: str) -> str:
    """Read."""
    return f"read {path}"


def make(*interventions: Any, calls: int = 1, **options: Any) -> Agent:
    script = [[ToolCall("delete", {"path": "a"}), ToolCall("read", {"path": "b"})] for _ in range(calls)]
    model = ScriptedModel([*script, "done"])
    return Agent(model=model, tools=[delete, read], interventions=interventions, callback_handler=None, **options)


class Policy(InterventionHandler):
    def __init__(self, action: Any, on_error: OnError = "throw") -> None:
        self.action = action
        self._on_error = on_error

    @property
    def name(self) -> str:
        return "policy"

    @property
    def on_error(self) -> OnError:
        return self._on_error

    async def before_tool_call(self, event: BeforeToolCallEvent, **kwargs: Any) -> Any:
        if isinstance(self.action, Exception):
            raise self.action
        return self.action if event.tool_use["name"] == "delete" else Proceed()


def change(event: BeforeToolCallEvent) -> None:
    event.tool_use["input"]["path"] = "c"


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (Proceed(), "deleted a"),
        (Deny(reason="no"), "DENIED: no"),
        (Guide(feedback="read instead"), "GUIDANCE: [policy] read instead"),
        (Transform(apply=change), "deleted c"),
        (Confirm(prompt="sure?", response="y"), "deleted a"),
        (Confirm(prompt="sure?", response="n"), "CONFIRMATION_FAILED: sure?"),
    ],
)
def test_a_policy_decides_about_a_tool_call(action: Any, text: str) -> None:
    agent = make(Policy(action))
    agent("go")
    assert texts_of(results_of(agent)) == [text, "read b"]


def test_a_policy_that_fails_does_what_it_says_it_does_then() -> None:
    with pytest.raises(EventLoopException, match="broken"):
        make(Policy(RuntimeError("broken")))("go")
    agent = make(Policy(RuntimeError("broken"), "deny"))
    agent("go")
    assert texts_of(results_of(agent))[0] == "DENIED: policy failed: broken"
    agent = make(Policy(RuntimeError("broken"), "proceed"))
    agent("go")
    assert texts_of(results_of(agent))[0] == "deleted a"


def test_two_policies_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two interventions are named 'policy'"):
        make(Policy(Proceed()), Policy(Proceed()))


def test_a_person_approves_every_tool_by_default() -> None:
    agent = make(HumanInTheLoop())
    result = agent("go")
    assert [each.name for each in result.interrupts or ()] == ["strands:human-in-the-loop"] * 2
    assert (result.interrupts or ())[0].reason == 'Approve "delete"?\n  Input: {"path": "a"}'
    agent(answers(result, "yes"))
    assert texts_of(results_of(agent)) == ["deleted a", "read b"]


def test_anything_but_yes_is_a_no() -> None:
    for response in ("n", "", "maybe", 0):
        agent = make(HumanInTheLoop(allowed_tools=["read"]))
        agent(answers(agent("go"), response))
        assert texts_of(results_of(agent))[0].startswith("CONFIRMATION_FAILED")


@pytest.mark.parametrize(
    ("allowed", "asked"),
    [(["read"], 1), (["*"], 0), (["*", "!delete"], 1), (["*", "!delete", "!read"], 2), ([], 2)],
)
def test_some_tools_may_run_freely(allowed: list[str], asked: int) -> None:
    assert len(make(HumanInTheLoop(allowed_tools=allowed))("go").interrupts or ()) == asked


def test_trust_is_remembered_in_the_state_but_never_for_an_excepted_tool() -> None:
    agent = make(HumanInTheLoop(allowed_tools=["read"], enable_trust=True), calls=2)
    assert agent(answers(agent("go"), "t")).stop_reason == "end_turn"
    assert agent.state.get("hitl:trusted_tools") == ["delete"]
    agent = make(HumanInTheLoop(allowed_tools=["*", "!delete"], enable_trust=True), calls=2)
    agent(answers(agent("go"), "t"))
    assert texts_of(results_of(agent))[0].startswith("CONFIRMATION_FAILED")


def test_a_person_may_respond_in_place_of_a_call() -> None:
    agent = make(HumanInTheLoop(allowed_tools=["read"], enable_respond=True))
    assert agent(answers(agent("go"), "respond: It is gone already.")).stop_reason == "end_turn"
    [result] = [each for each in results_of(agent) if "It is gone already." in texts_of([each])]
    assert result["status"] == "success"
    plain = make(HumanInTheLoop(allowed_tools=["read"]))
    plain(answers(plain("go"), "respond: It is gone already."))
    assert any(text.startswith("CONFIRMATION_FAILED") for text in texts_of(results_of(plain)))


def test_the_person_may_be_asked_at_once() -> None:
    asked: list[str] = []

    async def in_person(prompt: str) -> Any:
        asked.append(prompt)
        return True if "delete" in prompt else None

    agent = make(HumanInTheLoop(ask=in_person))
    assert agent("go").stop_reason == "end_turn"
    assert [result["status"] for result in results_of(agent)] == ["success", "error"]
    assert len(asked) == 2


def test_a_classifier_decides_what_needs_a_person() -> None:
    def classify(event: BeforeToolCallEvent) -> ClassifierResult:
        return ClassifierResult(event.tool_use["name"] == "delete", "it destroys")

    (question,) = make(HumanInTheLoop(classifier=classify))("go").interrupts or ()
    assert "Why: it destroys" in question.reason


def test_a_model_may_be_the_classifier() -> None:
    judge = ScriptedModel([ToolCall("Risk", {"requires_approval": False, "reason": "harmless"})], repeat="all")
    agent = make(HumanInTheLoop(classifier=LLMClassifierConfig(model=judge)))
    assert agent("go").stop_reason == "end_turn"


@pytest.mark.parametrize("verdict", [RuntimeError("down"), None, ClassifierResult("no"), ClassifierResult(0)])  # type: ignore[arg-type]
def test_a_classifier_that_does_not_decide_leaves_it_to_the_person(verdict: Any) -> None:
    def classify(event: BeforeToolCallEvent) -> Any:
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    agent = make(HumanInTheLoop(classifier=classify, allowed_tools=["read"]))
    assert agent("go").stop_reason == "interrupt"


def test_a_classifier_that_changes_its_mind_does_not_overrule_the_person() -> None:
    verdicts = [True, False]

    def classify(event: BeforeToolCallEvent) -> ClassifierResult:
        return ClassifierResult(verdicts.pop(0), "who knows")

    agent = make(HumanInTheLoop(classifier=classify, allowed_tools=["read"]))
    agent(answers(agent("go"), "n"))
    assert texts_of(results_of(agent))[0].startswith("CONFIRMATION_FAILED")
    assert verdicts == [False]


def test_settings_that_do_not_do_what_they_seem_to_are_told(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match=r"\['read'\]"):
        HumanInTheLoop(allowed_tools="read")
    HumanInTheLoop(allowed_tools=["*"], classifier=True)
    assert "no effect" in caplog.text


class Named(Policy):
    def __init__(self, name: str, action: Any, on_error: OnError = "throw") -> None:
        super().__init__(action, on_error)
        self._name = name

    @property
    def name(self) -> str:
        return self._name


def test_advice_of_several_policies_adds_up_and_a_refusal_wins_over_it() -> None:
    first, second = Named("a", Guide(feedback="look first")), Named("b", Guide(feedback="ask first"))
    agent = make(first, second)
    agent("go")
    assert texts_of(results_of(agent))[0] == "GUIDANCE: [a] look first\n[b] ask first"
    agent = make(first, Named("c", Deny(reason="never")))
    agent("go")
    assert texts_of(results_of(agent))[0] == "DENIED: never"


def test_a_change_that_fails_does_what_the_policy_says_it_does_then() -> None:
    def broken(event: BeforeToolCallEvent) -> None:
        raise RuntimeError("broken")

    agent = make(Policy(Transform(apply=broken), "proceed"))
    agent("go")
    assert texts_of(results_of(agent))[0] == "deleted a"
    agent = make(Policy(Transform(apply=broken), "deny"))
    agent("go")
    assert texts_of(results_of(agent))[0] == "DENIED: policy failed: broken"


def test_a_decision_about_what_is_over_is_told_to_have_no_effect(caplog: pytest.LogCaptureFixture) -> None:
    class Late(Named):
        def after_tool_call(self, event: AfterToolCallEvent, **kwargs: Any) -> Any:
            return self.action

        def before_tool_call(self, event: BeforeToolCallEvent, **kwargs: Any) -> Any:
            return Proceed()

    decisions = [Late("a", Deny(reason="no")), Late("b", Guide(feedback="hm")), Late("c", Confirm(prompt="sure?"))]
    agent = make(*decisions)
    assert agent("go").stop_reason == "end_turn"
    assert texts_of(results_of(agent)) == ["deleted a", "read b"]
    assert caplog.text.count("no effect") == 6


@pytest.mark.parametrize("method", ["before_invocation", "before_model_call"])
def test_a_prompt_and_a_model_call_may_be_confirmed_too(method: str) -> None:
    def confirm(self: Any, event: Any, **kwargs: Any) -> Any:
        return Confirm(prompt="sure?")

    late: Any = type("Early", (Named,), {method: confirm, "before_tool_call": lambda self, event, **kwargs: Proceed()})
    for answer, said in (("n", "CONFIRMATION_FAILED: sure?\n"), ("y", "fine\n")):
        agent = Agent(model=ScriptedModel(["fine"]), interventions=[late("early", Proceed())], callback_handler=None)
        result = agent("go")
        assert [each.reason for each in result.interrupts or ()] == ["sure?"]
        assert str(agent(answers(result, answer))) == said


class Audit(Plugin):
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.agent: Any = None

    @property
    def name(self) -> str:
        return "audit"

    def init_agent(self, agent: Agent) -> None:
        self.agent = agent

    @hook
    def on_message(self, event: MessageAddedEvent) -> None:
        self.seen.append(event.message["role"])

    @tool
    def report(self) -> str:
        """Report."""
        return ",".join(self.seen)


def test_a_plugin_brings_hooks_and_tools() -> None:
    audit = Audit()
    agent = Agent(model=ScriptedModel([ToolCall("report"), "ok"]), plugins=[audit], callback_handler=None)
    agent("go")
    assert agent.tool_names == ["report"]
    assert audit.agent is agent
    assert texts_of(results_of(agent)) == ["user,assistant"]


def test_handlers_register_themselves_with_an_agents_callbacks() -> None:
    from strands.hooks import BeforeToolCallEvent
    from strands.interventions.registry import InterventionRegistry
    from strands.vended_interventions.hitl import HumanInTheLoop

    agent = Agent(model=ScriptedModel([]), callback_handler=None)
    registry = InterventionRegistry([HumanInTheLoop()], agent.hooks)
    assert len(registry.handlers) == 1 and agent.hooks.listens(BeforeToolCallEvent)


def test_handlers_judge_what_the_agents_own_hooks_made_of_an_answer() -> None:
    from strands.hooks import AfterModelCallEvent
    from strands.interventions import InterventionHandler, Proceed

    heard: list[str] = []

    class Judge(InterventionHandler):
        name = "judge"

        async def after_model_call(self, event: Any, **kwargs: Any) -> Any:
            heard.append("handler")
            return Proceed()

    agent = Agent(model=ScriptedModel(["ok"]), interventions=[Judge()], callback_handler=None)
    agent.add_hook(lambda event: heard.append("hook"), AfterModelCallEvent)
    agent("go")
    assert heard == ["hook", "handler"]
