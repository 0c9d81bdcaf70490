"""What the pages list and name is what the code has: tables of errors, exit codes, fields, limits and defaults."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from strands import ModelRetryStrategy
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.agent.conversation_manager.base import DEFAULT_COMPRESSION_THRESHOLD
from strands.models._tokens import DEFAULT_CONTEXT_WINDOW_LIMIT
from strands.multiagent import GraphBuilder, Swarm
from strands.types.agent import Limits
from strands.types.event_loop import StopReason
from strands_cli import errors
from strands_cli.capability.checker import CapabilityError
from strands_cli.capability.providers import PROVIDERS
from strands_cli.kernel.events import EVENT_TYPES
from strands_cli.loader import LoadError
from strands_cli.resources.secrets import SecretError
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.spec import known_patterns
from strands_cli.types import HITLState, QuestionKind, RunResult

ROOT = Path(__file__).parents[2]
ELSEWHERE: tuple[type[errors.StrandsError], ...] = (CapabilityError, LoadError, SchemaValidationError, SecretError)


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(name: str, below: str) -> list[list[str]]:
    """Return the cells of the table whose head begins with `below`, its own two lines left out."""
    lines = page(name).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(below))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found


def named(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    return {name: each.default for name, each in inspect.signature(function).parameters.items()}


def test_every_exit_code_is_in_the_readme() -> None:
    told = {int(code) for row in rows("README.md", "| code ") for code in row[0].split(", ")}
    constants = {value for name, value in vars(errors).items() if name.isupper() and isinstance(value, int)}
    assert told == constants


def test_every_error_is_on_its_page_with_its_exit_code() -> None:
    told = {name: int(row[1]) for row in rows("docs/errors.md", "| error ") for name in named(row[0])}
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.StrandsError)]
    wanted = {each.__name__: each.exit_code for each in [*found, *ELSEWHERE]}
    del wanted["StrandsError"], wanted["SessionError"]
    assert told == wanted


def test_every_stop_reason_and_limit_of_an_agent_is_told() -> None:
    text = page("docs/agents.md")
    row = next(line for line in text.splitlines() if line.startswith("| `stop_reason`"))
    assert set(get_args(StopReason)) <= set(named(row))
    assert {f"limit_{name}" for name in Limits.__annotations__} <= set(named(row))
    assert f"`limits` ({', '.join(f'`{name}`' for name in Limits.__annotations__)}" in text


def test_the_defaults_of_an_agent_are_those_that_are_told() -> None:
    text = " ".join(page("docs/agents.md").split())
    retry = parameters(ModelRetryStrategy)
    assert (
        f"`ModelRetryStrategy({', '.join(f'{name}={value}' for name, value in retry.items())})` is the default" in text
    )
    window = parameters(SlidingWindowConversationManager)["window_size"]
    assert f"keeps the last {window} messages" in text
    assert f"more than {DEFAULT_COMPRESSION_THRESHOLD:.0%} of what the model can read" in text
    assert f"{DEFAULT_CONTEXT_WINDOW_LIMIT:,} tokens" in text


def test_the_limits_of_graphs_and_swarms_are_those_that_are_told() -> None:
    swarm = parameters(Swarm)
    for names, of, default, *_ in rows("docs/graphs-and-swarms.md", "| Limit "):
        for name in named(names):
            if of == "graph":
                assert default == "none"
                assert callable(getattr(GraphBuilder, name))
            else:
                assert swarm[name] == float(default.split()[0]), name


def test_the_arguments_of_an_mcp_client_are_those_that_are_told() -> None:
    mcp = pytest.importorskip("strands.tools.mcp", reason="the MCP SDK is not installed")
    known = parameters(mcp.MCPClient)
    for name, meaning in rows("docs/mcp.md", "| argument "):
        default = re.search(r"default (\d+)", meaning)
        assert named(name)[0] in known
        assert default is None or known[named(name)[0]] == int(default[1])


@pytest.mark.parametrize(("head", "kind"), [("| `HITLState`", HITLState), ("| field ", RunResult)])
def test_every_field_is_told(head: str, kind: Any) -> None:
    told = {name for row in rows("docs/python-api.md", head) for name in named(row[0])}
    assert told == {field.name for field in dataclasses.fields(kind)}


def test_every_kind_of_question_is_told() -> None:
    row = next(row for row in rows("docs/python-api.md", "| `HITLState`") if row[0] == "`kind`")
    assert named(row[1]) == list(get_args(QuestionKind))


def test_every_event_is_told() -> None:
    found = re.search(r"The types: `([^`]+)`", page("docs/python-api.md"))
    assert found is not None
    assert set(re.split(r",\s+", found[1])) == set(EVENT_TYPES)


@pytest.mark.parametrize("pattern", known_patterns())
def test_every_pattern_has_its_section_its_example_and_its_context(pattern: str) -> None:
    assert f"**{pattern}**:" in page("docs/spec.md")
    assert [row for row in rows("docs/python-api.md", "| pattern ") if row[0] == pattern]
    specs = (path.read_text(encoding="utf-8") for path in (ROOT / "examples").rglob("*.yaml"))
    assert any(f"type: {pattern}\n" in text for text in specs)


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_is_told_with_what_it_needs(name: str) -> None:
    provider = PROVIDERS[name]
    row = next(row for row in rows("docs/models.md", "| model ") if row[0].lower().startswith(f"`{name}"))
    assert row[1] == (f"`{provider.how_to_install}`" if provider.extra else "included")
    assert provider.key_files or set(provider.keys) <= set(named(row[2]))
    extras = page("pyproject.toml").split("[project.optional-dependencies]")[1]
    assert not provider.extra or f"\n{provider.extra} = [" in extras
    assert name in next(line for line in page("docs/spec.md").splitlines() if "provider: openai " in line)
