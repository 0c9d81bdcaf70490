"""What Python gave a session (hooks, tools, a model) is on record: a process that lacks a part runs nothing of it."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, SessionManager, Workflow, tool
from strands.hooks import BeforeToolCallEvent
from strands.hooks.naming import qualified_name
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import AppError, MissingPartsError, SessionError
from strands_cli.kernel.handlers import current_user

RAN: list[str] = []
SPEC = {
    "version": 0,
    "name": "guarded",
    "runtime": {"provider": "openai", "model_id": "m"},
    "agents": {"a": {"prompt": "p", "tools": ["wipe"]}},
    "pattern": {
        "type": "chain",
        "config": {"steps": [{"type": "hitl", "prompt": "start?"}, {"agent": "a", "input": "go"}]},
    },
}
APP = """
from strands import Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall

ran = []

@tool
def wipe(path: str) -> str:
    "Wipe a path."
    ran.append(path)
    return "wiped"

def gate(event):
    if event.interrupt("ok", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "no"

def hooks():
    from strands.hooks import BeforeToolCallEvent
    class Gate:
        def register_hooks(self, registry, **_):
            registry.add_callback(BeforeToolCallEvent, gate)
    return Gate()

def say(messages):
    return "end" if "toolResult" in messages[-1]["content"][0] else ToolCall("wipe", {"path": "x"})

workflow = Workflow.from_dict(%r, model=ScriptedModel(say), tools=[wipe], hooks=[hooks()])
"""


@tool
def wipe(path: str) -> str:
    """Wipe a path."""
    RAN.append(path)
    return "wiped"


def gate(event: BeforeToolCallEvent) -> None:
    if event.interrupt("ok", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "no"


def log(event: BeforeToolCallEvent) -> None:
    """Another hook, which asks nothing."""


def model() -> ScriptedModel:
    return ScriptedModel(lambda m: "end" if "toolResult" in m[-1]["content"][0] else ToolCall("wipe", {"path": "x"}))


def guarded(**more: Any) -> Workflow:
    return Workflow.from_dict(SPEC, **{"model": model(), "tools": [wipe], "hooks": [gate], **more})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    RAN.clear()


def by_workflow(session_id: str, answer: str) -> None:
    guarded(hooks=()).resume(session_id, answer)


def by_manager(session_id: str, answer: str) -> None:
    SessionManager().get_session(session_id).resume(answer)


def by_live_session(session_id: str, answer: str) -> None:
    live = guarded(hooks=()).create_session(session_id=session_id)
    live.answer(live.poll().questions[0].id, answer)
    raise MissingPartsError(live.wait(20).error or "", missing={"hooks": ("test_guards:gate",)})


WAYS = [by_workflow, by_manager, by_live_session]


@pytest.mark.parametrize("drive", WAYS)
@pytest.mark.parametrize("asked", [False, True], ids=["before the gate", "at the gate"])
def test_a_process_without_the_hook_runs_nothing(drive: Callable[[str, str], None], asked: bool) -> None:
    session_id = str(guarded().run().session_id)
    if asked:
        guarded().resume(session_id, "yes")
    with pytest.raises(MissingPartsError) as refused:
        drive(session_id, "n" if asked else "yes")
    assert ":gate" in str(refused.value) and refused.value.exit_code == 17
    assert RAN == []
    # The answer is kept, and the process that has the hook goes on with it.
    result = guarded().resume(session_id)
    assert RAN == []
    if not asked:
        assert result.status == "paused" and len(result.questions) == 1
        guarded().resume(session_id, "y")
        assert RAN == ["x"]
    else:
        assert result.success


def test_the_refusal_names_what_is_missing_and_what_to_do() -> None:
    session_id = str(guarded(hooks=[gate, log]).run().session_id)
    with pytest.raises(MissingPartsError, match=r"'[^']*test_guards:gate', '[^']*test_guards:log'") as refused:
        Workflow.from_dict(SPEC, tools=[wipe], model=model()).resume(session_id, "yes")
    assert set(refused.value.missing) == {"hooks"}
    assert f"strands resume {session_id} --app" in refused.value.hint and "--without-hooks" in refused.value.hint
    assert "your answer is recorded" in refused.value.message


def test_one_of_two_hooks_of_a_name_is_not_both() -> None:
    session_id = str(guarded(hooks=[gate, gate]).run().session_id)
    with pytest.raises(MissingPartsError):
        guarded(hooks=[gate]).resume(session_id, "yes")


@pytest.mark.parametrize(
    ("left_out", "kind"), [({"tools": ()}, "tools"), ({"model": None}, "model")], ids=["tools", "model"]
)
def test_a_tool_or_a_model_that_is_missing_is_an_error(left_out: dict[str, Any], kind: str) -> None:
    spec = {**SPEC, "agents": {"a": {"prompt": "p"}}}
    given: dict[str, Any] = {"model": model(), "tools": [wipe]}
    session_id = str(Workflow.from_dict(spec, **given).run().session_id)
    with pytest.raises(MissingPartsError) as refused:
        Workflow.from_dict(spec, **{**given, **left_out}).resume(session_id, "yes")
    assert set(refused.value.missing) == {kind}
    assert "--without-hooks" not in refused.value.hint
    assert RAN == []


def test_a_rehearsal_spends_no_answer_of_a_real_session() -> None:
    spec = {**SPEC, "agents": {"a": {"prompt": "p"}}}
    session_id = str(Workflow.from_dict(spec, model=model()).run().session_id)
    with pytest.raises(SessionError, match="is not a rehearsal"):
        Workflow.from_dict(spec, offline=True).resume(session_id, "yes")
    session = SessionManager().get_session(session_id)
    with pytest.raises(SessionError, match=f"strands resume {session_id}"):
        session.resume("yes", offline=True)
    assert session.status == "paused" and len(session.questions) == 1


def test_a_hook_that_a_later_drive_brought_is_needed_from_then_on() -> None:
    session_id = str(guarded(hooks=()).run().session_id)
    assert guarded().resume(session_id, "yes").status == "paused"  # the gate asks
    with pytest.raises(MissingPartsError):
        guarded(hooks=()).resume(session_id, "n")
    assert RAN == []


def test_a_fork_needs_what_its_original_needs() -> None:
    session_id = str(guarded(hooks=()).run().session_id)
    guarded().resume(session_id, "yes")
    fork = SessionManager().get_session(session_id).fork("steps/1")
    with pytest.raises(MissingPartsError):
        guarded(hooks=()).resume(fork.id)
    assert RAN == []


def test_what_a_person_lets_be_missing_is_on_record() -> None:
    session_id = str(guarded(hooks=[gate, log]).run().session_id)
    with pytest.raises(MissingPartsError):  # only the hooks that were named
        guarded(hooks=()).resume(session_id, "yes", without_hooks=[qualified_name(log)])
    with pytest.raises(MissingPartsError) as refused:
        guarded(hooks=()).resume(session_id)
    names = refused.value.missing["hooks"]
    assert guarded(hooks=()).resume(session_id, without_hooks=names).success
    session = SessionManager().get_session(session_id)
    waived = [entry.data for entry in asyncio.run(session.entries_async()) if "without_hooks" in entry.data]
    assert [(data["without_hooks"], data["by"]) for data in waived] == [(list(names), current_user())]


def test_the_program_that_keeps_the_workflow_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keeper.py").write_text(APP % SPEC)
    monkeypatch.syspath_prepend(str(tmp_path))
    keeper = importlib.import_module("keeper")
    session_id = keeper.workflow.run().session_id
    paused = SessionManager().get_session(session_id).resume("yes")
    assert paused.status == "paused"
    assert SessionManager().get_session(session_id).resume("y").success
    assert keeper.ran == ["x"]


def test_an_app_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "named.py").write_text(APP % SPEC)
    monkeypatch.syspath_prepend(str(tmp_path))
    named = importlib.import_module("named")
    workflow = Workflow(named.workflow.spec, model=model(), tools=[named.wipe], hooks=[named.hooks()])
    session_id = workflow.run().session_id
    session = SessionManager().get_session(str(session_id))
    with pytest.raises(MissingPartsError):
        session.resume("yes")
    assert SessionManager().get_session(str(session_id)).resume(app="named:workflow").status == "paused"


@pytest.mark.parametrize(
    ("app", "says"),
    [
        ("no_colon", "MODULE:NAME"),
        ("no_such_module:workflow", "cannot be imported"),
        ("keeper2:nothing", "It has: workflow"),
        ("keeper2:ran", "is a list"),
        ("running:workflow", "while it is imported"),
    ],
)
def test_an_app_that_leads_to_no_workflow(app: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keeper2.py").write_text(APP % SPEC)
    (tmp_path / "running.py").write_text(APP % SPEC + "\nworkflow.run()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    session_id = str(guarded().run().session_id)
    with pytest.raises(AppError) as refused:
        SessionManager().get_session(session_id).resume("yes", app=app)
    assert says in str(refused.value)
    assert len(SessionManager().list_sessions()) == 1


class Provider:
    """Registers what it was given, or nothing."""

    def __init__(self, callback: Any) -> None:
        self.callback = callback

    def register_hooks(self, registry: Any, **kwargs: Any) -> None:
        if self.callback is not None:
            registry.add_callback(BeforeToolCallEvent, self.callback)


@pytest.mark.parametrize("other", [None, log], ids=["nothing", "another callback"])
def test_a_provider_that_registers_something_else_is_not_the_same_guard(other: Any) -> None:
    session_id = str(guarded(hooks=[Provider(gate)]).run().session_id)
    with pytest.raises(MissingPartsError, match=":gate"):
        guarded(hooks=[Provider(other)]).resume(session_id, "yes")
    assert RAN == []
    assert guarded(hooks=[Provider(gate)]).resume(session_id).status == "paused"


def test_the_hook_of_an_agent_that_is_a_tool_is_a_guard_too() -> None:
    def helped(*hooks: Any) -> Workflow:
        helper = Agent(model=model(), name="helper", tools=[wipe], hooks=list(hooks), callback_handler=None)
        asks = ScriptedModel(
            lambda m: "end" if "toolResult" in m[-1]["content"][0] else ToolCall("helper", {"input": "x"})
        )
        spec = {**SPEC, "agents": {"a": {"prompt": "p", "tools": ["helper"]}}}
        return Workflow.from_dict(spec, model=asks, tools=[helper])

    session_id = str(helped(gate).run().session_id)
    with pytest.raises(MissingPartsError, match=":gate"):
        helped().resume(session_id, "yes")
    assert RAN == []
    assert helped(gate).resume(session_id).questions[0].kind == "interrupt"
