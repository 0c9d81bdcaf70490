"""The pytest plugin, in a pytest of its own: its fixtures, and that it costs nobody anything who does not use it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PLUGIN = "strands_cli.pytest_plugin"


def pytest_in(directory: Path, text: str) -> str:
    """Run a test file with the plugin; return what pytest says."""
    (directory / "test_it.py").write_text(text)
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN, "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, env=env)
    return done.stdout + done.stderr


def test_pytest_finds_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"strands": PLUGIN}


def test_its_fixtures_rehearse_in_private_and_without_a_network(report: Path) -> None:
    told = pytest_in(
        report.parent,
        """
import os, socket
from pathlib import Path
import pytest

def test_a_rehearsal(rehearse):
    run = rehearse("report.yaml", answers=["approved"], topic="tea")
    assert run.status == "completed"

def test_sessions_of_programs_are_private(strands_home):
    from strands import SessionManager, Workflow
    paused = Workflow.from_file("report.yaml", offline=True, topic="tea").run()
    assert [each.id for each in SessionManager().list_sessions()] == [paused.session_id]
    assert list(strands_home.glob("workflows/session_*"))

@pytest.mark.parametrize("host", ["192.0.2.1", "localhost.example.org", "127.example.org"])
def test_other_machines_are_not_reached(no_network, host):
    for connect in (socket.create_connection, socket.socket().connect):
        with pytest.raises(PermissionError, match=f"no network.*{host}"):
            connect((host, 80))

def test_this_machine_is(no_network):
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
""",
    )
    assert "6 passed" in told


def test_a_test_suite_without_workflows_imports_nothing_of_the_product(tmp_path: Path) -> None:
    told = pytest_in(
        tmp_path,
        """
import sys

def test_nothing_is_there():
    ours = {name for name in sys.modules if name.partition(".")[0] in ("strands", "strands_cli")}
    assert ours == {"strands_cli", "strands_cli.pytest_plugin"}
""",
    )
    assert "1 passed" in told


@pytest.mark.parametrize("name", ["rehearse", "strands_home"])
def test_a_fixture_of_the_users_own_wins(tmp_path: Path, name: str) -> None:
    fixture = f"import pytest\n@pytest.fixture\ndef {name}():\n    return 7\n"
    assert "1 passed" in pytest_in(tmp_path, f"{fixture}\ndef test_mine({name}):\n    assert {name} == 7\n")


def test_it_works_where_pytest_rewrites_the_assertions_of_the_package(report: Path) -> None:
    """As it does with every package that offers a plugin, once that is installed."""
    (report.parent / "conftest.py").write_text(
        'import pytest\npytest.register_assert_rewrite("strands", "strands_cli")\n'
    )
    told = pytest_in(
        report.parent,
        """
def test_a_rehearsal(rehearse):
    import strands_cli.loader
    assert not hasattr(strands_cli.loader.__spec__.loader, "get_source")
    assert rehearse("report.yaml", answers=["approved"], topic="tea").status == "completed"
""",
    )
    assert "1 passed" in told, told
