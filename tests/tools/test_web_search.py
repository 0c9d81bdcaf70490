"""tavily_search, duckduckgo_search and spec_verify."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.api import Workflow
from support.small_server import serving
from support.specs import solo

CLIENT = """
import json
class DDGS:
    def text(self, query, **options):
        return [{"title": "text", "href": "https://example.com", "body": json.dumps([query, options])}]
    def news(self, query, **options):
        return [{"title": "news", "date": "today", "source": "paper", "body": json.dumps([query, options])}]
"""


def called(name: str, arguments: dict[str, Any], **more: Any) -> str:
    """Return what a model is told when it calls a tool."""
    model = ScriptedModel([ToolCall(name, arguments), "done"])
    spec = solo(agent={"tools": [name]}, **more)
    assert Workflow.from_dict(spec, model=model).run().success
    (result,) = model.requests[-1].messages[-1]["content"]
    return str(result["toolResult"]["content"][0]["text"])


def module(name: str, text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `import name` find a module of this text."""
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, name, raising=False)


def test_tavily_is_asked_over_its_own_client(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tavily")
    found = {"query": "bees", "answer": "Buzz.", "results": [{"title": "Bees", "url": "https://b.org", "score": 0.9}]}

    def answer(request: Any) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Type": "application/json"}, json.dumps(found).encode()

    with serving(answer) as server:
        monkeypatch.setenv("TAVILY_API_KEY", "tvly-key")
        monkeypatch.setenv("TAVILY_API_BASE_URL", server.url)
        told = called("tavily_search", {"query": "bees", "max_results": 100, "include_answer": True})
    assert json.loads(told) == found
    ((method, path, headers, body),) = server.requests
    assert (method, path, headers["authorization"]) == ("POST", "/search", "Bearer tvly-key")
    sent = json.loads(body)
    assert (sent["query"], sent["max_results"], sent["include_answer"]) == ("bees", 20, True)


def test_tavily_without_a_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TAVILY_API_KEY", raising=False)
    module("tavily", "class TavilyClient: pass", tmp_path, monkeypatch)
    assert "TAVILY_API_KEY; it is not set" in called("tavily_search", {"query": "bees"})


@pytest.mark.parametrize(("kind", "title"), [("text", "text"), ("news", "news")])
def test_duckduckgo_is_asked_over_its_own_client(
    kind: str, title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module("ddgs", CLIENT, tmp_path, monkeypatch)
    arguments = {"query": "bees", "search_type": kind, "timelimit": "m", "max_results": 3}
    (found,) = json.loads(called("duckduckgo_search", arguments))
    assert found["title"] == title
    assert json.loads(found["body"]) == ["bees", {"region": "us-en", "timelimit": "m", "max_results": 3}]


@pytest.mark.parametrize(
    ("tool", "package", "extra"), [("tavily_search", "tavily", "tavily"), ("duckduckgo_search", "ddgs", "duckduckgo")]
)
def test_a_package_that_is_missing_is_named(
    tool: str, package: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module(package, "raise ImportError('no such package')", tmp_path, monkeypatch)
    assert f"pip install 'strands-cli[{extra}]'" in called(tool, {"query": "bees"})


@pytest.mark.parametrize(("tool", "package"), [("tavily_search", "tavily"), ("duckduckgo_search", "ddgs")])
def test_nothing_is_asked_where_the_network_is_denied(
    tool: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module(package, "raise AssertionError('it is not even imported')", tmp_path, monkeypatch)
    denied = {"security": {"guardrails": {"deny_network": True}}}
    assert "deny_network forbids it" in called(tool, {"query": "bees"}, **denied)


VALID = "version: 0\nname: x\nruntime: {provider: scripted}\nagents: {a: {prompt: p}}\n"
CHAIN = "pattern: {type: chain, config: {steps: [{agent: %s, input: i}]}}\n"


def test_a_valid_workflow_is_called_so() -> None:
    told = json.loads(called("spec_verify", {"spec": VALID + CHAIN % "a"}))
    assert (told["schema_valid"], told["pydantic_valid"], told["capability_supported"]) == (True, True, True)
    assert told["spec"] == {"name": "x", "pattern": "chain", "agents": ["a"]}


def test_what_is_wrong_with_a_workflow_is_told_with_its_place() -> None:
    told = json.loads(called("spec_verify", {"spec": VALID + CHAIN % "b"}))
    assert not told["schema_valid"]
    (problem,) = told["errors"]
    assert (problem["pointer"], problem["line"]) == ("/pattern/config/steps/0/agent", 5)
    assert "'b' is not declared" in problem["message"]


def test_what_is_valid_and_cannot_be_run_is_told() -> None:
    graph = "pattern: {type: graph, config: {nodes: {x: {agent: a}, y: {agent: a}, z: {agent: a}}, edges: %s}}\n"
    told = json.loads(called("spec_verify", {"spec": VALID + graph % "[{from: x, to: [y, z]}]"}))
    assert (told["schema_valid"], told["capability_supported"]) == (True, False)
    assert told["issues"][0]["pointer"] == "/pattern/config/edges/0/to"


def test_a_workflow_that_a_model_wrote_reads_no_files(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("prompt: secret")
    text = VALID.replace("{prompt: p}", f"{{$ref: {tmp_path / 'secret.yaml'}}}") + CHAIN % "a"
    told = called("spec_verify", {"spec": text})
    assert "may refer to none" in told and "prompt" not in told
