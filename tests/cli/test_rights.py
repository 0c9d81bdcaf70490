"""Who may answer, in a terminal: what is shown, what is refused and why, with whom a question is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from strands_cli.kernel.handlers import current_user
from support.commands import command, environment

SPEC = """
version: 0
name: pay
runtime: {provider: scripted}
agents: {a: {prompt: p}}
pattern:
  type: chain
  config:
    steps:
      - {type: hitl, prompt: "Pay?", choices: [approve, reject], ASK}
"""


def strands(*arguments: str, cwd: Path, env: dict[str, str]) -> Any:
    return command(list(arguments), {**environment(cwd), **env}, cwd)


def paused(tmp_path: Path, ask: str) -> tuple[str, dict[str, str]]:
    (tmp_path / "pay.yaml").write_text(SPEC.replace("ASK", ask))
    env = {"STRANDS_STORE": str(tmp_path / "store")}
    done = strands("run", "pay.yaml", "--json", cwd=tmp_path, env=env)
    assert done.returncode == 19, done.stderr
    return json.loads(done.stdout)["session_id"], env


def test_somebody_else_is_told_who_may_and_the_question_stays(tmp_path: Path) -> None:
    id_, env = paused(tmp_path, "ask: {users: [nobody.else], exclude: [starter]}")
    for words in (("sessions", "answer", id_, "-r", "approve"), ("resume", id_, "-r", "approve")):
        done = strands(*words, cwd=tmp_path, env=env)
        assert done.returncode == 17 and "may not answer 'steps/0': it is for nobody.else" in done.stderr
    shown = strands("sessions", "questions", id_, cwd=tmp_path, env=env).stdout
    assert "for nobody.else" in shown and "not for who started it" in shown
    assert f"Not for you: {current_user()} may not answer 'steps/0': it is for nobody.else" in shown
    assert "Answer:" not in shown, "that command would only be refused"
    [told] = json.loads(strands("sessions", "questions", id_, "--json", cwd=tmp_path, env=env).stdout)
    assert told["ask"] == {"users": ["nobody.else"], "exclude": ["starter"]} and told["shown"].startswith("sha256:")
    assert strands("sessions", "claim", id_, "steps/0", cwd=tmp_path, env=env).returncode == 17


def test_a_vote_a_claim_and_what_is_shown_of_them(tmp_path: Path) -> None:
    id_, env = paused(tmp_path, "quorum: {approve: 2}, delegate: anyone")
    voted = strands("sessions", "answer", id_, "-r", "approve", cwd=tmp_path, env=env)
    assert voted.returncode == 0 and "Others have to say so too: steps/0" in voted.stderr
    assert strands("sessions", "claim", id_, "steps/0", cwd=tmp_path, env=env).returncode == 0
    handed = strands("sessions", "delegate", id_, "steps/0", "--to", "zoe", "--hours", "1", cwd=tmp_path, env=env)
    assert "steps/0 is with zoe until" in handed.stderr
    shown = strands("sessions", "show", id_, cwd=tmp_path, env=env).stdout
    assert f"takes 2 persons for approve; votes: {current_user()}: approve; with zoe" in shown
    released = strands("sessions", "release", id_, "steps/0", cwd=tmp_path, env=env)
    assert released.returncode == 0 and "with nobody" in released.stderr
    assert strands("resume", id_, cwd=tmp_path, env=env).returncode == 19
