"""Budgets: n calls are n calls, also at once; tokens are counted inside one call; nothing is spent unnoticed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.api.session_manager import SessionManager
from strands_cli.errors import BudgetExceededError
from strands_cli.kernel.layers import RunLimits, budget
from strands_cli.kernel.state import total_tokens
from strands_cli.session.repository import FileSessionRepository
from support.cast import spec
from support.driving import Echo, driven, reply, session

MANY: dict[str, dict[str, Any]] = {
    "workflow": {"tasks": [{"id": f"t{n}", "agent": "a", "input": f"{n}"} for n in range(20)]},
    "parallel": {"branches": [{"id": f"b{n}", "steps": [{"agent": "a", "input": f"{n}"}]} for n in range(20)]},
}


class Counted(ScriptedModel):
    """Answers after a while, with what `then` makes of the messages; counts its calls."""

    def __init__(self, then: Any = lambda messages: "some words") -> None:
        self.calls = 0

        async def answer(messages: Any) -> Any:
            self.calls += 1
            await asyncio.sleep(0.005)
            return then(messages)

        super().__init__(answer)


def workflow(config: Any, root: Path, model: Any, limits: dict[str, Any], **runtime: Any) -> Workflow:
    made = {**config, "runtime": {"provider": "scripted", "budgets": limits, **runtime}}
    return Workflow.from_dict(made, repository=FileSessionRepository(root), model=model, tools=[look])


@tool(idempotent=True)
def look() -> str:
    """Look."""
    return "seen"


LOOP = spec("chain", {"steps": [{"agent": "a", "input": "x"}]})


def endless(messages: Any) -> Any:
    return ToolCall("look", {})


@pytest.mark.parametrize("pattern", MANY)
@pytest.mark.parametrize("parallel", [None, 1, 3])
def test_a_budget_of_calls_holds_where_agents_run_at_once(pattern: str, parallel: int | None, tmp_path: Path) -> None:
    model = Counted()
    more = {} if parallel is None else {"max_parallel": parallel}
    flow = workflow(spec(pattern, MANY[pattern]), tmp_path, model, {"max_steps": 5}, **more)
    with pytest.raises(BudgetExceededError, match="5 steps") as caught:
        flow.run()
    assert model.calls == 5 and caught.value.result is not None
    with pytest.raises(BudgetExceededError, match="5 steps"):
        flow.resume(caught.value.result.session_id or "")
    assert model.calls == 5


def test_a_budget_of_tokens_holds_inside_the_tool_loop_of_one_call(tmp_path: Path) -> None:
    model = Counted(endless)
    flow = workflow(LOOP, tmp_path, model, {"max_tokens": 100})
    with pytest.raises(BudgetExceededError, match="100 tokens") as caught:
        flow.run()
    result, calls = caught.value.result, model.calls
    assert result is not None and 1 < calls < 20
    used = sum(result.token_usage.values())
    assert used >= 100
    with pytest.raises(BudgetExceededError):
        flow.resume(result.session_id or "")
    assert model.calls == calls, "what is used up stays used up"
    assert f"workflow.resume({result.session_id!r})" in caught.value.hint


def test_inside_a_call_a_person_may_extend_it_and_no_finished_tool_runs_again(tmp_path: Path) -> None:
    model = Counted(lambda messages: ToolCall("look", {}) if len(messages) < 12 else "done")
    asked: list[str] = []

    def handler(state: Any) -> str:
        asked.append(state.question_id)
        return "extend"

    flow = workflow(LOOP, tmp_path, model, {"max_tokens": 8, "on_exceed": "ask"})
    result = flow.run_interactive(hitl_handler=handler, keep_session=True)
    assert result.success and model.calls == 7
    assert asked == [f"budget/tokens/{number}" for number in range(len(asked))] and asked
    history = SessionManager(tmp_path).get_session(result.session_id or "").history
    assert sum(item.kind == "tool" for item in history) == 6
    # The same, each extension given by another process.
    paused = flow.run()
    while paused.status == "paused":
        assert [question.kind for question in paused.questions] == ["budget"]
        paused = flow.resume(paused.session_id or "", "extend")
    assert paused.success and model.calls == 14


def test_a_sub_agents_tokens_count_inside_the_call_too(tmp_path: Path) -> None:
    inner = Counted(endless)
    helper = Agent(model=inner, name="helper", tools=[look], callback_handler=None)
    model = Counted(lambda messages: ToolCall("helper", {"input": "x"}) if len(messages) == 1 else "done")
    made = {**LOOP, "runtime": {"provider": "scripted", "budgets": {"max_tokens": 150}}}
    store = FileSessionRepository(tmp_path)
    flow = Workflow.from_dict(made, repository=store, model=model, tools=[helper.as_tool()])
    with pytest.raises(BudgetExceededError, match="150 tokens") as caught:
        flow.run()
    assert inner.calls > 1 and caught.value.result is not None
    assert 150 <= sum(caught.value.result.token_usage.values()) < 160, "stopped at the reply that used it up"


def test_the_last_reply_counts_too(tmp_path: Path) -> None:
    flow = workflow(LOOP, tmp_path, Counted(lambda messages: "word " * 200), {"max_tokens": 50})
    with pytest.raises(BudgetExceededError, match="50 tokens") as caught:
        flow.run()
    assert caught.value.exit_code == 20 and caught.value.result is not None
    assert caught.value.result.last_response.startswith("word"), "what is finished is there"
    enough = workflow(LOOP, tmp_path, Counted(), {"max_tokens": 5000})
    assert enough.run().success


def test_the_tokens_of_a_summary_count(tmp_path: Path) -> None:
    steps = [{"agent": "a", "input": f"task {number} {'word ' * 100}"} for number in range(4)]
    used = {}
    for enabled in (True, False):
        compaction = {"enabled": enabled, "when_tokens_over": 200, "summary_ratio": 0.5, "preserve_recent_messages": 1}
        made = {**spec("chain", {"steps": steps}), "context_policy": {"compaction": compaction}}
        model = Counted(lambda messages: "a short answer")
        flow = Workflow.from_dict(made, repository=FileSessionRepository(tmp_path), model=model)
        result = flow.run()
        assert result.success
        session = SessionManager(tmp_path).get_session(result.session_id or "")
        spent = [entry.data["usage"] for entry in asyncio.run(session.entries_async()) if "/spent/" in entry.key]
        replies = sum(total_tokens(entry.data["usage"]) for entry in session._state.done.values())
        used[enabled] = model.calls, len(spent)
        assert session.token_usage == {"a": replies + sum(map(total_tokens, spent))} == result.token_usage
    assert used[False] == (4, 0) and used[True][1] > 0 and sum(used[True]) == 4 + 2 * used[True][1]


def test_a_call_that_waited_for_its_turn_is_not_let_in_by_an_older_look() -> None:
    async def main() -> None:
        calls: list[str] = []

        async def perform(call: Any) -> Any:
            calls.append(call.key)
            await asyncio.sleep(0.01)
            return reply("ok", tokens=10)

        config = spec("parallel", MANY["parallel"])
        rest = await driven(await session(), config, perform, layers=[budget(RunLimits(max_tokens=30))], max_parallel=2)
        assert rest.status == "failed" and isinstance(rest.error, BudgetExceededError)
        assert len(calls) <= 4, "those under way when it was used up, and no more"

    asyncio.run(main())


def test_one_question_is_asked_where_many_agents_come_to_the_limit_at_once() -> None:
    async def main() -> None:
        asked: list[str] = []

        def handler(state: Any) -> str:
            asked.append(state.question_id)
            return "extend"

        layers = [budget(RunLimits(max_steps=10, on_exceed="ask"))]
        rest = await driven(await session(), spec("parallel", MANY["parallel"]), Echo(), layers=layers, handler=handler)
        assert rest.status == "completed" and asked == ["budget/steps/0"]

    asyncio.run(main())


def test_the_error_of_a_step_on_record_is_one_line_without_the_hint(tmp_path: Path) -> None:
    config = spec("chain", {"steps": [{"agent": "a", "input": f"{n}"} for n in range(2)]})
    config["runtime"]["budgets"] = {"max_steps": 1}
    manager = SessionManager(tmp_path)
    workflow = Workflow.from_dict(config, repository=FileSessionRepository(tmp_path), model=ScriptedModel(["x"]))
    with pytest.raises(BudgetExceededError) as caught:
        workflow.run()
    assert "Raise runtime.budgets" in caught.value.hint
    last = manager.get_session(caught.value.session_id or "").history[-1]
    assert (last.key, last.error) == ("steps/1", "the budget of 1 step is used up (1)")


def test_a_reply_of_no_use_has_its_price(tmp_path: Path) -> None:
    patience = {"failure_policy": {"retries": 3, "wait_min": 0, "wait_max": 0}}

    def total(replies: list[Any]) -> int:
        flow = workflow(LOOP, tmp_path, ScriptedModel(replies), {"max_tokens": 10**6}, **patience)
        return sum(flow.run().token_usage.values())

    assert total(["", "words"]) > 1.5 * total(["words"])

    model = Counted(lambda messages: "")
    with pytest.raises(BudgetExceededError):
        workflow(LOOP, tmp_path, model, {"max_tokens": 1}, **patience).run()
    assert model.calls == 1
