"""`token` events: text while it is written, and of what may still be taken back only what stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow
from strands.hooks import AfterModelCallEvent, MessageAddedEvent
from strands.models.bedrock import BedrockModel
from strands.models.openai import OpenAIModel
from strands_cli.errors import ExecutionError
from strands_cli.kernel.events import Event
from support.stub_bedrock import StubBedrock
from support.stub_openai import Say, StubOpenAI

SPEC = {
    "version": 0,
    "name": "streaming",
    "runtime": {"provider": "openai", "model_id": "m"},
    "agents": {"a": {"prompt": "p"}},
    "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "one"}]}},
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")


def model(stub: StubOpenAI) -> OpenAIModel:
    return OpenAIModel(client_args={"base_url": stub.url, "api_key": "none"}, model_id="m")


def told(workflow: Workflow) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []

    @workflow.on("token")
    def take(event: Event) -> None:
        pieces.append((event.text, event.begins))

    return pieces


def test_text_comes_in_pieces_of_which_the_first_of_a_reply_is_marked() -> None:
    with StubOpenAI([Say("one two", pieces=2), Say("three", pieces=1)]) as stub:
        workflow = Workflow.from_dict(SPEC, model=model(stub))
        pieces = told(workflow)
        workflow.run()
        workflow.run()
    assert pieces == [("one ", True), ("two", False), ("three", True)]


def rewritten(event: AfterModelCallEvent) -> None:
    assert event.stop_response is not None
    event.retry = "secret" in event.stop_response.message["content"][0]["text"]


def blotted(event: MessageAddedEvent) -> None:
    for block in event.message["content"]:
        if "text" in block:
            block["text"] = block["text"].replace("secret", "[gone]")


@pytest.mark.parametrize(
    ("hook", "kept"), [(rewritten, "the answer"), (blotted, "a [gone]")], ids=["written anew", "changed"]
)
def test_what_a_hook_may_still_take_back_comes_when_it_stays(hook: Callable[[Any], None], kept: str) -> None:
    with StubOpenAI(["a secret", "the answer"]) as stub:
        workflow = Workflow.from_dict(SPEC, model=model(stub), hooks=[hook])
        pieces = told(workflow)
        workflow.run()
    assert pieces == [(kept, True)]


@pytest.mark.parametrize("redacts", [True, False])
def test_what_a_guardrail_of_the_provider_stops_is_not_told(redacts: bool) -> None:
    with StubBedrock([Say("a secret", stop="guardrail_intervened"), Say("harmless", pieces=2)]) as stub:
        bedrock = BedrockModel(
            endpoint_url=stub.url,
            region_name="eu-west-1",
            model_id="anthropic.claude-x",
            guardrail_id="g",
            guardrail_version="1",
            guardrail_redact_output=redacts,
        )
        workflow = Workflow.from_dict(SPEC, model=bedrock)
        pieces = told(workflow)
        with pytest.raises(ExecutionError, match="guardrail"):
            workflow.run()
        workflow.run()
    assert pieces == [("harmless", True)]


def test_who_listens_to_everything_may_do_without_text() -> None:
    seen: list[str] = []

    class Listener:
        wants_text = False

        def __call__(self, event: Event) -> None:
            seen.append(event.type)

    with StubOpenAI(["one two"]) as stub:
        workflow = Workflow.from_dict(SPEC, model=model(stub))
        workflow.on("*", Listener())
        workflow.run()
    assert "step_complete" in seen and "token" not in seen
