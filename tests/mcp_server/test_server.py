"""What a server is made of: its tools, its key, and what it says where it cannot be made."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp.server.request_state", reason="servers need release 2 of the MCP SDK")

from strands import SessionManager, Workflow
from strands_cli.callers.inputs import schema_of
from strands_cli.callers.service import Service
from strands_cli.errors import AppError, StorageError
from strands_cli.mcp_server.elicitation import has_form
from strands_cli.mcp_server.key import sealing_key
from strands_cli.mcp_server.server import create_server
from strands_cli.mcp_server.tools import names_of
from strands_cli.types import OpenQuestion
from support.mcp_clients import environment
from support.specs import PAUSING, solo


def named(name: str, **more: Any) -> Workflow:
    return Workflow.from_dict({**solo(**more), "name": name})


def test_the_schema_of_a_tool_is_that_of_the_variables(tmp_path: Path) -> None:
    inputs = {
        "required": {"n": "integer", "kind": {"type": "string", "enum": ["a", "b"]}},
        "optional": {"words": {"type": "integer", "default": 200, "description": "How many."}},
        "values": {"kind": "b"},
    }
    workflow = Workflow.from_dict(solo(inputs=inputs, agent={"prompt": "About {{ topic }}."}), variables={"n": 3})
    assert schema_of(workflow) == {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "default": 3},
            "kind": {"type": "string", "enum": ["a", "b"], "default": "b"},
            "words": {"type": "integer", "default": 200, "description": "How many."},
            "topic": {"type": "string"},
        },
        "additionalProperties": False,
        "required": ["topic"],
    }


def test_two_workflows_cannot_be_one_tool_nor_one_of_the_servers_own() -> None:
    assert list(names_of({"a b": named("a b"), "c": named("c")})) == ["a_b", "c"]
    for names in (["a b", "a_b"], ["list_questions"]):
        with pytest.raises(AppError, match="would be a second tool"):
            create_server({name: named(name) for name in names}, key=os.urandom(32))


def test_the_key_is_made_once_and_must_be_this_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    key, file = sealing_key(), tmp_path / "home" / "mcp.key"
    assert (len(key), sealing_key(), file.stat().st_mode & 0o777) == (32, key, 0o600)
    assert [path.name for path in file.parent.iterdir()] == ["mcp.key"]
    file.chmod(0o666)
    with pytest.raises(StorageError, match=r"mcp\.key"):
        sealing_key()
    file.chmod(0o600)
    file.write_text("not a key")
    with pytest.raises(StorageError, match="holds no key"):
        sealing_key()


def test_what_no_form_of_the_protocol_can_hold_is_left_to_a_page() -> None:
    nested = {"type": "object", "properties": {"lines": {"type": "array", "items": {"type": "object"}}}}
    assert not has_form(OpenQuestion("q", "Which?", schema=nested))
    assert has_form(OpenQuestion("q", "Which?", schema={"type": "array", "items": {"type": "string"}}))


def test_without_the_sdk_the_command_says_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['mcp'] = None; from strands_cli.cli.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "mcp", "support.mcp_workflows:refund"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, "pip install 'strands-cli[mcp]'" in done.stderr) == (2, True)


def test_questions_are_listed_of_no_more_sessions_than_are_shown(tmp_path: Path) -> None:
    async def check() -> None:
        workflow = Workflow.from_dict(PAUSING, store=f"sqlite:///{tmp_path}/runs.db")
        ids = [(await workflow.run_async()).session_id for _ in range(3)]
        found, more = await Service({workflow.name: workflow}).waiting(2)
        assert ([each.session for each in found], more) == (ids[:0:-1], 1)
        session = await SessionManager(store=f"sqlite:///{tmp_path}/runs.db").get_session_async(ids[0])
        await session.answer_async("steps/1", "yes")
        found, more = await Service({workflow.name: workflow}).waiting(9)
        assert ([each.session for each in found], more) == (ids[:0:-1], 0)

    asyncio.run(check())
