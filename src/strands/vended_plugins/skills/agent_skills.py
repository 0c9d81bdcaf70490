"""The plugin that gives an agent skills."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union
from xml.sax.saxutils import escape

from strands.hooks.events import BeforeInvocationEvent
from strands.plugins.decorator import hook
from strands.plugins.plugin import Plugin
from strands.tools.decorator import tool
from strands.types.tools import ToolContext

from .skill import Skill, skill_file

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.types.content import SystemContentBlock

logger: logging.Logger = logging.getLogger(__name__)

_RESOURCES = ("scripts", "references", "assets")
_NOTED = "last_injected_xml"
_ACTIVATED = "activated_skills"

SkillSource = Union[str, Path, Skill]  # noqa: UP007 - also read at run time on 3.10
SkillSources = Union[SkillSource, list[SkillSource]]  # noqa: UP007


class AgentSkills(Plugin):
    """Tells an agent in its system prompt which skills there are, and lets it read one with the tool `skills`.

    Args:
        skills: One or more: a `Skill`, the directory of one or its SKILL.md, a directory of such directories, or the
            `https://` address of a SKILL.md. What cannot be read is logged and left out.
        state_key: Where in the agent's state is noted which skills it has read.
        max_resource_files: How many files of a skill the agent is told at most.
        strict: Leave out a skill whose name breaks the rules; else that is only logged.
    """

    name = "agent_skills"

    def __init__(
        self,
        skills: SkillSources,
        state_key: str = "agent_skills",
        max_resource_files: int = 20,
        strict: bool = False,
    ) -> None:
        self._state_key = state_key
        self._most = max_resource_files
        self._strict = strict
        self.set_available_skills(skills)
        super().__init__()

    def get_available_skills(self, agent: Agent | None = None) -> list[Skill]:
        """Return the skills; they are the same for every agent."""
        return list(self._skills.values())

    def set_available_skills(self, skills: SkillSources) -> None:
        """Put other skills in place of those there are, from the next call of an agent on."""
        self._skills: dict[str, Skill] = {}
        for source in skills if isinstance(skills, list) else [skills]:
            for skill in self._of(source):
                if skill.name in self._skills:
                    logger.warning("there are two skills named %r; the later one is taken", skill.name)
                self._skills[skill.name] = skill
        if not self._skills:
            logger.warning("none of the given skills could be read, so there are none")

    def get_activated_skills(self, agent: Agent) -> list[str]:
        """Return the names of the skills that an agent has read, the latest last."""
        return list(self._noted(agent).get(_ACTIVATED, []))

    @tool(context=True, read_only=True)
    def skills(self, skill_name: str, tool_context: ToolContext[Any]) -> str:
        """Activate a skill: read its full instructions.

        Args:
            skill_name: The name of a skill, as the system prompt lists it.
        """
        skill = self._skills.get(skill_name)
        if skill is None:
            return f"Skill '{skill_name}' not found. Available skills: {', '.join(self._skills)}"
        agent = tool_context.agent
        read = [name for name in self.get_activated_skills(agent) if name != skill_name]
        self._note(agent, _ACTIVATED, [*read, skill_name])
        return self._text(skill)

    @hook
    def _offer(self, event: BeforeInvocationEvent) -> None:
        agent, text = event.agent, self._list()
        before = self._noted(agent).get(_NOTED)
        blocks: list[SystemContentBlock] = list(agent.system_prompt_content or [])
        others = [block for block in blocks if block.get("text") != before or before is None]
        agent.system_prompt = [*others, {"text": text}]
        self._note(agent, _NOTED, text)

    def _of(self, source: SkillSource) -> list[Skill]:
        try:
            if isinstance(source, Skill):
                return [source]
            if isinstance(source, str) and source.startswith("https://"):
                return [Skill.from_url(source, strict=self._strict)]
            path = Path(source).expanduser()
            if path.is_dir() and skill_file(path) is None:
                return Skill.from_directory(path, strict=self._strict)
            return [Skill.from_file(path, strict=self._strict)]
        except (ValueError, OSError, RuntimeError) as error:
            logger.warning("the skill %r is left out: %s", str(source), error)
            return []

    def _list(self) -> str:
        if not self._skills:
            return "<available_skills>\nNo skills are currently available.\n</available_skills>"
        lines = ["<available_skills>"]
        for skill in self._skills.values():
            lines += ["<skill>", f"<name>{escape(skill.name)}</name>"]
            lines.append(f"<description>{escape(skill.description)}</description>")
            if skill.path is not None:
                lines.append(f"<location>{escape(str(skill.path / 'SKILL.md'))}</location>")
            lines.append("</skill>")
        return "\n".join([*lines, "</available_skills>"])

    def _text(self, skill: Skill) -> str:
        if not skill.instructions:
            return f"Skill '{skill.name}' activated (no instructions available)."
        notes = []
        if skill.allowed_tools:
            notes.append(f"Allowed tools: {', '.join(skill.allowed_tools)}")
        if skill.compatibility:
            notes.append(f"Compatibility: {skill.compatibility}")
        if skill.path is not None:
            notes.append(f"Location: {skill.path / 'SKILL.md'}")
        parts = [skill.instructions, *(["\n---", *notes] if notes else [])]
        files = list(_resources(skill.path)) if skill.path is not None else []
        if len(files) > self._most:
            files = [*files[: self._most], f"... ({len(files) - self._most} more)"]
        return "\n".join([*parts, *(["\nAvailable resources:", *(f"  {file}" for file in files)] if files else [])])

    def _noted(self, agent: Agent) -> dict[str, Any]:
        noted = agent.state.get(self._state_key)
        if noted is not None and not isinstance(noted, dict):
            raise TypeError(f"agent.state[{self._state_key!r}] is used otherwise; give AgentSkills another state_key")
        return noted or {}

    def _note(self, agent: Agent, key: str, value: Any) -> None:
        agent.state.set(self._state_key, {**self._noted(agent), key: value})


def _resources(directory: Path) -> Iterator[str]:
    for name in _RESOURCES:
        files = sorted(path for path in (directory / name).rglob("*") if path.is_file())
        yield from (file.relative_to(directory).as_posix() for file in files)
