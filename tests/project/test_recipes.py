"""The recipes that take packages which not every environment has do what their page says."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from strands import SessionManager
from support.page import blocks
from support.stub_openai import StubOpenAI

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with the files of the page, and a provider to run them with."""
    for block in blocks(PAGE.read_text(encoding="utf-8")):
        if block.title:
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with StubOpenAI(lambda request: f"Reply to: {request.prompt}") as stub:
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url)
        yield tmp_path
    sys.modules.pop("tasks", None)


def until(session_id: str, status: str) -> None:
    late = time.monotonic() + 60
    while SessionManager().get_session(session_id).status != status:
        assert time.monotonic() < late, "it did not come to that"
        time.sleep(0.02)


def test_celery_drives_a_run_and_takes_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("celery", reason="celery is not installed")
    monkeypatch.setenv("CELERY_BROKER", "memory://")
    tasks = import_module("tasks")
    tasks.app.conf.update(task_always_eager=True, task_eager_propagates=True)
    session_id = tasks.begin("bees")
    session = SessionManager().get_session(session_id)
    assert session.status == "paused"
    assert tasks.drive.delay(session_id).get() == "paused", "a task that is delivered twice changes nothing"
    assert tasks.drive.delay(session_id, {session.questions[0].id: "publish"}).get() == "completed"


@pytest.mark.filterwarnings("default")
def test_streamlit_shows_asks_and_comes_back(files: Path) -> None:
    testing = pytest.importorskip("streamlit.testing.v1", reason="streamlit is not installed")
    page = testing.AppTest.from_file(str(files / "page.py"), default_timeout=60).run()
    page.text_input[0].input("cars").run()
    page.button[0].click().run()
    assert "'topic' cannot be 'cars'" in page.error[0].value
    page.text_input[0].input("bees").run()
    page.button[0].click().run()
    assert not page.exception
    told = page.query_params["id"]
    session_id = told if isinstance(told, str) else told[0]
    until(session_id, "paused")
    later = testing.AppTest.from_file(str(files / "page.py"), default_timeout=60)
    later.query_params["id"] = session_id
    later.run()
    assert later.subheader[0].value == "Publish it?" and later.radio[0].value is None
    later.radio[0].set_value("publish")
    later.button[0].click().run()
    until(session_id, "completed")
    assert "The decision: publish" in later.run().markdown[0].value
