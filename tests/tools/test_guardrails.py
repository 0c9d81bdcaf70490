"""Guardrails and contracts: what no agent may do, and the form of what it gets and gives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from strands import Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import ExecutionError
from strands_cli.resources.contracts import check_output
from strands_cli.resources.guardrails import redacted
from support.specs import solo


def test_only_allowed_tools_are_offered_and_run() -> None:
    ran: list[str] = []

    @tool
    def given() -> str:
        """A tool given in Python."""
        ran.append("given")
        return "ran"

    spec = solo(
        tools={"python": ["calculator", "current_time"]},
        security={"guardrails": {"allow_tools": ["calculator"]}},
    )
    model = ScriptedModel([ToolCall("given"), ToolCall("calculator", {"expression": "6*7"}), "done"])
    assert Workflow.from_dict(spec, model=model, tools=[given]).run().success
    assert [each["name"] for each in model.requests[0].tool_specs] == ["calculator"]
    assert ran == []
    assert "42" in json.dumps(model.requests[2].messages[-1])


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("write to ada@example.com", "write to [EMAIL]"),
        ("call +49 30 1234567 now", "call [PHONE] now"),
        ("call (555) 123-4567", "call [PHONE]"),
        ("card 4111 1111 1111 1111.", "card [CARD]."),
        ("SSN 123-45-6789", "SSN [SSN]"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN [IBAN]"),
        ("key sk-abcdefghijklmnopqrst", "key [KEY]"),
        ("in 2026, order 1234567890123, 192.0.2.1, v1.2.3", "in 2026, order 1234567890123, 192.0.2.1, v1.2.3"),
    ],
)
def test_personal_data_is_recognised(text: str, clean: str) -> None:
    assert redacted(text) == clean


def test_no_personal_data_reaches_a_model() -> None:
    @tool
    def customer() -> dict[str, str]:
        """Look a customer up."""
        return {"mail": "ada@example.com"}

    spec = solo(2, security={"guardrails": {"pii_redaction": True}})
    spec["pattern"]["config"]["steps"][0]["input"] = "Write to {{ mail }}"
    spec["inputs"] = {"required": {"mail": "string"}}
    model = ScriptedModel([ToolCall("customer"), "done", "done"])
    result = Workflow.from_dict(spec, model=model, tools=[customer]).run(mail="bob@example.com")
    assert result.success
    seen = json.dumps([request.messages for request in model.requests])
    assert "@example.com" not in seen
    assert seen.count("[EMAIL]") >= 2


# -- contracts --------

OUTPUT = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}
INPUT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def run(replies: list[Any], agent: dict[str, Any], steps: int = 1, **more: Any) -> tuple[ScriptedModel, Any]:
    model = ScriptedModel(replies)
    spec = solo(steps, agent)
    spec["pattern"]["config"]["steps"][0]["input"] = more.pop("input", "task 1")
    return model, Workflow.from_dict(spec, model=model, **more).run()


def test_an_answer_that_fits_becomes_the_response_as_bare_json() -> None:
    model, result = run(['Sure:\n```json\n{"score": 7}\n```'], {"output_schema": OUTPUT})
    assert result.last_response == '{"score": 7}'
    assert "JSON Schema" in str(model.requests[0].system_prompt)


def test_an_answer_that_does_not_fit_is_corrected_and_every_try_counts() -> None:
    model, result = run(["no idea", {"score": "high"}, {"score": 7}], {"output_schema": OUTPUT})
    assert result.last_response == '{"score": 7}'
    assert len(model.requests) == 3
    assert "'high' is not of type 'integer'" in json.dumps(model.requests[2].messages[-1])
    assert result.token_usage["worker"] > 0


def test_an_answer_that_never_fits_fails_the_step() -> None:
    with pytest.raises(ExecutionError, match=r"'steps/0'.*output_schema"):
        run(["no", "no", "no"], {"output_schema": OUTPUT})


def test_input_that_does_not_fit_is_refused_before_the_model_is_asked() -> None:
    model = ScriptedModel([])
    with pytest.raises(ExecutionError, match="input_schema"):
        Workflow.from_dict(solo(1, {"input_schema": INPUT}), model=model).run()
    assert model.requests == []


def test_input_that_fits_is_passed_on() -> None:
    _, result = run(["done"], {"input_schema": INPUT}, input='{"text": "x"}')
    assert result.success


def test_a_rehearsal_keeps_the_contract() -> None:
    spec = solo(1, {"output_schema": OUTPUT})
    result = Workflow.from_dict(spec, offline=True).run()
    assert isinstance(json.loads(result.last_response)["score"], int)


def test_a_paused_agent_keeps_its_contract() -> None:
    @tool
    def risky() -> str:
        """Do it."""
        return "did"

    spec = solo(1, {"output_schema": OUTPUT, "approvals": [{"tools": ["risky"]}]})
    first = Workflow.from_dict(spec, model=ScriptedModel(["no", ToolCall("risky")]), tools=[risky]).run()
    assert first.status == "paused"
    model = ScriptedModel(["still no", {"score": 1}])
    result = Workflow.from_dict(spec, model=model, tools=[risky]).resume(str(first.session_id), "approve")
    assert result.last_response == '{"score": 1}'


@pytest.mark.parametrize("text", ['{"score": 1}', 'x {"score": 1} y', '```\n{"score": 1}\n```', '[1] {"score": 1}'])
def test_json_is_found_in_text(text: str) -> None:
    assert check_output(OUTPUT, text) == ({"score": 1}, [])
