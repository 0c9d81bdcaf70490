"""Guardrails of Bedrock: what they block is taken back, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from strands import Agent, tool
from strands.models import BedrockModel
from support.providers import ask
from support.stub_bedrock import Say, StubBedrock, Use

BLOCKED = {"wordPolicy": {"customWords": [{"match": "x", "action": "BLOCKED", "detected": True}]}}
MASKED = {"sensitiveInformationPolicy": {"piiEntities": [{"match": "x", "action": "ANONYMIZED", "detected": True}]}}
USER = ("redactUserContentMessage", "[User input redacted.]")
MODEL = ("redactAssistantContentMessage", "[Assistant output redacted.]")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def guarded(stub: StubBedrock, **config: Any) -> BedrockModel:
    given = {"guardrail_id": "g", "guardrail_version": "1", "model_id": "anthropic.claude-x", **config}
    return BedrockModel(endpoint_url=stub.url, region_name="eu-west-1", **given)


def stopped(trace: Any = None, **more: Any) -> Say:
    extra = {} if trace is None else {"trace": {"guardrail": trace}}
    return Say("No.", stop="guardrail_intervened", extra=extra, **more)


CASES = [
    pytest.param({"inputAssessment": {"g": BLOCKED}}, [USER, MODEL], id="the prompt"),
    pytest.param({"outputAssessments": {"g": [BLOCKED]}}, [MODEL], id="the reply alone"),
    pytest.param({"inputAssessment": {"g": MASKED}, "outputAssessments": {"g": [MASKED]}}, [], id="only masked"),
    pytest.param(None, [USER, MODEL], id="without a trace"),
]


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize(("trace", "taken"), CASES)
def test_what_was_blocked_is_taken_back(trace: Any, taken: list[tuple[str, str]], streaming: bool) -> None:
    with StubBedrock([stopped(trace)]) as stub:
        events = ask(guarded(stub, guardrail_redact_output=True, streaming=streaming))
    assert [event["redactContent"] for event in events if "redactContent" in event] == ([dict(taken)] if taken else [])


def test_without_any_metadata_the_stop_reason_decides() -> None:
    with StubBedrock([stopped(usage=None)]) as stub:
        assert ask(guarded(stub))[-1] == {"redactContent": dict([USER])}


def test_what_is_to_stay_stays() -> None:
    with StubBedrock([stopped()]) as stub:
        events = ask(guarded(stub, guardrail_redact_input=False))
    assert not any("redactContent" in event for event in events)


def test_a_prompt_that_was_fine_stays_when_the_reply_is_blocked() -> None:
    with StubBedrock([stopped({"outputAssessments": {"g": [BLOCKED]}})]) as stub:
        agent = Agent(model=guarded(stub, guardrail_redact_output=True), callback_handler=None)
        assert agent("Tell me.").stop_reason == "guardrail_intervened"
    assert [message["content"] for message in agent.messages] == [[{"text": "Tell me."}], [{"text": MODEL[1]}]]


def test_a_result_that_was_blocked_keeps_its_call_answered() -> None:
    @tool
    def look() -> str:
        """Look."""
        return "something forbidden"

    with StubBedrock([Use("look", id="t1"), stopped({"inputAssessment": {"g": BLOCKED}}), "Fine."]) as stub:
        agent = Agent(model=guarded(stub), tools=[look], callback_handler=None)
        agent("Look.")
        (block,) = agent.messages[2]["content"]
        assert block["toolResult"]["toolUseId"] == "t1"
        assert block["toolResult"]["content"] == [{"text": USER[1]}]
        assert str(agent("Go on.")).strip() == "Fine."
        assert "forbidden" not in str(stub.requests[2].body)
        assert "toolResult" in str(stub.requests[2].body)
