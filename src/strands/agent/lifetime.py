"""An agent from its making to its end: which session keeps it, and what it lets go of at last."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from strands._sync import run
from strands._threads import in_thread
from strands.interrupt import InterruptState

if TYPE_CHECKING:
    from typing_extensions import Self

    from strands._core.recorder import Recorder
    from strands._core.turn import Turn
    from strands.models.model import Model
    from strands.tools.registry import ToolRegistry


class Lifetime:
    """What agents have to do with sessions and with their own end.

    `with Agent(...) as agent:` and `async with` shut it down when the block ends, whatever ends it.
    """

    model: Model
    model_state: dict[str, Any]
    turn: Turn
    tool_registry: ToolRegistry
    recorder: Recorder | None
    _session_manager: Any
    _owns_model: bool
    _session_id = ""

    @property
    def _interrupt_state(self) -> InterruptState:
        # programs written for the Strands Agents SDK know these two by their private names
        return self.turn.interrupts

    @_interrupt_state.setter
    def _interrupt_state(self, value: InterruptState) -> None:
        self.turn.interrupts = value

    @property
    def _model_state(self) -> dict[str, Any]:
        return self.model_state

    @_model_state.setter
    def _model_state(self, value: dict[str, Any]) -> None:
        self.model_state = value

    @property
    def has_session(self) -> bool:
        """Whether a session manager of its own keeps it."""
        return self._session_manager is not None

    @property
    def session_id(self) -> str:
        """The session that keeps it: its own, or that of the graph, swarm, workflow or agent that it works for.

        Where none does, a name of its own, another one in each process.
        """
        manager, recorder = self._session_manager, self.recorder
        if manager is not None or recorder is not None:
            kept = getattr(manager, "session_id", None) or getattr(recorder, "session_id", None)
            if kept:
                return str(kept)
        if not self._session_id:
            self._session_id = os.urandom(4).hex()
        return self._session_id

    def internal_state(self) -> dict[str, Any]:
        """Return what a session keeps of it besides the history and `state`: open questions, and what they need."""
        from strands._core.brought import noted

        turn, agent = self.turn, cast("Any", self)
        brought = noted(agent)
        return {
            "interrupt_state": turn.interrupts.to_dict(),
            "model_state": dict(self.model_state),
            **({"tasks": [list(call) for call in turn.parent_calls]} if turn.parent_calls else {}),
            **({"brought": brought} if brought is not None else {}),
            **turn.to_note(),
        }

    def restore_internal_state(self, kept: Mapping[str, Any]) -> None:
        """Take over what `internal_state` returned, here or in another process; what is missing stays."""
        if "interrupt_state" in kept:
            self.turn.interrupts = InterruptState.from_dict(kept["interrupt_state"])
        if "model_state" in kept:
            self.model_state = dict(kept["model_state"])
        if isinstance(kept.get("brought"), dict):
            self.turn.brought = dict(kept["brought"])
        self.turn.take_note(kept)
        if "tasks" in kept:
            self.turn.parent_calls = tuple((str(key), int(next_id)) for key, next_id in kept["tasks"])

    def cleanup(self) -> None:
        """Let go of tool providers, such as MCP clients: each ends when nobody uses it any more."""
        self.tool_registry.cleanup()

    def shutdown(self) -> None:
        """Let go of tool providers, and of the connections of a model that the agent made itself.

        Harmless when there is nothing to let go of, and a second time. Tools of providers fail afterwards.
        """
        if self._owns_model:
            run(self.shutdown_async())
        else:
            self.cleanup()

    async def shutdown_async(self) -> None:
        """As `shutdown`, without blocking the event loop."""
        try:
            await in_thread(self.cleanup)
        finally:
            if self._owns_model:
                await self.model.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.shutdown()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.shutdown_async()
