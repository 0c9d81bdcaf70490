"""A workflow as a step of another: in every place, with its own agents, questions, rights and budgets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from strands import ChainBuilder, SessionManager, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.api import Workflow
from strands_cli.errors import BudgetExceededError, ChangedSpecError, ExecutionError, NotEntitledError, StrandsError
from strands_cli.kernel.principal import Principal
from strands_cli.loader import load_dict, load_file
from strands_cli.plan import draw, plan
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.testing import rehearse
from support.cast import Cast, hitl, spec

DRAFT = {"agent": "a", "input": "check {{ draft }}"}
REVIEW = spec(
    "chain",
    {
        "steps": [
            DRAFT,
            hitl("Good?", context_display="{{ last_response }}"),
            {"agent": "a", "input": "{{ steps[0].response }} {{ hitl_response }}"},
        ]
    },
    "a",
    inputs={"required": {"draft": "string"}},
)
STEP = {"workflow": "review", "inputs": {"draft": "{{ topic }}"}}
A = {"agent": "a", "input": "x"}


def echo(prompt: str) -> str:
    return f"<{prompt}>"


PARTS: dict[str, Any] = {"a": echo, "b": echo, "c": '{"route": "one"}'}


def cast(type_: str, config: dict[str, Any], inner: dict[str, Any] = REVIEW, **more: Any) -> Cast:
    options = {name: more.pop(name) for name in ("tools", "hooks") if name in more}
    return Cast(spec(type_, config, workflows={"review": inner}, **more), PARTS, **options)


PLACES: dict[str, tuple[str, dict[str, Any], str]] = {
    "chain": ("chain", {"steps": [STEP]}, "steps/0"),
    "workflow": ("workflow", {"tasks": [{"id": "t", **STEP}]}, "tasks/t"),
    "route": (
        "routing",
        {"router": {"agent": "c", "input": "?"}, "routes": {"one": {"then": [STEP]}}},
        "routes/one/steps/0",
    ),
    "branch": (
        "parallel",
        {"branches": [{"id": "p", "steps": [STEP]}, {"id": "q", "steps": [{"set": {"n": 1}}]}]},
        "branches/p/steps/0",
    ),
    "reduce": (
        "parallel",
        {"branches": [{"id": "p", "steps": [A]}, {"id": "q", "steps": [A]}], "reduce": STEP},
        "reduce",
    ),
    "graph": ("graph", {"nodes": {"n": STEP}}, "nodes/n"),
    "for_each": ("chain", {"steps": [{"for_each": [1], "steps": [STEP]}]}, "steps/0/items/0/steps/0"),
}


@pytest.mark.parametrize("place", PLACES)
def test_it_stands_wherever_a_step_may(place: str) -> None:
    pattern, config, key = PLACES[place]
    play = cast(pattern, config)
    paused = play.run(topic="bees")
    asked = f"{key}/workflow/steps/1"
    assert [(each.id, each.context) for each in paused.questions] == [(asked, "<check bees>")]
    result = play.resume(paused, "yes")
    assert result.success and "<<check bees> yes>" in result.last_response
    assert result.token_usage["review/a"] > 0
    known = {node.id for node in plan(play.workflow.spec).nodes}
    assert asked.replace("/items/0/", "/items/*/") in known


PATTERNS: dict[str, tuple[dict[str, Any], str]] = {
    "chain": ({"steps": [A, A]}, "<x>"),
    "workflow": ({"tasks": [{"id": "t", **A}]}, "<x>"),
    "parallel": ({"branches": [{"id": "p", "steps": [A]}, {"id": "q", "steps": [A]}]}, "## p\n\n<x>\n\n## q\n\n<x>"),
    "graph": ({"nodes": {"n": A, "m": A}, "edges": [{"from": "n", "to": "m"}]}, "<x>"),
    "routing": ({"router": {"agent": "r", "input": "x"}, "routes": {"one": {"then": [A]}}}, "<x>"),
    "evaluator_optimizer": ({"producer": "w", "evaluator": {"agent": "e"}, "accept": {"min_score": 50}}, "draft"),
    "orchestrator_workers": ({"orchestrator": {"agent": "o"}, "worker_template": {"agent": "a"}}, "## job\n\n<job>"),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_may_have_any_pattern(pattern: str) -> None:
    config, expected = PATTERNS[pattern]
    inner = spec(pattern, config, "arweo")
    data = spec(
        "chain",
        {"steps": [{"workflow": "it"}, {"agent": "b", "input": "{{ last_response }}"}]},
        workflows={"it": inner},
    )
    parts: dict[str, Any] = {
        **dict.fromkeys("ab", echo),
        "r": '{"route": "one"}',
        "w": "draft",
        "e": '{"score": 90}',
        "o": '[{"task": "job"}]',
    }
    result = Cast(data, parts).run()
    assert result.execution_context["steps"][0]["response"] == expected


def test_its_agents_are_its_own() -> None:
    inner = spec("chain", {"steps": [A, A]}, "a")
    inner["agents"]["a"]["prompt"] = "You are b."
    play = cast("chain", {"steps": [A, {"workflow": "review"}, A]}, inner)
    result = play.run()
    assert [name for name, _ in play.told] == ["a", "b", "b", "a"]
    assert [len(each) for each in play.requests] == [1, 1, 3, 3]
    assert set(result.token_usage) == {"a", "review/a"}
    assert result.execution_context["steps"][1]["agent"] == "workflow:review"
    assert result.execution_context["steps"][1]["tokens"] == result.token_usage["review/a"]


def test_what_it_comes_to_is_data_where_it_is_json() -> None:
    inner = spec("chain", {"steps": [{"set": {"score": "{{ n }}"}}]}, (), inputs={"required": {"n": "integer"}})
    steps = [
        {"workflow": "review", "inputs": {"n": "{{ size }}"}},
        {"set": {"twice": "{{ steps[0].response.score * 2 }}"}},
    ]
    result = cast("chain", {"steps": steps}, inner).run(size=4)
    assert result.execution_context["steps"][1]["response"] == {"twice": 8}


def test_a_variable_that_does_not_fit_when_it_runs() -> None:
    play = cast("chain", {"steps": [{"workflow": "review", "inputs": {"draft": "{{ topic }}"}}]})
    with pytest.raises(ExecutionError, match=r"'steps/0': variable 'draft' must be a string, not an integer 3"):
        play.run(topic=3)


@pytest.mark.parametrize("on_error", ["fail", "continue"])
@pytest.mark.parametrize("how", ["fails", "rejected"])
def test_what_fails_in_it_is_a_failure_of_the_step(how: str, on_error: str) -> None:
    gate = hitl("Good?", on_reject="stop")
    last = {"type": "fail", "message": "no stock", "exit_code": 7} if how == "fails" else gate
    inner = spec("chain", {"steps": [last]}, ())
    steps = [
        {"workflow": "review", "on_error": on_error},
        {"agent": "b", "input": "{{ steps[0].status }} {{ steps[0].error }}"},
    ]
    play = cast("chain", {"steps": steps}, inner)
    result = play.run()
    if how == "rejected":
        result = play.resume(result, "reject: too dear")
    reason = "no stock" if how == "fails" else "too dear"
    if on_error == "fail":
        assert result.status == "failed" and reason in (result.error_message or "")
        assert result.exit_code == (7 if how == "fails" else 21)
    else:
        assert result.success and result.last_response.startswith("<failed ") and reason in result.last_response


def test_a_step_with_a_condition_is_left_out() -> None:
    play = cast(
        "chain", {"steps": [{**STEP, "when": "topic == 'wasps'"}, {"agent": "b", "input": "{{ steps[0].status }}"}]}
    )
    assert play.run(topic="bees").last_response == "<skipped>"


def test_workflows_within_workflows() -> None:
    middle = spec(
        "chain", {"steps": [{"workflow": "deep", "inputs": {"draft": "{{ text }}"}}]}, (), workflows={"deep": REVIEW}
    )
    play = cast("chain", {"steps": [{"workflow": "review", "inputs": {"text": "{{ topic }}"}}]}, middle)
    paused = play.run(topic="bees")
    assert [each.id for each in paused.questions] == ["steps/0/workflow/steps/0/workflow/steps/1"]
    result = play.resume(paused, "fine")
    assert result.last_response == "<<check bees> fine>"
    assert set(result.token_usage) == {"review/deep/a"}


# -- what binds -------------------------------------------------------------------------------------------------------


@tool
def deploy(environment: str) -> str:
    """Deploy."""
    return f"deployed to {environment}"


DEPLOY = spec("chain", {"steps": [{"tool": "deploy", "args": {"environment": "live"}}]}, ())
ANNA = Principal("user:os:anna", "anna", frozenset({"ops"}), "login")
BEN = Principal("user:os:ben", "ben", frozenset({"ops"}), "login")
CARL = Principal("user:os:carl", "carl", auth="login")
INNER = [{"tools": "deploy", "prompt": "Inner?", "ask": {"roles": ["ops"]}, "remember": "session"}]
OUTER = [{"tools": "deploy", "prompt": "Outer?", "quorum": {"approve": 2}, "remember": "session"}]


@pytest.mark.parametrize("rules", ["inner", "outer", "both"])
def test_the_approvals_of_both_files_bind(rules: str) -> None:
    inner = {**DEPLOY, **({"approvals": INNER} if rules != "outer" else {})}
    more: dict[str, Any] = {"approvals": OUTER} if rules != "inner" else {}
    play = cast("chain", {"steps": [{"workflow": "review"}, {"workflow": "review"}]}, inner, tools=[deploy], **more)
    result = play.run()
    people = SessionManager(repository=play.repository)
    asked = []
    while result.status == "paused":
        for question in result.questions:
            asked.append(question.prompt)
            if question.ask:
                with pytest.raises(NotEntitledError):
                    people.answer(str(result.session_id), question.id, "approve", by=CARL)
            for who in (ANNA, BEN) if question.quorum else (ANNA,):
                people.answer(str(result.session_id), question.id, "approve", by=who)
        result = asyncio.run(play.workflow.resume_async(str(result.session_id)))
    expected = ["Inner?", "Outer?"]
    assert asked == {"inner": expected[:1], "outer": expected[1:], "both": expected}[rules]
    assert result.last_response == "deployed to live"


def test_an_approval_for_ever_is_one_of_the_outer_workflow() -> None:
    model = ScriptedModel(lambda messages: "done" if len(messages) > 1 else ToolCall("deploy", {"environment": "live"}))
    inner = {**spec("chain", {"steps": [A]}, "a"), "name": "review"}
    inner["agents"]["a"] = {
        "prompt": "You deploy.",
        "tools": ["deploy"],
        "approvals": [{"tools": "*", "remember": "always"}],
    }
    store = MemorySessionRepository()
    outer = spec("chain", {"steps": [{"workflow": "review"}]}, (), workflows={"review": inner})
    alone, within = (Workflow.from_dict(each, model=model, tools=[deploy], repository=store) for each in (inner, outer))
    paused = within.run()
    assert within.resume(str(paused.session_id), "approve").success
    assert within.run().success
    assert alone.run().status == "paused"


def test_a_tool_that_the_outer_file_does_not_allow_is_not_called() -> None:
    more = {"security": {"guardrails": {"allow_tools": ["calculator"]}}}
    play = cast("chain", {"steps": [{"workflow": "review"}]}, DEPLOY, tools=[deploy], **more)
    with pytest.raises(ExecutionError, match="is not allowed"):
        play.run()


def test_its_budget_is_its_own_and_asks_as_it_says() -> None:
    limits = {"max_steps": 1, "on_exceed": "ask"}
    inner = {**spec("chain", {"steps": [A, A]}, "a"), "runtime": {"provider": "scripted", "budgets": limits}}
    play = cast("chain", {"steps": [A, A, {"workflow": "review"}]}, inner)
    paused = play.run()
    assert [each.id for each in paused.questions] == ["steps/2/workflow/budget/steps/0"]
    assert play.resume(paused, "extend").success
    assert len(play.told) == 4


def test_the_budget_of_the_outer_file_holds_within() -> None:
    runtime = {"provider": "scripted", "budgets": {"max_steps": 2}}
    play = cast("chain", {"steps": [A, {"workflow": "review"}]}, spec("chain", {"steps": [A, A]}, "a"), runtime=runtime)
    with pytest.raises(BudgetExceededError):
        play.run()
    assert len(play.told) == 2


# -- when it is mended ------------------------------------------------------------------------------------------------


def mended(play: Cast, session: str | None, inner: dict[str, Any], *answers: str) -> Any:
    data = spec("chain", {"steps": [STEP]}, workflows={"review": inner})
    model = ScriptedModel(lambda messages, tools, system: echo(messages[-1]["content"][-1]["text"]))
    return Workflow.from_dict(data, model=model, repository=play.repository).resume(str(session), *answers)


def test_a_changed_step_within_is_noticed() -> None:
    play = cast("chain", {"steps": [STEP]})
    paused = play.run(topic="bees")
    steps = REVIEW["pattern"]["config"]["steps"]
    other = {
        **REVIEW,
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "look at {{ draft }}"}, *steps[1:]]}},
    }
    with pytest.raises(ChangedSpecError, match="steps/0/workflow/steps/0"):
        mended(play, paused.session_id, other)
    prompt = {**REVIEW, "agents": {"a": {"prompt": "You are b."}}}
    with pytest.raises(ChangedSpecError, match="prompt of its agent 'review/a'"):
        mended(play, paused.session_id, prompt)
    last = {"agent": "a", "input": "publish {{ hitl_response }}"}
    ahead = {**REVIEW, "pattern": {"type": "chain", "config": {"steps": [*steps[:2], last]}}}
    assert mended(play, paused.session_id, ahead, "yes").last_response == "<publish yes>"


def test_what_failed_and_was_gone_on_from_is_no_difference() -> None:
    inner = spec("chain", {"steps": [A, hitl("Sure?"), {"type": "fail", "message": "gone"}]}, "a")
    steps = [{"workflow": "review", "on_error": "continue"}, hitl("Good?"), {"agent": "b", "input": "old"}]
    play = cast("chain", {"steps": steps}, inner)
    paused = play.resume(play.run(), "yes")
    assert [each.id for each in paused.questions] == ["steps/1"]
    steps[2] = {"agent": "b", "input": "{{ steps[0].error }}"}
    data = spec("chain", {"steps": steps}, workflows={"review": inner})
    other = Workflow.from_dict(data, model=ScriptedModel(["done"]), repository=play.repository)
    assert other.resume(str(paused.session_id), "yes").last_response == "done"


# -- files ------------------------------------------------------------------------------------------------------------


def written(place: Path, name: str, data: dict[str, Any]) -> Path:
    (place / name).parent.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(json.dumps(data))
    return place / name


def chain(*steps: Any, **more: Any) -> dict[str, Any]:
    return spec("chain", {"steps": list(steps)}, **more)


def test_it_is_a_file_beside_the_other_and_may_name_others_beside_itself(tmp_path: Path) -> None:
    written(tmp_path, "flows/deep.json", REVIEW)
    written(
        tmp_path,
        "flows/middle.json",
        chain({**STEP, "workflow": "deep.json"}, inputs={"required": {"topic": "string"}}),
    )
    file = written(tmp_path, "main.json", chain({"workflow": "flows/middle.json", "inputs": {"topic": "{{ topic }}"}}))
    found = load_file(file)
    again = load_dict(found.to_dict())
    assert again.to_dict() == found.to_dict()
    assert "steps/0/workflow/steps/0/workflow/steps/1" in draw(plan(found))


@pytest.mark.parametrize(
    ("step", "inner", "said"),
    [
        ({"workflow": "no.json"}, {}, "'workflow': no such file"),
        ({"workflow": "main.json"}, {}, r"leads back to itself: main.json -> main.json"),
        ({"workflow": "in.json"}, chain({"workflow": "main.json"}), "itself: main.json -> in.json -> main.json"),
        ({"workflow": "in.json"}, chain({"agent": "zed"}), r"in\.json:1:\d+.*agent 'zed' is not declared"),
        ({"workflow": "in.json"}, REVIEW, "needs the variable 'draft'"),
        ({"workflow": "in.json", "inputs": {"draft": "x", "drat": 1}}, REVIEW, "'drat' is not used"),
        ({"workflow": "in.json", "inputs": {"draft": 3}}, REVIEW, "'draft' must be a string"),
        ({"workflow": "in.json", "inputs": {"draft": "{{ }"}}, REVIEW, "malformed template"),
        ({"workflow": "https://x/in.json"}, {}, "workflow"),
        ({"workflow": "a\0b.json"}, {}, "'workflow': cannot read .*null byte"),
        ({"workflow": "circle"}, {}, "'workflow': cannot read 'circle'"),
    ],
)
def test_what_is_wrong_is_found_before_anything_runs(tmp_path: Path, step: Any, inner: Any, said: str) -> None:
    written(tmp_path, "in.json", inner)
    (tmp_path / "circle").symlink_to("circle")
    file = written(tmp_path, "main.json", chain(step))
    with pytest.raises(StrandsError, match=said) as caught:
        load_file(file)
    assert ".json:1:" in str(caught.value)


def test_it_is_built_and_rehearsed_by_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "review.json", REVIEW)
    builder = ChainBuilder("built").with_runtime("scripted").add_agent("a", "You are a.")
    builder.add_step("a", "x").add_workflow("review.json", {"draft": "{{ last_response }}"})
    scripts = {"a": "outer", "review.json/a": "inner"}
    done = rehearse(builder.build(), answers=["yes"], scripts=scripts)
    assert [step.response for step in done.steps if step.agent in scripts] == ["outer", "inner", "inner"]


def test_too_many_in_each_other(tmp_path: Path) -> None:
    for number in range(12):
        written(tmp_path, f"{number}.json", chain({"workflow": f"{number + 1}.json"}))
    with pytest.raises(StrandsError, match="more than 8 workflows stand in each other"):
        load_file(tmp_path / "0.json")


def test_one_name_is_one_secret() -> None:
    def env(key: str) -> dict[str, Any]:
        return {"env": {"secrets": [{"name": "TOKEN", "source": "env", "key": key}]}}

    with pytest.raises(SchemaValidationError, match="declares the secret 'TOKEN' otherwise"):
        load_dict(chain(STEP, workflows={"review": {**REVIEW, **env("B")}}, **env("A")))


def test_secrets_that_stand_in_it_are_refused_as_nothing_may_record_them() -> None:
    tools = {
        "http_executors": [{"id": "api", "base_url": "https://x.org", "headers": {"Authorization": "Bearer abc123456"}}]
    }
    data = chain({"workflow": "review"}, workflows={"review": {**chain(A), "tools": tools}})
    with pytest.raises(StrandsError, match="the tools of 'review' hold a secret literally"):
        asyncio.run(Workflow.from_dict(data).run_async())


# -- forks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["workflow", "for_each"])
def test_a_fork_within_it_does_again_what_comes_after_it(kind: str) -> None:
    asked = [A, hitl("Good?"), {"agent": "a", "input": "{{ hitl_response }}"}]
    step: dict[str, Any] = {"workflow": "review"} if kind == "workflow" else {"for_each": [1, 2], "steps": asked}
    play = cast(
        "chain", {"steps": [step, {"agent": "b", "input": "{{ last_response }}"}]}, spec("chain", {"steps": asked}, "a")
    )
    result = play.run()
    while result.status == "paused":
        result = play.resume(result, *["no"] * len(result.questions))
    key = "steps/0/workflow/steps/1" if kind == "workflow" else "steps/0/items/0/steps/1"
    session = SessionManager(repository=play.repository).get_session(str(result.session_id))
    copy = asyncio.run(play.workflow.resume_async(session.fork(key).id, answers={key: "yes"}))
    assert copy.last_response == ("<<yes>>" if kind == "workflow" else '<["<yes>", "<no>"]>')
    assert len([prompt for prompt in play.prompts("a") if prompt == "<no>" or prompt == "no"]) == (
        1 if kind == "workflow" else 2
    )


def test_paths_may_begin_alike() -> None:
    inner = spec("chain", {"steps": [A]}, "a")
    steps = [{"workflow": "review"}, {"workflow": "review/more"}]
    play = Cast(spec("chain", {"steps": steps}, workflows={"review": inner, "review/more": inner}), PARTS)
    assert {"review/a", "review/more/a"} <= play.run().token_usage.keys()


@pytest.mark.parametrize("twin", ["agent", "workflow"])
def test_what_would_have_one_name_on_record_is_refused(twin: str) -> None:
    """Who is called what decides by whose rules a call is asked about."""
    inner = spec("chain", {"steps": [A]}, "a")
    outer = spec("chain", {"steps": [{"workflow": "more"}]}, workflows={"more": inner})
    steps = [{"workflow": "review"}, *([{"workflow": "review/more"}] if twin == "workflow" else [])]
    whole = spec("chain", {"steps": steps}, workflows={"review": outer, "review/more": inner})
    if twin == "agent":
        whole["workflows"] = {"review": inner}
        whole["agents"]["review/a"] = {"prompt": "p"}
    with pytest.raises(SchemaValidationError, match="on record, which another part of the run has"):
        load_dict(whole)


def test_a_fork_tells_agents_within_something_else_and_not_the_step_itself() -> None:
    play = cast("chain", {"steps": [STEP]})
    session = SessionManager(repository=play.repository).get_session(str(play.run(topic="bees").session_id))
    with pytest.raises(StrandsError, match="'steps/0' is a step without an agent"):
        session.fork(prompts={"steps/0": "x"})
    fork = session.fork(prompts={"steps/0/workflow/steps/0": "look closer"})
    assert "<look closer>" in (play.workflow.resume(fork.id).questions[0].context or "")
