"""What a notebook shows of workflows, results, questions and sessions: everything escaped, nothing cut."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from strands_cli import Workflow
from strands_cli.api.session_manager import SessionManager
from strands_cli.types import OpenQuestion, RunResult

EVIL = "<script>alert('x')</script> & \"more\""
SPEC = {
    "version": 0,
    "name": "shown",
    "runtime": {"provider": "scripted"},
    "agents": {"writer": {"prompt": "You write."}},
    "pattern": {
        "type": "chain",
        "config": {"steps": [{"agent": "writer", "input": EVIL}, {"type": "hitl", "prompt": EVIL}]},
    },
}


def cells(html: str) -> dict[str, str]:
    rows = ElementTree.fromstring(html).iter("tr")
    return {str(row[0].text): str(row[1].text) for row in rows}


def test_a_workflow_draws_itself() -> None:
    workflow = Workflow.from_dict(SPEC)
    shown = workflow._repr_mimebundle_(include=None, exclude=None)
    assert shown["image/svg+xml"] == workflow.draw("svg") and "<script>" not in shown["image/svg+xml"]
    assert shown["text/plain"] == repr(workflow) == "<Workflow shown: chain>"


def test_a_result_its_questions_and_its_session_are_tables(tmp_path: Path) -> None:
    workflow = Workflow.from_dict(SPEC, store=str(tmp_path), offline=True)
    result = workflow.run()
    shown = cells(result._repr_html_())
    assert shown["status"] == "paused" and shown["q1 asks"] == EVIL and shown["session"] == result.session_id
    assert "error" not in shown, "what is empty is left out"
    question = cells(result.questions[0]._repr_html_())
    assert question["question"] == EVIL and question["id"] == "q1 (steps/1)"
    found = SessionManager(store=str(tmp_path)).get_session(result.session_id)
    assert repr(found) == f"<Session {result.session_id} of shown: paused>"
    session = cells(found._repr_html_())
    assert (session["workflow"], session["status"], session["q1 asks"]) == ("shown", "paused", EVIL)
    assert session["steps"] == "steps/0\nsteps/1"


def test_what_is_shown_is_whole() -> None:
    long = "word " * 5000 + "END"
    assert cells(RunResult("a", 0, long, 1.0, True, artifacts_written=["/a", "/b"])._repr_html_())["response"] == long
    question = OpenQuestion("steps/1", long, choices=("yes", "no"), context=EVIL)
    assert cells(question._repr_html_()) == {
        "question": long,
        "context": EVIL,
        "answers": "yes, no",
        "id": "steps/1",
    }
