"""LiteLLM keeps clients for the whole process; agents in threads do not end each other's connections."""

from __future__ import annotations

import threading

import pytest

from strands import Agent
from strands.models import LiteLLMModel
from support.stub_anthropic import StubAnthropic
from support.stub_http import Say


@pytest.mark.filterwarnings("ignore:Item '.*' on TypedDict class")
def test_agents_in_threads_reach_claude_at_once() -> None:
    pytest.importorskip("litellm")
    said: list[str] = []

    def ask(url: str) -> None:
        model = LiteLLMModel({"api_key": "k", "api_base": url}, model_id="anthropic/claude-sonnet-4-6")
        said.append(str(Agent(model=model, callback_handler=None, retry_strategy=None)("Hello")).strip())

    with StubAnthropic([Say("Hi")] * 4) as stub:
        threads = [threading.Thread(target=ask, args=(stub.url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert said == ["Hi"] * 4
