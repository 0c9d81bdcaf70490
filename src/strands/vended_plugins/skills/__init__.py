"""Agent Skills: instructions that an agent reads when it needs them."""

from .agent_skills import AgentSkills
from .skill import Skill

__all__ = ["AgentSkills", "Skill"]
