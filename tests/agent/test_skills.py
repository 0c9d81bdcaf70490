"""Skills: an agent knows what there is, and reads what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, AgentSkills, Skill
from strands.models import ScriptedModel, ToolCall
from strands.session import FileSessionManager

PDF = """\
---
name: pdf-forms
description: Fills in forms. Use when: the user has a PDF.
allowed-tools: file_read shell
metadata: {version: 2}
license: MIT
---
# Forms

Read the form first.
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "skills/pdf-forms"
    (place / "scripts/deep").mkdir(parents=True)
    (place / "SKILL.md").write_text(PDF)
    for name in ("fill.py", "deep/more.py"):
        (place / "scripts" / name).write_text("")
    (tmp_path / "skills/empty").mkdir()
    (tmp_path / "skills/broken").mkdir()
    (tmp_path / "skills/broken/SKILL.md").write_text("no front matter")
    return tmp_path / "skills"


def agent_of(plugin: AgentSkills, script: list[Any], **settings: Any) -> Agent:
    return Agent(model=ScriptedModel(script), plugins=[plugin], callback_handler=None, **settings)


def result_of(agent: Agent) -> str:
    content = agent.messages[2]["content"][0]["toolResult"]["content"][0]
    return content["text"]


def test_a_file_is_read_as_its_author_meant_it(directory: Path) -> None:
    skill = Skill.from_file(directory / "pdf-forms")
    assert skill == Skill.from_file(directory / "pdf-forms/SKILL.md")
    assert skill.description == "Fills in forms. Use when: the user has a PDF."  # no YAML, but common
    assert skill.instructions == "# Forms\n\nRead the form first."
    assert (skill.allowed_tools, skill.metadata, skill.license) == (["file_read", "shell"], {"version": 2}, "MIT")
    assert skill.path == (directory / "pdf-forms").resolve()


def test_what_is_no_skill_is_left_out_and_said(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert [skill.name for skill in Skill.from_directory(directory)] == ["pdf-forms"]
    assert "broken" in caplog.text and "front matter" in caplog.text


@pytest.mark.parametrize("name", ["Two Words", "-a", "a--b", "x" * 65])
def test_a_name_that_breaks_the_rules_is_refused_when_asked_to(name: str, caplog: pytest.LogCaptureFixture) -> None:
    text = f"---\nname: {name}\ndescription: d\n---\n"
    assert Skill.from_content(text).name == name and "must be 1 to 64" in caplog.text
    with pytest.raises(ValueError, match="must be 1 to 64"):
        Skill.from_content(text, strict=True)


@pytest.mark.parametrize("text", ["", "---\nname: a\n", "---\nname: a\n---\n", "---\n[\n---\n"])
def test_a_text_without_name_and_description_is_no_skill(text: str) -> None:
    with pytest.raises(ValueError, match=r"SKILL\.md"):
        Skill.from_content(text)


def test_only_https_is_fetched() -> None:
    with pytest.raises(ValueError, match="https:// address only"):
        Skill.from_url("http://127.0.0.1/SKILL.md")


def test_an_agent_is_told_of_its_skills_and_reads_one(directory: Path) -> None:
    plugin = AgentSkills([str(directory), Skill("plain", "A <plain> one.", "Do it.")])
    agent = agent_of(plugin, [ToolCall("skills", {"skill_name": "pdf-forms"}), "Done."], system_prompt="Be kind.")
    agent("Fill in my form.")

    told = agent.system_prompt or ""
    assert told.startswith("Be kind.") and "<name>pdf-forms</name>" in told and "A &lt;plain&gt; one." in told
    text = result_of(agent)
    assert "Read the form first." in text and "Allowed tools: file_read, shell" in text
    assert "scripts/deep/more.py" in text and "scripts/fill.py" in text
    assert plugin.get_activated_skills(agent) == ["pdf-forms"]


def test_a_name_that_there_is_not_is_answered_with_those_there_are() -> None:
    plugin = AgentSkills(Skill("plain", "One.", "Do it."))
    agent = agent_of(plugin, [ToolCall("skills", {"skill_name": "plan"}), "Done."])
    agent("go")
    assert result_of(agent) == "Skill 'plan' not found. Available skills: plain"


def test_a_prompt_has_its_list_once_and_the_list_follows_the_skills() -> None:
    plugin = AgentSkills(Skill("first", "One."))
    agent = agent_of(plugin, ["Hi."] * 3, system_prompt=[{"text": "Be kind."}, {"cachePoint": {"type": "default"}}])
    agent("one")
    agent("two")
    plugin.set_available_skills([Skill("second", "Two.")])
    agent("three")
    blocks = agent.system_prompt_content or []
    assert blocks[:2] == [{"text": "Be kind."}, {"cachePoint": {"type": "default"}}]
    assert len(blocks) == 3 and "second" in blocks[2]["text"] and "first" not in blocks[2]["text"]


def test_what_was_read_is_known_after_a_restart(tmp_path: Path) -> None:
    def make(script: list[Any]) -> tuple[AgentSkills, Agent]:
        plugin = AgentSkills(Skill("plain", "One.", "Do it."))
        manager = FileSessionManager("s", storage_dir=str(tmp_path))
        return plugin, agent_of(plugin, script, session_manager=manager, agent_id="a", system_prompt="Be kind.")

    _, agent = make([ToolCall("skills", {"skill_name": "plain"}), "Done."])
    agent("go")
    plugin, agent = make(["Hi."])
    agent("again")
    assert plugin.get_activated_skills(agent) == ["plain"]
    assert (agent.system_prompt or "").count("<available_skills>") == 1
