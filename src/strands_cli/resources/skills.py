"""Skills: instructions in directories, of which an agent knows the names and loads the rest when it needs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands.tools.decorator import tool
from strands_cli.builtin.confined import Confined, ConfinementError

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec
    from strands_cli.spec.skills import Skill

FILE = "SKILL.md"
OTHER_FILE = "README.md"
"""What has the instructions where there is no SKILL.md."""
_MOST = 200_000
_FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^(name|description):\s*(.+)$", re.MULTILINE)


def listing(spec: Spec) -> str:
    """Return what a prompt says of the skills: name and description of those whose metadata is preloaded."""
    lines = [
        f"- {skill.id}: {_description(spec, skill)}".rstrip(": ") if skill.preload_metadata else f"- {skill.id}"
        for skill in spec.skills
    ]
    return "Skills\n\nBefore you do what a skill is for, load it with the tool load_skill.\n" + "\n".join(lines)


def skill_tools(spec: Spec) -> list[Any]:
    """Return the tools that load skills: load_skill, and `Skill` where an agent has it or its prompt speaks of it."""
    agents = spec.agents.values()
    named = any("Skill" in (each.tools or ()) or _SPEAKS_OF.search(each.prompt) for each in agents)
    return [_load_skill(spec), *([_skill(spec)] if named else [])]


_SPEAKS_OF = re.compile(r"\bSkill\(|[`'\"]Skill[`'\"]|\bSkill tool")


def _skill(spec: Spec) -> Any:
    @tool(name="Skill", read_only=True)
    def load(skill_id: str) -> str:
        """Load the instructions of a skill, or one of its modules.

        Args:
            skill_id: The skill's id, or ID/MODULE for its file MODULE.md.
        """
        return _loaded(spec, *skill_id.split("/", 1))

    return load


def _load_skill(spec: Spec) -> Any:
    @tool(read_only=True)
    def load_skill(skill: str, file: str = "") -> str:
        """Load the instructions of a skill, or a file that they mention.

        Args:
            skill: The skill's id.
            file: A file of the skill; left out, its instructions.
        """
        return _loaded(spec, skill, file)

    return load_skill


def _loaded(spec: Spec, id_: str, file: str = "") -> str:
    """Return the instructions of a skill, or one of its files, which may be named without its ".md"."""
    skills = {skill.id: skill for skill in spec.skills}
    found = skills.get(id_)
    if found is None:
        raise ValueError(f"there is no skill {id_!r}; there are: {', '.join(skills)}")
    others = _others(spec, found)
    if file:
        return _read(spec, found, f"{file}.md" if file not in others and f"{file}.md" in others else file)
    more = f"\n\nFiles of this skill (load_skill with file=...): {', '.join(others)}" if others else ""
    return _FRONT.sub("", _instructions(spec, found)).strip() + more


def _instructions(spec: Spec, skill: Skill) -> str:
    try:
        return _read(spec, skill, FILE)
    except ValueError:
        if OTHER_FILE not in _others(spec, skill):
            raise
        return _read(spec, skill, OTHER_FILE)


def problem_of(spec: Spec, skill: Skill) -> str:
    """Return why a skill cannot be loaded, or ""."""
    try:
        _instructions(spec, skill)
    except ValueError as error:
        return str(error)
    return ""


def folder_of(spec: Spec, skill: Skill) -> Path:
    """Return the directory of a skill."""
    if spec.unpacked is not None:
        return spec.unpacked / "skills" / skill.id
    path = (spec.base_dir or Path.cwd()) / Path(skill.path).expanduser()
    return path.parent if path.name == FILE else path


def _read(spec: Spec, skill: Skill, file: str) -> str:
    folder = folder_of(spec, skill)
    try:
        with Confined(folder).open(file) as stream:
            return stream.read(_MOST).decode("utf-8", "replace")
    except FileNotFoundError:
        raise ValueError(f"the skill {skill.id!r} has no file {file!r}") from None
    except (OSError, ConfinementError) as error:
        raise ValueError(f"the skill {skill.id!r} cannot be read: {error}") from None


def _description(spec: Spec, skill: Skill) -> str:
    if skill.description:
        return skill.description.strip()
    try:
        front = _FRONT.match(_instructions(spec, skill))
    except ValueError:
        return ""
    fields = dict(_FIELD.findall(front[1])) if front else {}
    return str(fields.get("description", "")).strip().strip("\"'")


def _others(spec: Spec, skill: Skill) -> list[str]:
    folder = folder_of(spec, skill)
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [name for name in found if name != FILE][:100]
