"""Each method that waits for something has a twin for coroutines, which takes the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from strands import Agent, SessionManager, Workflow
from strands.multiagent import Graph, Swarm
from strands_cli.api.live import LiveSession
from strands_cli.api.session import Session

WAITS = ("run_sync(", "run_resumable(", "run_alone(", "_sync.run(", "= run(")
CLASSES = (Workflow, SessionManager, Session, LiveSession)
OF_STRANDS_CLI = {"LiveSession.resume", "LiveSession.get_error", "LiveSession.get_hitl_state"}
"""Names of strands-cli 0.3, which has no twins of them."""


def waiting() -> Iterator[tuple[type, str, Callable[..., Any]]]:
    for owner in CLASSES:
        for name, method in inspect.getmembers(owner, inspect.isfunction):
            if name.startswith("_") or inspect.iscoroutinefunction(method) or name.endswith("_async"):
                continue
            if any(word in inspect.getsource(method) for word in WAITS):
                yield owner, name, method


LISTED = {f"{owner.__name__}.{name}": method for owner, name, method in waiting()}


def test_those_that_wait_are_found() -> None:
    some = {"LiveSession.poll", "Session.answer", "SessionManager.memories", "Workflow.run", "Workflow.submit"}
    assert some <= LISTED.keys() and len(LISTED) > 20


@pytest.mark.parametrize("name", [*LISTED, "LiveSession.wait"])
def test_each_has_a_twin_that_takes_the_same(name: str) -> None:
    owner = next(each for each in CLASSES if each.__name__ == name.partition(".")[0])
    method, twin = getattr(owner, name.partition(".")[2]), getattr(owner, f"{name.partition('.')[2]}_async", None)
    assert twin is not None and inspect.iscoroutinefunction(twin), f"{name} has no twin"
    own = inspect.signature(method).parameters
    more = {each.kind for each in own.values()} & {inspect.Parameter.VAR_KEYWORD}
    named = {each for each, parameter in own.items() if parameter.kind not in more}
    assert named <= set(inspect.signature(twin).parameters)


def test_those_of_agents_have_twins_as_the_sdk_calls_them() -> None:
    assert all(inspect.iscoroutinefunction(each.invoke_async) for each in (Agent, Graph, Swarm))
