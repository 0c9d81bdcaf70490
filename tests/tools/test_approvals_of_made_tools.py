"""An approval of a tool that a spec makes is also of what the spec makes it with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.types import RunResult
from support.http_service import echo
from support.small_server import serving

TESTS = Path(__file__).parents[1]


class Desk:
    """A workflow whose agent makes one call, and is mended while that waits."""

    def __init__(self, call: ToolCall, tools: str = "") -> None:
        self._call = call
        self._tools = tools or call.name
        self._repository = MemorySessionRepository()

    def workflow(self, **parts: Any) -> Workflow:
        def reply(messages: Any) -> Any:
            return "done" if len(messages) > 1 else self._call

        spec = {
            "version": 0,
            "name": "desk",
            "runtime": {"provider": "scripted"},
            "agents": {"clerk": {"prompt": "You write.", "tools": [self._tools], "approvals": [{"tools": ["*"]}]}},
            "pattern": {"type": "chain", "config": {"steps": [{"agent": "clerk", "input": "go"}]}},
            **parts,
        }
        return Workflow.from_dict(spec, model=ScriptedModel(reply), repository=self._repository)

    def approved(self, result: RunResult, **parts: Any) -> RunResult:
        """Return what comes of saying yes, once the spec has these parts."""
        return self.workflow(**parts).resume(str(result.session_id), "approve")


def test_a_file_is_written_where_it_was_approved(tmp_path: Path) -> None:
    mounts = [{"env": {"mounts": {"data": str(tmp_path / name)}}} for name in ("draft", "real")]
    for name in ("draft", "real"):
        (tmp_path / name).mkdir()
    desk = Desk(ToolCall("file_write", {"path": "data/a.txt", "content": "x"}))
    asked = desk.workflow(**mounts[0]).run()
    again = desk.approved(asked, **mounts[1])
    assert again.status == "paused"
    assert not list(tmp_path.rglob("a.txt"))
    assert desk.approved(again, **mounts[1]).success
    assert [each.parent.name for each in tmp_path.rglob("a.txt")] == ["real"]


def test_a_request_goes_out_with_the_headers_that_it_was_approved_with() -> None:
    with serving(echo) as service:

        def bank(account: str) -> dict[str, Any]:
            made = {"id": "bank", "base_url": service.url, "headers": {"X-Account": account}}
            return {"tools": {"http_executors": [made]}}

        desk = Desk(ToolCall("bank", {"method": "POST", "path": "/pay"}))
        again = desk.approved(desk.workflow(**bank("test")).run(), **bank("real"))
        assert again.status == "paused"
        assert service.requests == []
        assert desk.approved(again, **bank("real")).success
        assert len(service.requests) == 1


def test_a_server_works_with_the_variables_that_a_call_was_approved_with() -> None:
    def server(account: str) -> dict[str, Any]:
        command = {"command": sys.executable, "args": ["-m", "support.mcp_server"], "cwd": str(TESTS)}
        return {"tools": {"mcp": [{"id": "desk", **command, "env": {"ACCOUNT": account}}]}}

    desk = Desk(ToolCall("add", {"a": 1, "b": 2}), "desk")
    again = desk.approved(desk.workflow(**server("test")).run(), **server("real"))
    assert again.status == "paused", again.error_message
    assert desk.approved(again, **server("real")).success


@pytest.mark.parametrize("kept", [{"env": {"mounts": {"data": "."}}}, {}])
def test_a_tool_that_is_made_with_the_same_runs(kept: dict[str, Any], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    desk = Desk(ToolCall("file_write", {"path": "a.txt", "content": "x"}))
    assert desk.approved(desk.workflow(**kept).run(), **kept).success
    assert (tmp_path / "a.txt").read_text() == "x"
