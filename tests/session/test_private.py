"""What is kept is this user's alone: made so whatever the umask, and refused where another may write to it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from strands import Agent
from strands._home import home
from strands.models.scripted import ScriptedModel
from strands.session import FileSessionManager
from strands.types.exceptions import SessionException
from support.console import environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")

ABOVE = ["session_s", "session_s/agents", "session_s/agents/agent_default", "session_s/agents/agent_default/messages"]
READ = [
    "session_s/session.json",
    "session_s/agents/agent_default/agent.json",
    "session_s/agents/agent_default/journal.jsonl",
]
NOBODY = 65534
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")


def agent_in(storage: Path | None) -> Agent:
    manager = FileSessionManager("s", storage)
    return Agent(model=ScriptedModel(["reply"]), session_manager=manager, callback_handler=None)


@pytest.mark.parametrize("mode", [0o020, 0o002])
@pytest.mark.parametrize("name", ABOVE + READ)
def test_what_others_may_write_to_is_refused_untouched(tmp_path: Path, name: str, mode: int) -> None:
    agent_in(tmp_path)("hello")
    path = tmp_path / name
    path.chmod(stat.S_IMODE(path.stat().st_mode) | mode)
    before = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    with pytest.raises(SessionException, match=f"'{path}' has mode 0.*chmod -R go-w") as caught:
        agent_in(tmp_path)
    assert {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()} == before
    subprocess.run(str(caught.value).rsplit("run: ", 1)[1], shell=True, check=True)
    assert len(agent_in(tmp_path).messages) == 2


@as_root
@pytest.mark.parametrize("name", ABOVE + READ)
def test_what_belongs_to_another_user_is_refused(tmp_path: Path, name: str) -> None:
    agent_in(tmp_path)("hello")
    os.chown(tmp_path / name, NOBODY, NOBODY)
    with pytest.raises(SessionException, match=f"'{tmp_path / name}' belongs to user .*, and this process is user "):
        agent_in(tmp_path)


def test_a_directory_that_everybody_may_write_to_needs_its_sticky_bit(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(
        SessionException, match=r"has mode 0777: everybody may replace .* Choose a directory of your own"
    ):
        agent_in(tmp_path)
    agent_in(tmp_path / "sessions")("hello")
    tmp_path.chmod(0o1777)
    agent_in(tmp_path)("hello")
    assert len(agent_in(tmp_path).messages) == 2


@pytest.mark.parametrize("opened", ["", "sessions"])
def test_the_default_place_is_private_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: str) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path))
    agent_in(None)("hello")
    (tmp_path / opened).chmod(0o770)
    with pytest.raises(SessionException, match="has mode 0770"):
        agent_in(None)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_every_new_directory_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    program = f"""
import asyncio, os, sys
os.umask({umask})
from strands import Agent
from strands.models.scripted import ScriptedModel
from strands.session import FileSessionManager, SnapshotSessionManager
from strands.storage import LocalFileStorage
from strands import Workflow
for manager in (FileSessionManager("s"), SnapshotSessionManager("s", storage=LocalFileStorage("~/.strands/a/b"))):
    Agent(model=ScriptedModel(["reply"]), session_manager=manager, callback_handler=None)("hello")
agents = {{"a": {{"prompt": "x"}}}}
pattern = {{"type": "chain", "config": {{"steps": [{{"agent": "a", "input": "hi"}}]}}}}
spec = {{"version": 0, "name": "w", "runtime": {{"provider": "scripted"}}, "agents": agents, "pattern": pattern}}
Workflow.from_dict(spec, model=ScriptedModel(["reply"])).run()
"""
    env = {**environment(tmp_path, {}), "HOME": str(tmp_path)}
    env.pop("STRANDS_HOME", None)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=env, check=True)
    made = [tmp_path / ".strands", *(tmp_path / ".strands").rglob("*")]
    assert {"sessions", "workflows", "b"} <= {path.name for path in made}
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_tilde_means_the_same_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from strands_cli.session.repository import FileSessionRepository

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STRANDS_HOME", "~/data")
    monkeypatch.chdir(tmp_path)
    assert home() == tmp_path / "data"
    assert FileSessionManager("s").storage_dir == str(tmp_path / "data" / "sessions")
    assert FileSessionRepository().root == tmp_path / "data" / "workflows"
    assert FileSessionManager("s", "~/mine").storage_dir == str(tmp_path / "mine")
    assert FileSessionRepository("~/mine").root == tmp_path / "mine"
    assert not Path("~").exists()


def test_an_unknown_home_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from strands_cli.errors import StorageError
    from strands_cli.session.repository import FileSessionRepository

    monkeypatch.setenv("STRANDS_HOME", "~nobody-of-that-name/x")
    with pytest.raises(SessionException, match="no home directory for '~nobody-of-that-name/x'"):
        FileSessionManager("s")
    with pytest.raises(StorageError, match="no home directory for '~nobody-of-that-name/x'"):
        FileSessionRepository()
