"""A store of each kind, with a home of its own for the key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import places


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("STRANDS_AUDIT_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture(params=places.KEPT)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from places.new_place(request.param, tmp_path)
