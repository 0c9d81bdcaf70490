"""What runs remember for later ones: in every store, once for each step, and the same in a resumed run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from strands import SessionManager, Workflow
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.cli.app import app
from strands_cli.schema.validator import SchemaValidationError
from support.postgres import close_all, fresh_url, needs_postgres

SPEC: dict[str, Any] = {
    "version": 0,
    "name": "letters",
    "runtime": {"provider": "scripted"},
    "inputs": {"required": {"customer": "string"}},
    "memory": {"customer": {"key": "{{ customer }}", "defaults": {"tone": "formal", "letters": []}}},
    "agents": {"writer": {"prompt": "You write in a {{ memory.customer.tone }} tone."}},
    "pattern": {
        "type": "chain",
        "config": {
            "steps": [
                {"agent": "writer", "input": "Write letter {{ memory.customer.letters | length + 1 }}"},
                {"type": "hitl", "prompt": "Which tone from now on?"},
                {
                    "set": {
                        "tone": "{{ hitl_response }}",
                        "letters": "{{ memory.customer.letters + [steps[0].response] }}",
                    },
                    "memory": "customer",
                },
                {"agent": "writer", "input": "Say goodbye", "fresh": True},
            ]
        },
    },
}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRANDS_STORE", str(tmp_path / "runs"))
    return tmp_path / "runs"


def told(model: ScriptedModel, number: int = 0) -> tuple[str | None, str]:
    request = model.requests[number]
    return request.system_prompt, request.messages[-1]["content"][0]["text"]


def answered(model: ScriptedModel, answer: str, customer: str = "ann", **more: Any) -> Any:
    paused = Workflow.from_dict(SPEC, model=model, **more).run(customer=customer)
    return Workflow.from_dict(SPEC, model=model, **more).resume(str(paused.session_id), answer)


@pytest.mark.parametrize("kind", ["files", "sqlite", pytest.param("postgres", marks=needs_postgres)])
def test_later_runs_read_what_a_step_wrote(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"files": str(tmp_path / "files"), "sqlite": f"sqlite:///{tmp_path}/runs.db"}
    monkeypatch.setenv("STRANDS_STORE", places[kind] if kind != "postgres" else fresh_url())
    first = ScriptedModel(["Dear Ann", "Bye"])
    assert answered(first, "friendly").success
    assert told(first) == ("You write in a formal tone.", "Write letter 1")
    assert told(first, 1)[0] == "You write in a formal tone.", "a run reads what there was when it began"
    second = ScriptedModel(["Hi Ann", "Bye"])
    assert answered(second, "warm").success
    assert told(second) == ("You write in a friendly tone.", "Write letter 2")
    other = ScriptedModel(["Dear Bob"])
    Workflow.from_dict(SPEC, model=other).run(customer="bob")
    assert told(other)[0] == "You write in a formal tone.", "each key has a memory of its own"
    [kept] = SessionManager().memories("customer")
    assert (kept.id.workflow, kept.id.key) == ("letters", "ann")
    assert kept.data == {"tone": "warm", "letters": ["Dear Ann", "Hi Ann"]}
    close_all()


def test_a_resumed_run_reads_what_there_was_when_it_began() -> None:
    model = ScriptedModel(["Dear Ann", "Bye", "Hi Ann", "See you"])
    early = Workflow.from_dict(SPEC, model=model).run(customer="ann")
    assert answered(ScriptedModel(["Hi", "Bye"]), "cheeky").success
    *before, _ = SPEC["pattern"]["config"]["steps"]
    steps = [*before, {"agent": "writer", "input": "Say goodbye in a {{ memory.customer.tone }} way"}]
    mended = {**SPEC, "pattern": {"type": "chain", "config": {"steps": steps}}}
    result = Workflow.from_dict(mended, model=model).resume(str(early.session_id), "friendly")
    assert result.success
    assert told(model, 1) == ("You write in a formal tone.", "Say goodbye in a formal way")


def test_a_name_is_forgotten_by_null_and_all_by_clearing() -> None:
    spec = {**SPEC, "memory": ["facts"], "inputs": {}, "agents": {}}
    for data in ({"a": 1, "b": {"c": [2]}}, {"a": None, "d": "x"}):
        steps = [{"set": data, "memory": "facts"}]
        assert Workflow.from_dict({**spec, "pattern": {"type": "chain", "config": {"steps": steps}}}).run().success
    manager = SessionManager()
    assert [each.data for each in manager.memories()] == [{"b": {"c": [2]}, "d": "x"}]
    assert manager.clear_memory("facts", workflow="other") == 0
    assert manager.clear_memory("facts") == 1
    assert manager.memories() == []


def test_an_agent_remembers_by_a_tool() -> None:
    calls = [
        ToolCall("remember", {"memory": "facts", "data": {"name": "Ann"}}),
        ToolCall("remember", {"memory": "x", "data": {}}),
    ]
    model = ScriptedModel([*calls, "done"])
    step = {"agent": "a", "input": "Remember: {{ memory.facts | tojson }}"}
    spec = {**SPEC, "memory": ["facts"], "inputs": {}, "agents": {"a": {"prompt": "p", "tools": ["remember"]}}}
    for _ in range(2):
        made = Workflow.from_dict({**spec, "pattern": {"type": "chain", "config": {"steps": [step]}}}, model=model)
        assert made.run().success
        results = [block["toolResult"] for block in model.requests[2].messages[-1]["content"]]
        assert results[0]["status"] == "error", "there is no such memory"
        assert [each.data for each in SessionManager().memories()] == [{"name": "Ann"}]
        model = ScriptedModel([*calls, "done"])


def test_workflows_within_have_memories_of_their_own(tmp_path: Path) -> None:
    """Each of several calls of one writes the memory of its own key."""
    steps = [
        {"set": {"seen": "{{ memory.one.seen + 1 }}", "who": "{{ who }}"}, "memory": "one"},
        {"agent": "a", "input": "Note {{ who }}, seen {{ memory.one.seen }}"},
    ]
    inner = {
        **SPEC,
        "name": "inner",
        "memory": {"one": {"key": "{{ who }}", "defaults": {"seen": 0}}},
        "inputs": {"required": {"who": "string"}},
        "agents": {"a": {"prompt": "p", "tools": ["remember"]}},
        "pattern": {"type": "chain", "config": {"steps": steps}},
    }
    (tmp_path / "inner.json").write_text(json.dumps(inner))
    each = {"for_each": ["ann", "bob"], "steps": [{"workflow": "./inner.json", "inputs": {"who": "{{ item }}"}}]}
    outer = {
        **SPEC,
        "memory": {},
        "inputs": {},
        "agents": {},
        "pattern": {"type": "chain", "config": {"steps": [each]}},
    }
    (tmp_path / "outer.json").write_text(json.dumps(outer))

    def noted(messages: Any) -> Any:
        said = messages[-1]["content"][0].get("text")
        return ToolCall("remember", {"memory": "one", "data": {"said": said}}) if said else "ok"

    for _ in range(2):
        assert Workflow.from_file(tmp_path / "outer.json", model=ScriptedModel(noted)).run().success
    assert {each.id.key: each.data for each in SessionManager().memories("one")} == {
        who: {"seen": 2, "who": who, "said": f"Note {who}, seen 1"} for who in ("ann", "bob")
    }


def test_what_is_cleared_is_erased(store: Path) -> None:
    assert answered(ScriptedModel(["Dear Ann of Nowhere Lane", "Bye"]), "friendly").success
    manager = SessionManager()
    manager.cleanup_old_sessions(max_age_days=0)
    assert manager.clear_memory("customer") == 1
    kept = [path for path in store.rglob("*") if path.is_file() and "memory" in str(path.relative_to(store))]
    assert kept
    assert not [path for path in kept if b"Nowhere Lane" in path.read_bytes()]


def test_a_shared_memory_is_that_of_all_workflows() -> None:
    for name in ("one", "two"):
        steps = [{"set": {name: "{{ memory.all }}"}, "memory": "all"}]
        pattern = {"type": "chain", "config": {"steps": steps}}
        spec = {**SPEC, "name": name, "memory": {"all": {"shared": True}}, "inputs": {}, "agents": {}}
        assert Workflow.from_dict({**spec, "pattern": pattern}).run().success
    [kept] = SessionManager().memories()
    assert kept.id.workflow == ""
    assert kept.data == {"one": {}, "two": {"one": {}}}


def test_a_rehearsal_remembers_nothing() -> None:
    paused = Workflow.from_dict(SPEC, offline=True).run(customer="ann")
    assert Workflow.from_dict(SPEC, offline=True).resume(str(paused.session_id), "friendly").success
    assert SessionManager().memories() == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"memory": ["customers"]}, "there is no memory 'customer'"),
        ({"memory": {"not a name": {}}}, "no name that templates can use"),
        ({"inputs": {"required": {"customer": "string", "memory": "string"}}}, "would hide the memories"),
    ],
)
def test_memories_that_are_not_declared_are_told_before_anything_runs(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(SchemaValidationError, match=problem):
        Workflow.from_dict({**SPEC, **changed})


def test_commands_list_show_and_clear() -> None:
    assert answered(ScriptedModel(["Dear Ann", "Bye"]), "friendly").success
    run = CliRunner().invoke
    assert "letters" in run(app, ["memory", "list"]).output
    [shown] = json.loads(run(app, ["memory", "show", "customer", "--key", "ann"]).stdout)
    assert shown["data"]["tone"] == "friendly"
    unknown = run(app, ["memory", "show", "nobody"])
    assert json.loads(unknown.stdout) == [] and "strands memory list shows what there is" in unknown.stderr
    assert "Cleared 1" in run(app, ["memory", "clear", "customer"]).output
    assert json.loads(run(app, ["memory", "list", "--json"]).stdout) == []


def test_explain_says_what_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "w.json"
    file.write_text(json.dumps(SPEC))
    said = " ".join(CliRunner().invoke(app, ["explain", str(file)]).output.split())
    assert (
        "writer remembers what it was told and said from steps/0 on: steps/3; a step that is fresh begins anew." in said
    )
    assert "It remembers customer across runs of workflows called letters, one for each {{ customer }}" in said
