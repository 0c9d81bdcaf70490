"""`strands run --answers FILE` and `--replies FILE`: questions are answered, and agents reply, from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from strands_cli.testing.answers import AnswerSheet
from support.console import Console

REHEARSED = ("run", "report.yaml", "--offline", "--var", "topic=tea")


@pytest.fixture
def console(report: Path) -> Console:
    return Console(report.parent)


def test_a_run_is_answered_and_replied_from_files(console: Console) -> None:
    console.write("answers.yaml", "- approved\n- never asked\n")
    console.write("replies.json", '{"researcher": "Tea is old.", "writer": ["# Tea"]}')
    done = console.run(*REHEARSED, "--answers", "answers.yaml", "--replies", "replies.json")
    assert done.stdout == "# Tea\n"
    assert "answered  approved  by answers" in done.stderr
    assert "Nobody asked for 'never asked' of answers.yaml." in done.stderr
    assert console.directory.joinpath("report-tea.md").read_text() == "# Tea"


def test_what_a_file_has_no_answer_to_is_paused_at(console: Console) -> None:
    console.write("answers.yaml", "q2: approved\n")
    assert "--answer 'q1=" in console.run(*REHEARSED, "--answers", "answers.yaml", code=19).stderr


def test_an_answer_that_does_not_fit_is_refused(console: Console) -> None:
    console.write("answers.yaml", "- perhaps\n")
    told = console.run(*REHEARSED, "--answers", "answers.yaml", code=17).stderr
    assert "'perhaps' is not one of the choices of 'steps/1'" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--answers", "none.yaml"], "no such file: 'none.yaml'"),
        (["--answers", "text.yaml"], "'text.yaml' holds no answers"),
        (["--replies", "text.yaml"], "'text.yaml' holds no replies"),
        (["--replies", "other.yaml"], "script for 'writter', which is not an agent of 'report'"),
        (["--answers", "other.yaml", "--resume", "x"], "--answers goes with a new run"),
    ],
)
def test_what_is_wrong_is_said(console: Console, options: list[str], told: str) -> None:
    console.write("text.yaml", "hello\n")
    console.write("other.yaml", "writter: x\n")
    done = console.run(*REHEARSED, *options, code=None)
    assert done.returncode in (2, 12)
    assert told in done.stderr


def test_the_longest_name_of_a_question_is_the_one_that_is_meant() -> None:
    sheet = AnswerSheet({"approve": "no", "approve the draft": "yes", "steps/3": "third"})
    assert [found.value for found in [sheet.take("steps/1", 1, "Approve the draft?")] if found] == ["yes"]
    assert [found.value for found in [sheet.take("steps/3/interrupts/x", 2, "What?")] if found] == ["third"]
    assert sheet.take("steps/4", 3, "Else?") is None
    assert sheet.unused == ["'approve'"]
