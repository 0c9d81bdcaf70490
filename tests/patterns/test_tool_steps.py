"""Steps without a model: a tool's call, a request, data. Recorded, approved, tried again and asked about."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from strands import tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.api import Workflow
from strands_cli.errors import ExecutionError
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.session.memory import MemorySessionRepository
from support.cast import Cast, hitl, spec
from support.crash import Death, Story, echo_model
from support.small_server import serving

calls: list[Any] = []


@pytest.fixture(autouse=True)
def fresh() -> None:
    calls.clear()


@tool
def deploy(environment: str, count: int = 1, tags: list[str] | None = None) -> dict[str, Any]:
    """Deploy.

    Args:
        environment: Where.
        count: How many.
        tags: Marks.
    """
    calls.append((environment, count, tags))
    if environment == "nowhere":
        raise RuntimeError("there is no such place")
    return {"score": 7, "where": {"name": environment}, "items": [count]}


@tool(read_only=True)
def probe(good_from: int) -> str:
    """Say whether it works.

    Args:
        good_from: The number of the call from which on it does.
    """
    calls.append(good_from)
    if len(calls) < good_from:
        raise RuntimeError("not yet")
    return "fine"


STAGING = {"tool": "deploy", "args": {"environment": "staging"}}
USES = {"agent": "a", "input": "x"}


def cast(data: dict[str, Any], part: Any = "done", **options: Any) -> Cast:
    return Cast(data, {"a": part, "b": '[{"task": "t"}]'}, tools=[deploy, probe], **options)


def chain(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return spec("chain", {"steps": list(steps)}, **more)


def test_arguments_keep_their_types() -> None:
    args = {"environment": "on {{ topic }}", "count": "{{ n }}", "tags": ["{{ topic | upper }}", "b"]}
    cast(chain({"tool": "deploy", "args": args, "vars": {"n": "{{ size }}"}})).run(topic="x", size=3)
    cast(chain({"tool": "deploy", "args": {**args, "count": "{{ size + 1 }}"}})).run(topic="x", size=3)
    assert calls[1] == ("on x", 4, ["X", "b"])
    args["count"] = "{{ size }}"
    cast(chain({"tool": "deploy", "args": args})).run(topic="x", size=3)
    assert calls[2][1] == 3


def test_what_a_tool_returns_is_data() -> None:
    told = "{{ steps[0].response.score + 1 }} {{ steps[0].response.where.name }} {{ steps[0].response['items'][0] }}"
    play = cast(chain(STAGING, {"agent": "a", "input": f"{told} {{{{ steps[0].response.where }}}}"}))
    result = play.run()
    assert play.prompts("a") == ['8 staging 1 {"name": "staging"}']
    step = result.execution_context["steps"][0]
    assert (step["agent"], step["response"]["score"], step["tokens"]) == ("tool:deploy", 7, 0)
    assert result.token_usage.keys() == {"a"} and result.agent_id == "a"
    json.dumps(result.to_dict())


def test_data_is_put_together() -> None:
    data = {"total": "{{ size * 2 }}", "who": {"name": "{{ topic }}"}, "all": ["{{ size }}", True]}
    result = cast(chain({"set": data}, {"agent": "a", "input": "{{ last_response.total }}"})).run(topic="x", size=2)
    assert result.execution_context["steps"][0]["response"] == {"total": 4, "who": {"name": "x"}, "all": [2, True]}
    assert cast(chain({"set": {"a": "{{ topic }}"}})).run(topic="x").last_response == '{"a": "x"}'


PLACES: dict[str, dict[str, Any]] = {
    "chain": chain(USES, STAGING),
    "graph": spec("graph", {"nodes": {"a": USES, "t": STAGING}, "edges": [{"from": "a", "to": "t"}]}),
    "workflow": spec("workflow", {"tasks": [{"id": "a", **USES}, {"id": "t", "deps": "a", **STAGING}]}),
    "routing": spec("routing", {"router": USES, "routes": {"r": STAGING}}),
    "parallel": spec("parallel", {"branches": [STAGING, {"id": "r", "steps": [USES]}]}),
    "reduce": spec("parallel", {"branches": [USES, {"id": "r", "steps": [USES]}], "reduce": STAGING}),
    "orchestrator_workers": spec(
        "orchestrator_workers", {"orchestrator": {"agent": "b"}, "worker_template": {"agent": "a"}, "writeup": STAGING}
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_it_may_stand_wherever_a_step_may(place: str) -> None:
    result = cast(PLACES[place], '{"route": "r"}').run()
    assert result.success and calls == [("staging", 1, None)]
    assert '"score": 7' in json.dumps(result.execution_context)
    assert place == "parallel" or '"score": 7' in result.last_response


def test_a_person_agrees_to_exactly_these_arguments() -> None:
    rule = {"prompt": "Deploy to {{ args.environment }}?", "when": "args.environment == 'live'"}
    step = {"tool": "deploy", "args": {"environment": "{{ topic }}"}, "approvals": [rule]}
    play = cast(chain(step, USES))
    assert play.run(topic="staging").success
    paused = play.run(topic="live")
    assert paused.questions[0].prompt == "Deploy to live?"
    assert len(calls) == 1
    assert play.resume(paused, "approve").success and calls[1][0] == "live"


@pytest.mark.parametrize(("on_reject", "status", "code"), [(None, "failed", 21), ("continue", "completed", 0)])
def test_a_call_that_was_rejected_is_not_made(on_reject: str | None, status: str, code: int) -> None:
    more = {} if on_reject is None else {"on_reject": on_reject}
    play = cast(chain({**STAGING, "approvals": [{}], **more}, {"agent": "a", "input": "{{ steps[0].status }}"}))
    result = play.resume(play.run(), "reject: not on a friday")
    assert (result.status, result.exit_code, calls) == (status, code, [])
    if on_reject is None:
        assert "'steps/0' was rejected: not on a friday" in (result.error_message or "")
    else:
        assert play.prompts("a") == ["rejected"]


def test_nobody_who_answers_in_time_is_a_no() -> None:
    play = cast(chain({**STAGING, "approvals": [{"timeout_seconds": 0.01}]}))
    paused = play.run()
    asyncio.run(asyncio.sleep(0.02))
    result = play.workflow.resume(paused.session_id)
    assert (result.exit_code, calls) == (21, [])


def test_a_tool_that_fails_fails_the_run_and_is_called_again_by_a_resume() -> None:
    runtime = {"provider": "scripted", "failure_policy": {"retries": 0}}
    play = cast(chain({"tool": "probe", "args": {"good_from": 2}}, USES, runtime=runtime))
    with pytest.raises(ExecutionError, match=r"'steps/0': the tool 'probe' failed: .*not yet") as caught:
        play.run()
    assert caught.value.exit_code == 10
    assert play.workflow.resume(caught.value.session_id or "").success and len(calls) == 2


@pytest.mark.parametrize(("step", "tries"), [({"tool": "probe", "args": {"good_from": 3}}, 3), (None, 1)])
def test_only_what_does_no_harm_twice_is_tried_again(step: dict[str, Any] | None, tries: int) -> None:
    runtime = {"provider": "scripted", "failure_policy": {"retries": 4, "wait_min": 0}}
    play = cast(chain(step or {"tool": "deploy", "args": {"environment": "nowhere"}}, runtime=runtime))
    if step:
        assert play.run().success
    else:
        with pytest.raises(ExecutionError):
            play.run()
    assert len(calls) == tries


def test_a_failure_may_be_gone_on_from() -> None:
    bad = {"tool": "deploy", "args": {"environment": "nowhere"}, "on_error": "continue"}
    play = cast(chain(USES, bad, {"agent": "a", "input": "{{ last_response }} {{ steps[1].status }}"}))
    result = play.run()
    assert play.prompts("a")[-1] == "done failed"
    assert "no such place" in result.execution_context["steps"][1]["error"]


def test_a_failure_may_lead_elsewhere() -> None:
    nodes = {
        "try": {"tool": "deploy", "args": {"environment": "nowhere"}, "on_error": {"to": "sorry"}},
        "well": USES,
        "sorry": {"agent": "a", "input": "{{ nodes.try.error }}"},
    }
    play = cast(spec("graph", {"nodes": nodes, "edges": [{"from": "try", "to": "well"}]}))
    assert play.run().execution_context["execution_path"] == ["try", "sorry"]
    assert "no such place" in play.prompts("a")[0]


def test_arguments_that_do_not_fit_are_told() -> None:
    with pytest.raises(ExecutionError, match="environment"):
        cast(chain({"tool": "deploy", "args": {}})).run()
    assert calls == []


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"tool": "deplyo"}, "did you mean 'deploy'"),
        ({"tool": "deploy", "approvals": [{"tools": "probe"}]}, "matches no tool"),
        ({"tool": "deploy", "args": {"environment": "{{ x"}}, "'environment'"),
        ({"tool": "deploy", "args": {"tags": ["{{ steps[4].response }}"]}}, "steps[4]"),
        ({"tool": "deploy", "input": "x"}, "unknown key 'input'"),
        ({"http": {"method": "GET"}}, "'url' is missing"),
    ],
)
def test_what_is_wrong_is_found_before_a_run(step: dict[str, Any], told: str) -> None:
    with pytest.raises(SchemaValidationError) as caught:
        cast(chain(step))
    assert told in str(caught.value)


def test_guardrails_hold_for_steps_too() -> None:
    data = chain(STAGING, security={"guardrails": {"allow_tools": ["probe"]}})
    with pytest.raises(ExecutionError, match="allow_tools does not allow the tool 'deploy'"):
        cast(data).run()
    assert calls == []


@pytest.mark.parametrize("caller", ["step", "agent"])
def test_a_rule_of_the_workflow_holds_for_steps_and_agents(caller: str) -> None:
    rules = [{"tools": "dep*", "when": "args.environment == 'live'", "prompt": "Deploy?"}]
    live = {"tool": "deploy", "args": {"environment": "live"}}
    data = chain(live if caller == "step" else USES, approvals=rules)
    model = ScriptedModel([ToolCall("deploy", {"environment": "live"}), "done"])
    workflow = Workflow.from_dict(data, model=model, tools=[deploy], repository=MemorySessionRepository())
    paused = workflow.run()
    assert paused.questions[0].prompt == "Deploy?" and calls == []
    assert workflow.resume(paused.session_id, "approve").success and calls == [("live", 1, None)]


def test_a_steps_own_rule_comes_before_the_workflows() -> None:
    data = chain({**STAGING, "approvals": [{"prompt": "Mine?"}]}, approvals=[{"tools": "*", "prompt": "All?"}])
    assert cast(data).run().questions[0].prompt == "Mine?"


def test_a_rule_of_the_workflow_that_covers_nothing_is_found() -> None:
    with pytest.raises(SchemaValidationError, match="'deplyo' matches no tool of the workflow"):
        cast(chain(STAGING, approvals=[{"tools": "deplyo"}]))


def test_a_workflow_may_have_no_agents() -> None:
    data = chain({"set": {"a": 1}}, STAGING)
    del data["agents"]
    assert cast(data).run().success


def test_a_request_has_its_answer_as_data() -> None:
    def answer(request: Any) -> Any:
        if request.path == "/gone":
            return 404, {}, b"no"
        return 200, {"Content-Type": "application/json"}, json.dumps({"path": request.path}).encode()

    with serving(answer) as server:
        host = server.url.partition("://")[2]
        steps: list[dict[str, Any]] = [
            {"http": {"url": f"{server.url}/{{{{ topic }}}}", "method": "POST", "json_data": {"n": "{{ size }}"}}},
            {"tool": "api", "args": {"path": "y"}},
            {"http": {"url": f"{server.url}/gone"}, "on_error": "continue"},
        ]
        more = {
            "security": {"guardrails": {"allow_hosts": [host]}},
            "tools": {"http_executors": [{"id": "api", "base_url": server.url}]},
        }
        done = cast(chain(*steps, **more)).run(topic="x", size=3).execution_context["steps"]
    assert json.loads(server.requests[0][3]) == {"n": 3}
    assert done[0]["response"] == {"status": 200, "content_type": "application/json", "body": {"path": "/x"}}
    assert done[1]["response"]["body"] == {"path": "/y"}
    assert (done[2]["status"], "404" in done[2]["error"]) == ("failed", True)


@tool
def grade(draft: str) -> dict[str, Any]:
    """Score a draft by its length."""
    calls.append(draft)
    return {"score": 10 * len(draft), "issues": ["too short"]}


def test_a_tool_may_score_drafts() -> None:
    evaluator = {"tool": "grade", "args": {"draft": "{{ draft }}"}}
    config = {
        "producer": "a",
        "evaluator": evaluator,
        "accept": {"min_score": 50},
        "revise_prompt": "Mend: {{ evaluation.issues[0] }}",
    }
    play = Cast(spec("evaluator_optimizer", config), {"a": ["one", "longer"]}, tools=[grade])
    result = play.run()
    assert result.success and result.last_response == "longer" and calls == ["one", "longer"]
    assert play.prompts("a")[1] == "Mend: too short"
    evaluator["tool"] = "probe"
    evaluator["args"] = {"good_from": "{{ 0 }}"}
    with pytest.raises(ExecutionError, match="'iterations/1/evaluation': what it returned cannot be used"):
        Cast(spec("evaluator_optimizer", config), {"a": "one"}, tools=[probe]).run()


def test_a_tool_may_do_the_tasks() -> None:
    worker = {"tool": "deploy", "args": {"environment": "{{ task }}", "count": "{{ index }}"}}
    config: dict[str, Any] = {"orchestrator": {"agent": "b"}, "worker_template": {**worker, "approvals": [{}]}}
    data = spec(
        "orchestrator_workers", {**config, "writeup": {"agent": "a", "input": "{{ workers[1].response.score }}"}}
    )
    play = Cast(data, {"a": "done", "b": '[{"task": "x"}, {"task": "y"}]'}, tools=[deploy])
    paused = play.run()
    assert len(paused.questions) == 2
    assert play.resume(paused, "approve", "approve").success
    assert sorted(calls) == [("x", 0, None), ("y", 1, None)] and play.prompts("a") == ["7"]


def test_a_step_that_sums_up_is_told_the_results_on_a_condition_too() -> None:
    config = {"orchestrator": {"agent": "b"}, "worker_template": {"agent": "a"}}
    data = spec("orchestrator_workers", {**config, "writeup": {"agent": "c", "when": "num_workers > 0"}})
    play = Cast(data, {"a": "found", "b": '[{"task": "x"}]', "c": "all"})
    assert play.run().last_response == "all" and "found" in play.prompts("c")[0]


def test_what_a_step_is_told_may_be_mended() -> None:
    store = MemorySessionRepository()

    def workflow(environment: str) -> Workflow:
        data = chain(STAGING, {"tool": "deploy", "args": {"environment": environment}})
        return Workflow.from_dict(data, tools=[deploy], repository=store)

    with pytest.raises(ExecutionError, match="no such place") as caught:
        workflow("nowhere").run()
    assert workflow("live").resume(caught.value.session_id or "").success
    assert [call[0] for call in calls] == ["staging", "nowhere", "live"]


STORY = chain(
    {"set": {"n": 2}},
    {"tool": "deploy", "args": {"environment": "live", "count": "{{ steps[0].response.n }}"}, "approvals": [{}]},
    {"agent": "a", "input": "{{ steps[1].response.score | default('none') }}"},
    hitl("Good?", on_reject={"to": 2}),
    {"tool": "deploy", "args": {"environment": "nowhere"}, "on_error": "continue"},
    {"agent": "a", "input": "{{ steps[4].status }}", "when": "steps[4].status == 'failed'"},
)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_at_any_write_calls_no_tool_twice_unasked(when: Any) -> None:
    def played(death: Death) -> tuple[str, Counter[Any]]:
        calls.clear()
        story = Story(STORY, echo_model, default_answer="approve", doubt_answer="run again", tools=[deploy, probe])
        result = asyncio.run(story.play(MemorySessionRepository(), death))
        assert result.success
        return result.last_response, Counter(call[0] for call in calls)

    quiet = Death()
    response, made = played(quiet)
    assert response == "<failed>" and made == {"live": 1, "nowhere": 1} and quiet.writes > 10
    for at in range(1, quiet.writes + 1):
        again, asked = played(Death(at, when))
        assert again == response, f"death {when} write {at}"
        assert sum((asked - made).values()) <= 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_call_that_may_have_happened_is_asked_about(when: Any) -> None:
    @tool
    def pay() -> str:
        """Pay."""
        calls.append("paid")
        return "paid"

    quiet, results = Death(), set()
    for at in range(20):
        calls.clear()
        death = Death(at, when) if at else quiet
        if at > quiet.writes:
            break
        story = Story(chain({"tool": "pay"}), echo_model, doubt_answer="result: paid already", tools=[pay])
        results.add(asyncio.run(story.play(MemorySessionRepository(), death)).last_response)
        assert calls in (["paid"], []) and (calls or "paid already" in results)
    assert results == {"paid", "paid already"}
