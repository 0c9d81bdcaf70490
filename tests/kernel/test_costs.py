"""Costs: tokens by agent in money, by prices that users say; what has no price is said, and a budget holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.api.session_manager import SessionManager
from strands_cli.costs import model_of as model_for
from strands_cli.errors import BudgetExceededError, InputError
from strands_cli.kernel.usage import money, tokens_of
from strands_cli.prices import Prices
from strands_cli.session.repository import FileSessionRepository
from support.cast import spec

PRICE = {"input": 1_000_000.0, "output": 2_000_000.0}
"""A dollar for a token in, two for a token out."""
STEPS = spec("chain", {"steps": [{"agent": "a", "input": "x"}, {"agent": "b", "input": "y"}]})


def workflow(root: Path, model: Any = None, config: Any = STEPS, **runtime: Any) -> Workflow:
    made = {**config, "runtime": {"provider": "scripted", **runtime}}
    return Workflow.from_dict(
        made, repository=FileSessionRepository(root), model=model or ScriptedModel(["one", "two"])
    )


def dollars(usage: dict[str, int]) -> int:
    return usage["input"] + 2 * usage["output"]


def test_a_result_tells_tokens_in_and_out_and_money_by_agent(tmp_path: Path) -> None:
    result = workflow(tmp_path, prices={"scripted": PRICE}).run()
    assert {agent: each["input"] + each["output"] for agent, each in result.usage.items()} == result.token_usage
    assert result.cost_by_agent == {agent: dollars(each) for agent, each in result.usage.items()}
    assert result.cost == sum(map(dollars, result.usage.values())) > 0
    assert json.loads(json.dumps(result.to_dict()))["cost"] == result.cost
    session = SessionManager(repository=FileSessionRepository(tmp_path)).get_session(result.session_id)
    assert session.costs is not None and session.costs.total == result.cost and session.usage == result.usage


def test_a_model_without_a_price_costs_what_is_not_known_and_never_nothing(tmp_path: Path) -> None:
    model = ScriptedModel(["one", "two"])
    model.update_config(model_id="house-model")
    result = workflow(tmp_path, model).run()
    assert result.cost is None and result.cost_by_agent == {"a": None, "b": None}
    assert result.unpriced_models == ["house-model"] and sum(result.token_usage.values()) > 0
    priced = workflow(tmp_path, model_of("house-model"), prices={"house-model": PRICE}).run()
    assert priced.cost and not priced.unpriced_models


def model_of(model_id: str, replies: Any = ("one", "two", "three", "four")) -> ScriptedModel:
    model = ScriptedModel(list(replies))
    model.update_config(model_id=model_id)
    return model


def test_a_budget_in_money_stops_a_run_and_holds_when_it_is_resumed(tmp_path: Path) -> None:
    flow = workflow(tmp_path, model_of("m"), prices={"m": PRICE}, budgets={"max_cost": 2})
    with pytest.raises(BudgetExceededError, match=r"the budget of \$2.00 is used up \(\$\d") as caught:
        flow.run()
    result = caught.value.result
    assert result is not None and list(result.token_usage) == ["a"] and result.cost and result.cost >= 2
    with pytest.raises(BudgetExceededError) as again:
        workflow(tmp_path, model_of("m"), prices={"m": PRICE}, budgets={"max_cost": 2}).resume(result.session_id)
    assert again.value.result is not None and again.value.result.usage == result.usage, "nothing more was called"


def test_a_person_may_extend_a_budget_in_money(tmp_path: Path) -> None:
    limits = {"max_cost": 3, "on_exceed": "ask"}
    flow = workflow(tmp_path, model_of("m"), prices={"m": PRICE}, budgets=limits)
    paused = flow.run()
    assert paused.status == "paused" and list(paused.cost_by_agent) == ["a"]
    assert paused.questions[0].kind == "budget" and "The budget of $3.00 is used up" in paused.questions[0].prompt
    done = flow.resume(paused.session_id, "extend")
    assert done.success and done.cost is not None and paused.cost is not None and done.cost > paused.cost


def test_a_budget_in_money_warns_when_most_of_it_is_used(tmp_path: Path) -> None:
    first = workflow(tmp_path, model_of("m"), prices={"m": PRICE}).run().cost_by_agent["a"]
    assert first is not None
    limits = {"max_cost": first * 1.1, "on_exceed": "ask"}
    events: list[Any] = []
    flow = workflow(tmp_path, model_of("m"), prices={"m": PRICE}, budgets=limits)
    flow.on("budget_warning")(events.append)
    flow.on("step_complete")(events.append)
    assert flow.run().success
    step, warning, _ = events
    assert step.data["cost"] == warning.data["used"] == first and warning.data["budget"] == "cost"


def test_a_budget_in_money_needs_a_price_for_each_model_before_anything_is_sent(tmp_path: Path) -> None:
    flow = workflow(tmp_path, model_of("house-model"), budgets={"max_cost": 5})
    with pytest.raises(InputError, match="no price is known of house-model") as caught:
        flow.run()
    assert "runtime: {prices: {MODEL:" in caught.value.hint
    assert SessionManager(repository=FileSessionRepository(tmp_path)).list_sessions() == []


def test_each_agent_has_the_price_of_its_own_model(tmp_path: Path) -> None:
    runtime = {"provider": "openai", "model_id": "gpt-4o"}
    agents = {"a": {}, "b": {"model_id": "own"}, "c": {"provider": "anthropic"}, "d": {"provider": "scripted"}}
    origin = {"spec": {"runtime": runtime, "agents": agents}}
    assert [model_for(origin, agent) for agent in agents] == ["gpt-4o", "own", "claude-sonnet-4-6", "scripted"]
    assert model_for({**origin, "offline": True}, "a") == "scripted"
    assert model_for({**origin, "model_id": "given"}, "b") == "given", "a model from Python stands for all"


def test_the_users_file_comes_before_the_table_and_the_workflow_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Prices().get("gpt-4o-mini")
    assert known is not None and known.input < known.output
    file = tmp_path / "mine.yaml"
    file.write_text("gpt-4o-mini: {input: 7, output: 8}\nmine: {input: 0, output: 0}\n")
    monkeypatch.setenv("STRANDS_PRICES", str(file))
    assert Prices().get("gpt-4o-mini") == (7, 8, None, None) and Prices().get("mine") == (0, 0, None, None)
    assert Prices({"mine": PRICE}).get("mine") == (1_000_000, 2_000_000, None, None)
    monkeypatch.delenv("STRANDS_PRICES")
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path))
    file.rename(tmp_path / "prices.yaml")
    assert Prices().get("gpt-4o-mini") == (7, 8, None, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [("- a\n", "not a mapping"), ("m: {input: -1, output: 2}\n", "m.input"), ("m: {input: 1}\n", "m.output")],
)
def test_a_file_of_prices_that_is_wrong_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    monkeypatch.setenv("STRANDS_PRICES", str(file))
    with pytest.raises(InputError, match=said):
        workflow(tmp_path / "store", model_of("m")).run()
    monkeypatch.setenv("STRANDS_PRICES", str(tmp_path / "none.yaml"))
    with pytest.raises(InputError, match=r"none\.yaml"):
        workflow(tmp_path / "store", model_of("m")).run()
    assert not (tmp_path / "store").exists() or not any((tmp_path / "store").iterdir())


def test_ids_with_a_day_an_edition_or_a_provider_are_the_same_model() -> None:
    prices = Prices()
    assert prices.get("claude-sonnet-4-5-20250929") == prices.get("claude-sonnet-4-5")
    assert prices.get("openai/gpt-4o-mini") == prices.get("gpt-4o-mini-2024-07-18") == prices.get("gpt-4o-mini")
    everywhere = prices.get("global.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert everywhere == prices.get("anthropic.claude-sonnet-4-5") == prices.get("claude-sonnet-4-5")
    here = prices.get("us.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert everywhere is not None and here is not None and here.input > everywhere.input
    assert prices.get("gpt-4o-mini-mine") is None and prices.get("moon.anthropic.claude-sonnet-4-5") is None


def test_what_was_cached_is_counted_apart_however_a_provider_tells_it() -> None:
    inside = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15, "cacheReadInputTokens": 4}
    beside = {"inputTokens": 6, "outputTokens": 5, "totalTokens": 15, "cacheReadInputTokens": 4}
    assert tokens_of(inside) == tokens_of(beside) == (6, 5, 4, 0)


def test_money_is_written_as_people_read_it() -> None:
    assert [money(each) for each in (0, 0.00001, 0.0031, 0.5, 1.234, 1234.5)] == [
        "$0.00",
        "less than $0.0001",
        "$0.0031",
        "$0.50",
        "$1.23",
        "$1,234.50",
    ]
