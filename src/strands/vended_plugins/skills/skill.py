"""A skill: a directory with a SKILL.md, as https://agentskills.io describes it."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

logger: logging.Logger = logging.getLogger(__name__)

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_NAME = 64
_LARGEST = 1_000_000
_TIMEOUT = 30.0
_PLAIN_FIELD = re.compile(r"^(\s*[\w-]+):[ \t]+([^\s\"'\[{|>&*].*:.*)$", re.MULTILINE)


@dataclass
class Skill:
    """Instructions for a kind of task: an agent knows the description and reads the rest when it needs it.

    Attributes:
        name: Lower-case letters, digits and hyphens, as its directory.
        description: What it is for, and when.
        instructions: The text below the front matter.
        path: The directory it was read from.
        allowed_tools: The tools that it speaks of; the agent is told them, and they are not enforced.
        metadata: More that its author noted.
        license: Under which it may be used.
        compatibility: What it needs.
    """

    name: str
    description: str
    instructions: str = ""
    path: Path | None = None
    allowed_tools: list[str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    license: str | None = None
    compatibility: str | None = None

    @classmethod
    def from_content(cls, content: str, *, strict: bool = False) -> Skill:
        """Return the skill that the text of a SKILL.md describes.

        Args:
            content: Front matter in YAML between two lines of `---`, then the instructions.
            strict: Refuse a name that breaks the rules; else that is logged.

        Raises:
            ValueError: There is no front matter, or no name or description in it.
        """
        front, instructions = _parted(content)
        for name in ("name", "description"):
            if not isinstance(front.get(name), str) or not front[name].strip():
                raise ValueError(f"the front matter of a SKILL.md needs a {name!r}, a text")
        _check(_problem_of(front["name"]), strict)
        allowed = front.get("allowed-tools") or front.get("allowed_tools")
        metadata = front.get("metadata")
        return cls(
            name=front["name"],
            description=front["description"],
            instructions=instructions,
            allowed_tools=[str(each) for each in (allowed.split() if isinstance(allowed, str) else allowed)]
            if isinstance(allowed, (str, list)) and allowed
            else None,
            metadata={str(key): value for key, value in metadata.items()} if isinstance(metadata, dict) else {},
            license=str(front["license"]) if front.get("license") else None,
            compatibility=str(front["compatibility"]) if front.get("compatibility") else None,
        )

    @classmethod
    def from_file(cls, skill_path: str | Path, *, strict: bool = False) -> Skill:
        """Return the skill of a directory, or of its SKILL.md.

        Args:
            skill_path: The directory or the file.
            strict: Refuse a name that breaks the rules or is not the directory's; else that is logged.

        Raises:
            FileNotFoundError: There is no SKILL.md.
            ValueError: It describes no skill.
        """
        given = Path(skill_path).expanduser().resolve()
        file = given if given.is_file() and given.name.lower() == "skill.md" else skill_file(given)
        if file is None:
            raise FileNotFoundError(f"there is no SKILL.md at {str(given)!r}")
        skill = cls.from_content(file.read_text(encoding="utf-8"), strict=strict)
        skill.path = file.parent
        if skill.path.name != skill.name:
            _check(f"the skill {skill.name!r} is in a directory named {skill.path.name!r}; give both one name", strict)
        return skill

    @classmethod
    def from_directory(cls, skills_dir: str | Path, *, strict: bool = False) -> list[Skill]:
        """Return the skills of the directories in a directory; what describes none is logged and left out.

        Raises:
            FileNotFoundError: There is no such directory.
        """
        directory = Path(skills_dir).expanduser().resolve()
        if not directory.is_dir():
            raise FileNotFoundError(f"there is no directory of skills at {str(directory)!r}")
        found = []
        for child in sorted(directory.iterdir()):
            if child.is_dir() and skill_file(child) is not None:
                try:
                    found.append(cls.from_file(child, strict=strict))
                except (ValueError, OSError) as error:
                    logger.warning("the skill at %r is left out: %s", str(child), error)
        return found

    @classmethod
    def from_url(cls, url: str, *, strict: bool = False) -> Skill:
        """Return the skill whose SKILL.md is at an HTTPS address.

        Raises:
            ValueError: It is not an HTTPS address, or what is there describes no skill.
            RuntimeError: It cannot be fetched.
        """
        if not url.startswith("https://"):
            raise ValueError(f"a skill is fetched from an https:// address only, not from {url!r}")
        return cls.from_content(_fetched(url), strict=strict)


def skill_file(directory: Path) -> Path | None:
    """Return the SKILL.md of a directory, if it has one."""
    files = (directory / name for name in ("SKILL.md", "skill.md"))
    return next((file for file in files if file.is_file()), None)


def _fetched(url: str) -> str:
    import httpx

    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT, follow_redirects=True) as reply:
            reply.raise_for_status()
            if reply.url.scheme != "https":
                raise RuntimeError(f"the skill at {url!r} leads to {reply.url}, which is not https")
            content = b""
            for piece in reply.iter_bytes():
                content += piece
                if len(content) > _LARGEST:
                    raise RuntimeError(f"the skill at {url!r} is larger than {_LARGEST} bytes")
    except httpx.HTTPError as error:
        raise RuntimeError(f"the skill at {url!r} cannot be fetched: {error}") from error
    return content.decode("utf-8", errors="replace")


def _parted(content: str) -> tuple[dict[str, Any], str]:
    """Return the front matter and what follows it."""
    text = content.lstrip("\ufeff").strip()
    end = re.search(r"\n---[ \t]*(\n|$)", text)
    if not text.startswith("---") or end is None:
        raise ValueError("a SKILL.md begins with its front matter between two lines of ---")
    return _yaml(text[3 : end.start()]), text[end.end() :].strip()


def _yaml(text: str) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        front = YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        # `description: Use when: ...` is no YAML, but common in skills
        quoted = _PLAIN_FIELD.sub(lambda found: f"{found[1]}: '{found[2].strip().replace(chr(39), chr(39) * 2)}'", text)
        try:
            front = YAML(typ="safe", pure=True).load(quoted)
        except YAMLError as error:
            raise ValueError(f"the front matter of a SKILL.md is not YAML: {error}") from error
    return front if isinstance(front, dict) else {}


def _problem_of(name: str) -> str | None:
    if len(name) <= _LONGEST_NAME and _NAME.fullmatch(name):
        return None
    return f"the name of the skill {name!r} must be 1 to {_LONGEST_NAME} lower-case letters, digits and single hyphens"


def _check(problem: str | None, strict: bool) -> None:
    if problem is not None and strict:
        raise ValueError(problem)
    if problem is not None:
        logger.warning("%s", problem)
