"""A user's directory: the guide's workflow, and OpenAI's protocol on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.guide import QUICK_START
from support.stub_openai import StubOpenAI


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubOpenAI]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    (tmp_path / "my_workflow.yaml").write_text(QUICK_START, encoding="utf-8")
    with StubOpenAI(lambda request: f"answer to: {request.prompt}") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        yield server
