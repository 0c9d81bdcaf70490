"""An agent's state as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from strands.types.exceptions import SnapshotException

Field = Literal["messages", "state", "conversation_manager_state", "interrupt_state", "model_state", "system_prompt"]
SCHEMA_VERSION = "1.0"


@dataclass
class Snapshot:
    """An agent's state as plain values.

    Attributes:
        scope: What it is of: "agent".
        schema_version: The version of `data`.
        data: Field name to value.
        app_data: What the caller wants to keep with it.
        created_at: When it was taken, ISO 8601 in UTC.
    """

    scope: str
    schema_version: str
    data: dict[str, Any]
    app_data: dict[str, Any] = field(default_factory=dict)
    created_at: str = ""

    def validate(self) -> None:
        """Raise SnapshotException when it cannot be loaded here."""
        if self.scope != "agent":
            raise SnapshotException(f"the snapshot's scope is {self.scope!r}; an agent loads 'agent'")
        if self.schema_version != SCHEMA_VERSION:
            raise SnapshotException(
                f"the snapshot has schema version {self.schema_version!r}; this build reads {SCHEMA_VERSION!r}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Snapshot:
        """Return what `to_dict` gave away."""
        try:
            return cls(
                data["scope"],
                data["schema_version"],
                data["data"],
                data.get("app_data") or {},
                data.get("created_at", ""),
            )
        except KeyError as error:
            raise SnapshotException(f"the snapshot has no {error.args[0]!r}") from error
