"""The files that a spec needs go with the session: a machine that lacks them has them when it resumes."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands.journal.transfer import copy_all
from strands.models.scripted import ScriptedModel
from strands_cli.errors import InputError, SessionError
from strands_cli.resources.spec_files import MOST_BYTES, at_hand
from strands_cli.session.repository import store_at
from support.places import DATABASES, new_place

SPEC = """
version: 0
name: carried
runtime: {provider: scripted}
env: {secrets: [{name: TOKEN, source: file, path: skills/house/token}]}
skills:
  - {id: house, path: skills/house}
  - {id: shared, path: ../shared/SKILL.md}
tools: {python: ["pricing:price", "shop.stock:left"]}
agents: {a: {prompt: "Sell.", tools: [price, left, load_skill]}}
pattern:
  type: chain
  config: {steps: [{type: hitl, prompt: "Go on?"}, {agent: a, input: "Sell."}]}
outputs: {artifacts: [{path: out/reply.txt, from: "{{ last_response }}"}]}
"""
FILES = {
    "flow/flow.yaml": SPEC,
    "flow/skills/house/SKILL.md": "---\nname: house\ndescription: Rules of the house.\n---\nSay please.",
    "flow/skills/house/more/prices.md": "All prices are in euros.",
    "flow/skills/house/.git/config": "hidden",
    "flow/skills/house/token": "canary-token",
    "shared/SKILL.md": "Shared instructions.",
    "flow/pricing.py": (
        "import rates\n\ndef price(item: str) -> str:\n    '''Its price.'''\n    return f'{rates.RATE} euros'\n"
    ),
    "flow/rates.py": "RATE = 7\n",
    "flow/unrelated.py": "SECRET = 'canary'\n",
    "flow/shop/__init__.py": "",
    "flow/shop/stock.py": "def left(item: str) -> str:\n    '''How many are left.'''\n    return '3 left'\n",
}
RESUMES = """
import asyncio, json, sys
from strands import SessionManager, Workflow
from strands.models.scripted import ScriptedModel, ToolCall
calls = [
    ToolCall("price", {"item": "tea"}),
    ToolCall("left", {"item": "tea"}),
    ToolCall("load_skill", {"skill": "house"}),
    ToolCall("load_skill", {"skill": "house", "file": "more/prices.md"}),
    ToolCall("load_skill", {"skill": "shared"}),
]
place, session_id = sys.argv[1:]
session = SessionManager(store=place).get_session(session_id)
result = Workflow(session.spec(), store=place, model=ScriptedModel([*calls, "sold"])).resume(session_id, "yes")
entries = asyncio.run(SessionManager(store=place).get_session(session_id).entries_async())
print(json.dumps([result.status, str(result.artifacts_written), json.dumps([entry.data for entry in entries])]))
"""


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from new_place(request.param, tmp_path)


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "here" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "here" / "flow" / "flow.yaml"


def begun(flow: Path, place: str) -> str:
    calls: Any = ScriptedModel(["unused"])
    paused = Workflow.from_file(flow, store=place, model=calls).run()
    assert paused.status == "paused"
    return paused.session_id


def elsewhere(place: str, session_id: str, machine: Path) -> list[str]:
    """Resume in another process, in a directory and a home of its own."""
    machine.mkdir(exist_ok=True)
    environment = {**os.environ, "STRANDS_HOME": str(machine / "home")}
    command = [sys.executable, "-c", RESUMES, place, session_id]
    done = subprocess.run(command, cwd=machine, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def origin(place: str, session_id: str) -> Any:
    (opened, *_) = asyncio.run(SessionManager(store=place).get_session(session_id).entries_async())
    return opened.data


def test_a_session_goes_on_where_its_directory_is_not(
    url: str, flow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(flow.parent)
    session_id = begun(flow, url)
    assert sorted(origin(url, session_id)["files"]) == [
        "modules/pricing.py",
        "modules/rates.py",
        "modules/shop/__init__.py",
        "modules/shop/stock.py",
        "skills/house/SKILL.md",
        "skills/house/more/prices.md",
        "skills/shared/SKILL.md",
    ]
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(tmp_path / "here")
    status, artifacts, told = elsewhere(url, session_id, tmp_path / "there")
    assert status == "completed"
    for text in ("7 euros", "3 left", "Say please.", "All prices are in euros.", "Shared instructions."):
        assert text in told
    assert str(tmp_path / "there" / "out" / "reply.txt") in artifacts and not (tmp_path / "here").exists()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_files_of_a_workflow_that_a_step_runs_go_along(
    url: str, flow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = {"version": 0, "name": "main", "runtime": {"provider": "scripted"}}
    pattern = {"type": "chain", "config": {"steps": [{"workflow": "flow/flow.yaml"}]}}
    file = flow.parent.parent / "main.json"
    file.write_text(json.dumps({**main, "pattern": pattern}))
    monkeypatch.chdir(file.parent)
    session_id = begun(file, url)
    assert "workflows/0/modules/pricing.py" in origin(url, session_id)["files"]
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(tmp_path / "here")
    status, _, told = elsewhere(url, session_id, tmp_path / "there")
    assert status == "completed"
    assert all(text in told for text in ("7 euros", "3 left", "Say please.", "Shared instructions."))


def test_a_copy_takes_the_files_along(url: str, flow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(flow.parent)
    session_id, files = begun(flow, url), str(tmp_path / "files")
    other = f"sqlite:///{tmp_path}/other.db"
    for source, target in ((url, files), (files, other)):

        async def copy(source: str = source, target: str = target) -> list[str]:
            return [told.problem async for told in copy_all(store_at(source), store_at(target))]

        assert asyncio.run(copy()) == [""]
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(tmp_path / "here")
    assert elsewhere(files, session_id, tmp_path / "one")[0] == "completed"
    assert elsewhere(other, session_id, tmp_path / "two")[0] == "completed"


def test_where_the_files_are_they_are_used_as_they_are_and_files_on_one_machine_keep_none(
    url: str, flow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(flow.parent)
    assert "files" not in origin(str(tmp_path / "files"), begun(flow, str(tmp_path / "files")))
    session_id = begun(flow, url)
    (flow.parent / "rates.py").write_text("RATE = 9\n")
    assert "9 euros" in elsewhere(url, session_id, tmp_path / "there")[2]
    assert not (tmp_path / "there" / "home" / "unpacked").exists()


def test_what_was_unpacked_is_private_and_checked(url: str, flow: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(flow.parent)
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    session_id = begun(flow, url)
    session = SessionManager(store=url).get_session(session_id)
    files, spec = origin(url, session_id)["files"], session.spec()
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(tmp_path / "here")

    def unpacked(names: dict[str, str]) -> Path:
        found = asyncio.run(at_hand(store_at(url), spec, names)).unpacked
        assert found is not None
        return found

    directory = unpacked(files)
    assert unpacked(files) == directory
    assert {path.stat().st_mode & 0o077 for path in (directory, *directory.rglob("*"))} == {0}
    (directory / "modules" / "rates.py").write_text("RATE = 0\n")
    with pytest.raises(SessionError, match=r"rates.py' is not what the session keeps"):
        unpacked(files)
    digest = files["modules/rates.py"]
    for name in ("../rates.py", "/etc/rates.py", "modules/../../rates.py", "modules\\rates.py", "C:/rates.py", ""):
        with pytest.raises(SessionError, match="leads elsewhere"):
            unpacked({name: digest})
    assert not [*tmp_path.rglob("rates.py")][1:]


def test_too_much_to_carry_is_refused_by_its_size(url: str, flow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(flow.parent)
    with (flow.parent / "skills" / "house" / "video.bin").open("wb") as large:
        large.truncate(MOST_BYTES + 1)
    with pytest.raises(InputError, match=rf"a session keeps at most .* of {MOST_BYTES:,} bytes"):
        begun(flow, url)
    assert SessionManager(store=url).list_sessions() == []


def test_what_no_session_needs_any_more_is_removed(url: str, flow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(flow.parent)
    session_id = begun(flow, url)
    database = store_at(url).database  # type: ignore[attr-defined]
    count = "select count(*) from strands_blobs"
    assert database.read(lambda each: each.execute(count))[0][0] >= 7
    database.write(lambda each: each.execute("update strands_blobs set kept_until = 0"))  # an hour passes
    SessionManager(store=url).get_session(session_id).delete()
    assert database.read(lambda each: each.execute(count))[0][0] == 0
