"""security: what no agent of this spec may do."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed


class Guardrails(Closed):
    """Limits that hold for every agent."""

    deny_network: bool = Field(
        default=False, description="Tools that need the network stay on offer, and each call of one is an error."
    )
    pii_redaction: bool = Field(
        default=False, description="Whether e-mail addresses, phone and card numbers and the like are masked."
    )
    allow_tools: list[str] | None = Field(default=None, description="The only tools that may be called, by their ids.")
    allow_hosts: list[str] = Field(
        default_factory=list, description="Hosts (or host:port) that http tools may reach although they are private."
    )


class Security(Closed):
    """What no agent may do."""

    guardrails: Guardrails | None = Field(default=None, description="Limits that hold for every agent.")
