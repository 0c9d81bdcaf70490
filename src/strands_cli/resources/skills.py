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


def skill_tool(spec: Spec) -> Any:
    """Return the tool that loads skills."""
    skills = {skill.id: skill for skill in spec.skills}

    @tool(read_only=True)
    def load_skill(skill: str, file: str = "") -> str:
        """Load the instructions of a skill, or a file that they mention.

        Args:
            skill: The skill's id.
            file: A file of the skill; left out, its instructions.
        """
        found = skills.get(skill)
        if found is None:
            raise ValueError(f"there is no skill {skill!r}; there are: {', '.join(skills)}")
        text = _read(spec, found, file or FILE)
        if file:
            return text
        others = _others(spec, found)
        more = f"\n\nFiles of this skill (load_skill with file=...): {', '.join(others)}" if others else ""
        return _FRONT.sub("", text).strip() + more

    return load_skill


def problem_of(spec: Spec, skill: Skill) -> str:
    """Return why a skill cannot be loaded, or ""."""
    try:
        _read(spec, skill, FILE)
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
        front = _FRONT.match(_read(spec, skill, FILE))
    except ValueError:
        return ""
    fields = dict(_FIELD.findall(front[1])) if front else {}
    return str(fields.get("description", "")).strip().strip("\"'")


def _others(spec: Spec, skill: Skill) -> list[str]:
    folder = folder_of(spec, skill)
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [name for name in found if name != FILE][:100]
