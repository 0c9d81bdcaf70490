"""What an agent is told of its skills, where they come from, and what is said of those that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, AgentSkills, Skill
from strands.models import ScriptedModel, ToolCall

TEXT = "---\nname: {name}\ndescription: Does things.\n{more}---\n{body}"


def skill(directory: Path, name: str, more: str = "", body: str = "Do it.", files: int = 0) -> Path:
    place = directory / name
    (place / "references").mkdir(parents=True)
    (place / "SKILL.md").write_text(TEXT.format(name=name, more=more, body=body))
    for number in range(files):
        (place / f"references/{number}.md").write_text("")
    return place


def read(plugin: AgentSkills, name: str) -> str:
    """Return what the agent gets when it reads a skill."""
    model = ScriptedModel([ToolCall("skills", {"skill_name": name}), "done"])
    agent = Agent(model=model, plugins=[plugin], callback_handler=None)
    agent("go")
    return str(agent.messages[2]["content"][0]["toolResult"]["content"][0]["text"])


def test_a_skill_is_read_with_where_it_is_and_what_it_may_use(tmp_path: Path) -> None:
    more = "allowed-tools: [shell, file_read]\ncompatibility: Linux\n"
    plugin = AgentSkills(skill(tmp_path, "paint", more, files=3), max_resource_files=2)
    told = read(plugin, "paint")
    assert told.startswith("Do it.\n\n---\nAllowed tools: shell, file_read\nCompatibility: Linux\nLocation: ")
    assert told.endswith("Available resources:\n  references/0.md\n  references/1.md\n  ... (1 more)")
    assert [each.name for each in plugin.get_available_skills()] == ["paint"]


def test_a_skill_without_instructions_says_so() -> None:
    assert (
        read(AgentSkills(Skill("paint", "Paints.")), "paint") == "Skill 'paint' activated (no instructions available)."
    )


def test_what_cannot_be_read_is_left_out_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plugin = AgentSkills([str(tmp_path / "none"), "https://127.0.0.1:1/SKILL.md"])
    assert plugin.get_available_skills() == []
    assert "there is no SKILL.md at" in caplog.text
    assert "cannot be fetched" in caplog.text
    assert "none of the given skills could be read" in caplog.text
    model = ScriptedModel(["done"])
    Agent(model=model, plugins=[plugin], callback_handler=None)("go")
    assert "No skills are currently available." in str(model.requests[0].system_prompt)


def test_of_two_skills_of_one_name_the_later_is_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plugin = AgentSkills([Skill("paint", "First."), Skill("paint", "Second.")])
    assert [each.description for each in plugin.get_available_skills()] == ["Second."]
    assert "there are two skills named 'paint'" in caplog.text


def test_a_directory_that_is_not_there_or_has_another_name_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(FileNotFoundError, match="no directory of skills"):
        Skill.from_directory(tmp_path / "none")
    place = skill(tmp_path, "paint").rename(tmp_path / "brush")
    with pytest.raises(ValueError, match="'paint' is in a directory named 'brush'; give both one name"):
        Skill.from_file(place, strict=True)
    assert Skill.from_file(place).name == "paint"
    assert "give both one name" in caplog.text


def test_a_part_of_the_state_that_is_used_otherwise_is_refused() -> None:
    agent: Any = Agent(model=ScriptedModel(["done"]), state={"agent_skills": 3}, callback_handler=None)
    with pytest.raises(TypeError, match="give AgentSkills another state_key"):
        AgentSkills(Skill("paint", "Paints.")).get_activated_skills(agent)
