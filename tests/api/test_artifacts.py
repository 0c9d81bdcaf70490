"""Artifacts: whole, on disk before the run is closed, known again after a crash, never in each other's way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strands.models.scripted import ScriptedModel
from strands_cli.api import SessionManager, Workflow
from strands_cli.errors import ArtifactError, ExecutionError
from strands_cli.loader import load_dict
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.types import RunResult
from support.cast import Cast, spec


def artifacts(*pairs: tuple[str, str], **more: Any) -> dict[str, Any]:
    steps = [{"agent": "a", "input": "x"}]
    listed = [{"path": path, "from": body} for path, body in pairs]
    return spec("chain", {"steps": steps}, outputs={"artifacts": listed}, **more)


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        (["a.md", "./a.md"], "in the way"),
        (["a.md", "b/../a.md"], "not a path below"),
        (["out", "out/a.md"], "in the way"),
        (["{{ topic }}.md", "{{ topic }}.md"], "in the way"),
        (["/tmp/a.md"], "not a path below"),
        (["../a.md"], "not a path below"),
        (["C:\\a.md"], "not a path below"),
        (["."], "not a path below"),
    ],
)
def test_paths_that_cannot_be_written_are_refused_at_load(paths: list[str], problem: str) -> None:
    with pytest.raises(SchemaValidationError, match=problem) as caught:
        load_dict(artifacts(*((path, "x") for path in paths)))
    assert caught.value.json_pointer == f"/outputs/artifacts/{len(paths) - 1}/path"


@pytest.mark.parametrize(("one", "other"), [("x", "x"), ("x", "./x"), ("d", "d/x")])
def test_paths_that_become_one_are_refused_before_the_first_call(one: str, other: str, tmp_path: Path) -> None:
    data = artifacts(("{{ one }}", "1"), (other, "2"))
    cast = Cast(data, {"a": "text"}, output_dir=tmp_path)
    with pytest.raises(ArtifactError, match="in each other's way"):
        cast.run(one=one)
    assert not cast.told and not list(tmp_path.iterdir())


def test_paths_that_become_one_at_the_end_write_nothing(tmp_path: Path) -> None:
    cast = Cast(artifacts(("{{ last_response }}", "1"), ("x", "2")), {"a": "x"}, output_dir=tmp_path)
    with pytest.raises(ArtifactError, match="in each other's way"):
        cast.run()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("{{ topic }}.md", "a-b-c.md"),
        ("{{ topic | upper }}.md", "A-B-C.md"),
        ("x/{% if topic %}{{ topic }}{% endif %}.md", "x/a-b-c.md"),
        ("{{ topic | replace('/', '_') }}.md", "a_b-c.md"),
    ],
)
def test_a_separator_in_a_variable_makes_no_directory(path: str, name: str, tmp_path: Path) -> None:
    result = Cast(artifacts((path, "x")), {"a": "text"}, output_dir=tmp_path).run(topic="a/b\\c")
    assert [str(Path(each).relative_to(tmp_path)) for each in result.artifacts_written] == [name]


def two(second: str = "two") -> dict[str, Any]:
    return artifacts(("one.md", "{{ last_response }} one " + second), ("d/two.md", second))


def failed_between(tmp_path: Path) -> tuple[Cast, str]:
    """Return a session that wrote its first artifact and could not write its second."""
    (tmp_path / "d").write_text("in the way of a directory")
    cast = Cast(two(), {"a": "text"}, output_dir=tmp_path)
    with pytest.raises(ExecutionError, match="could not be written") as caught:
        cast.run()
    assert (tmp_path / "one.md").read_text() == "text one two"
    (tmp_path / "d").unlink()
    assert caught.value.session_id
    return cast, caught.value.session_id


def again(cast: Cast, data: dict[str, Any], session_id: str, tmp_path: Path) -> RunResult:
    workflow = Workflow.from_dict(data, model=ScriptedModel([]), repository=cast.repository, output_dir=tmp_path)
    return asyncio.run(workflow.resume_async(session_id))


def test_a_session_goes_on_between_two_artifacts(tmp_path: Path) -> None:
    cast, session_id = failed_between(tmp_path)
    result = again(cast, two(), session_id, tmp_path)
    assert result.success and len(result.artifacts_written) == 2
    assert (tmp_path / "d" / "two.md").read_text() == "two"
    assert cast.told == [("a", "x")]


def test_a_session_replaces_what_it_wrote_itself(tmp_path: Path) -> None:
    cast, session_id = failed_between(tmp_path)
    assert again(cast, two("three"), session_id, tmp_path).success
    assert (tmp_path / "one.md").read_text() == "text one three"


def test_a_session_does_not_replace_what_somebody_else_wrote(tmp_path: Path) -> None:
    cast, session_id = failed_between(tmp_path)
    (tmp_path / "one.md").write_text("mine")
    with pytest.raises(ExecutionError, match=r"'one\.md' exists"):
        again(cast, two(), session_id, tmp_path)
    assert (tmp_path / "one.md").read_text() == "mine" and not (tmp_path / "d").exists()


def test_a_fork_does_not_replace_what_its_origin_wrote(tmp_path: Path) -> None:
    cast = Cast(artifacts(("one.md", "{{ last_response }}")), {"a": ["text", "other"]}, output_dir=tmp_path)
    done = cast.run()
    assert done.session_id

    async def resumed() -> RunResult:
        manager = SessionManager(repository=cast.repository)
        session = await manager.get_session_async(str(done.session_id))
        fork = await session.fork_async("steps/0")
        return await cast.workflow.resume_async(fork.id)

    with pytest.raises(ExecutionError, match=r"'one\.md' exists"):
        asyncio.run(resumed())
    assert (tmp_path / "one.md").read_text() == "text"


KILLED = """
import resource, signal, sys
from strands_cli.api import SessionManager, Workflow
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
Workflow.from_file(sys.argv[1], output_dir="out").run()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="no such limit on this platform")
@pytest.mark.parametrize("killed_at", range(3))
def test_a_process_killed_while_it_writes_an_artifact_leaves_a_session_that_ends(
    killed_at: int, tmp_path: Path
) -> None:
    bodies = ["{{ 'x' * 200000 }}" if number == killed_at else "{{ last_response }}" for number in range(3)]
    data = artifacts(*((f"{number}/a.md", body) for number, body in enumerate(bodies)))
    (tmp_path / "spec.json").write_text(json.dumps(data))
    env = {**os.environ, "STRANDS_HOME": str(tmp_path / "home")}

    def python(code: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, "spec.json"]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    assert python(KILLED).returncode == -signal.SIGXFSZ
    written = [number for number in range(3) if (tmp_path / "out" / str(number) / "a.md").exists()]
    assert written == list(range(killed_at))
    resumed = python("from strands_cli.api import SessionManager\nSessionManager().list_active_sessions()[0].resume()")
    assert resumed.returncode == 0, resumed.stderr
    assert len((tmp_path / "out" / str(killed_at) / "a.md").read_text()) == 200_000
    assert all((tmp_path / "out" / str(number) / "a.md").exists() for number in range(3))
