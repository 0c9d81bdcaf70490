from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.confined_coverage import confined_processes_measured


@pytest.fixture(scope="session", autouse=True)
def confined_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """`make coverage` counts what runs in the processes of python_exec."""
    with confined_processes_measured(tmp_path_factory.mktemp("coverage")):
        yield


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test works in a directory of its own, with its sessions beside it."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    return work
